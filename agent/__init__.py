"""AI Sales Call: a call is a row written before it happens, an agent that is ready before anyone's
phone rings, and an outcome that is decided exactly once. The map of the rooms is in AGENTS.md."""
