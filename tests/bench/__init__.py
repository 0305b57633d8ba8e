"""Benchmarks: ratios in one run against the database's own yardstick and against a plain queue."""
