"""Composition root, one file a process: builds real parts from settings and hands them over.

Called by `cli` only. Nothing here decides anything about a call."""
