"""Imperatives act: promise, ask, record; one file, one screen each."""
