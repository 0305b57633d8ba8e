"""dramatiq lives here and nowhere else: brokers, middleware, actors, the relay."""
