"""Steps that several use cases take: each inside a transaction that the use case opens, or around one."""
