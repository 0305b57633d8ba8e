"""Bank files as a rail: NACHA in the United States, CPA-005 in Canada, laid down at a bank and never asked again."""
