"""The queues and the actors on them: names that other services and older workers hold on to."""

ERRANDS = "encaisse-errands"
COMMANDS = "encaisse-commands"
RING = "ring"
ACCEPT_COMMAND = "accept_command"
