"""Every command, a file a group, thin: parse, call, print. Only `agent.py` calls it."""
