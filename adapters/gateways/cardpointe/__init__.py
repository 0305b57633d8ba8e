"""CardPointe (shown to people as CardConnect): its adapter, and its wire format for the served simulator."""
