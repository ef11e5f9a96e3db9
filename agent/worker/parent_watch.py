"""A job process does not outlive its worker, whatever hangs in it.

The framework cancels a job whose worker was killed. What swallows the cancelling would keep the
process for good, and with it the forkserver, in a room whose record others have closed.
"""

import os
import select
import sys
import threading

GRACE_SECONDS = 20.0
"""For the job's own end, which the framework has asked for by then."""


def end_with(pid: int, *, grace: float = GRACE_SECONDS) -> None:
    """End this process, from a thread, `grace` seconds after the process `pid` has ended."""
    arguments = (pid, grace)
    threading.Thread(target=_watch, args=arguments, name="worker-watch", daemon=True).start()


def _watch(pid: int, grace: float) -> None:
    _wait_for_end(pid)
    threading.Event().wait(grace)  # a process that ends by itself ends this thread, too
    os._exit(1)


def _wait_for_end(pid: int) -> None:
    if sys.platform == "linux":
        try:
            ended = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        select.select([ended], [], [])
    elif sys.platform == "darwin":
        end = select.kevent(pid, select.KQ_FILTER_PROC, select.KQ_EV_ADD, select.KQ_NOTE_EXIT)
        try:
            select.kqueue().control([end], 1)
        except ProcessLookupError:
            return
