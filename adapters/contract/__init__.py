"""The published contract: JSON Schemas, OpenAPI and AsyncAPI, made from the code by `make docs`."""
