"""What is true about collecting money: pure, standard library only."""
