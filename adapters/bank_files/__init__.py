"""Files as banks read and write them: NACHA in the United States, CPA-005 in Canada."""
