"""The `encaisse` command: what operators and scripts say and are told."""
