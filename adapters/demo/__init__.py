"""The demo: organisations that do not exist, told through the front door."""
