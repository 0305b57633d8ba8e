"""The web door: pages for operators and a JSON API for services, one FastAPI application."""
