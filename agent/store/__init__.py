"""Postgres: the call record, opt-outs and appointments. SQL lives in queries/*.sql and migrations/.

Called by everything above it through the small classes here; no SQL exists anywhere else."""
