"""Logs: structured lines, ids only; numbers and secrets are redacted whoever wrote them.

Set up once by each process's entry point (`cli`, `wiring`)."""
