"""Streams: commands that other services put on Redis, in any language."""
