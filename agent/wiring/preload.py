"""Imported once in the framework's forkserver: what it loads, every job process has at birth."""

import agent.wiring.job  # noqa: F401
from agent.voice.pipeline import warm_up

warm_up()
