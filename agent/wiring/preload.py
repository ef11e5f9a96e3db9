"""Imported once in the framework's forkserver, and nowhere else.

Job processes share these imports and the prompts that were read here, and inherit the ignored
signals.
"""

import signal
from contextlib import suppress

from agent.errors import CallError
from agent.settings import load_settings
from agent.voice.pipeline import warm_up
from agent.wiring.job import prompts_of

# A SIGTERM to the whole group must not end the forkserver: the worker would take each job's process
# for dead and cut its connection at the job's next line of log, in the middle of the call. It ends
# when the worker does (tests/faults/test_signals.py).
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)

warm_up()
with suppress(CallError):  # told by the first job, which reads them again
    prompts_of(load_settings())
