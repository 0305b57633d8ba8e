"""Outgoing: events told to other services by signed webhooks."""
