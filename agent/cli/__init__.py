"""Every command of `python agent.py`, a file a group: parse, call, print. See commands.py."""
