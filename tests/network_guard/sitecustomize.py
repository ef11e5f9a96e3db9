"""Imported by every Python process that finds this folder on PYTHONPATH, before its own code."""

from tests.network_guard.loopback_only import refuse_as_told

refuse_as_told()
