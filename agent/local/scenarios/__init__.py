"""The scenarios: who calls, what the person does, what the model answers, what must come of it.

A scenario is a YAML file in this folder; `scenario.py` and the models beside it read them. Read by
the simulated customers, the chat stand-in and `cli`."""
