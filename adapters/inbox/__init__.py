"""The inbox: one way in for commands, whatever door they came through."""
