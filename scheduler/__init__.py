"""What is started when, and the sweep that rings for whatever is due."""
