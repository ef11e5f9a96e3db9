"""Imported once in the framework's forkserver, and nowhere else.

Job processes share these imports and inherit the ignored signals.
"""

import signal

import agent.wiring.job  # noqa: F401
from agent.voice.pipeline import warm_up

# A SIGTERM to the whole group must not end the forkserver: the worker would take each job's process
# for dead and cut its connection at the job's next line of log, in the middle of the call. It ends
# when the worker does (tests/faults/test_signals.py).
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)

warm_up()
