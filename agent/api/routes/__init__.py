"""The HTTP routes, a file a group: each asks a store and answers in a schema."""
