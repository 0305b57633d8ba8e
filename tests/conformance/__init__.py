"""One suite for every gateway: what its row in `capabilities` promises is what it does."""
