"""Everything that touches the outside: database, gateways, mail, web, command line."""
