"""The worker in development: a new one when a file changes, without cutting a running call.

The old worker is told to drain: it takes no more calls, finishes the ones it has and ends. So for a
while two run side by side, and LiveKit gives new calls to the new one.
"""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

import structlog
from watchfiles import awatch

from agent.local.stack.processes import ChildProcess, spawn
from agent.settings import ROOT

log = structlog.get_logger(__name__)

WATCHED = (ROOT / "agent", ROOT / "prompts")


class ReloadingWorker:
    """A worker process that is replaced whenever a file under `watched` changes.

    `environment` is what the worker is given beside ours. Its output is ours.
    """

    def __init__(self, environment: Mapping[str, str], watched: tuple[Path, ...] = WATCHED) -> None:
        self._environment = environment
        self._watched = watched
        self._current: ChildProcess | None = None
        self._draining: list[ChildProcess] = []

    async def run(self) -> None:
        """Start a worker and replace it at each change, until cancelled."""
        self._start()
        # A worker that ended by itself (a syntax error) is started again at the next change.
        async for changes in awatch(*self._watched, recursive=True):
            log.info("reloading", files=len(changes))
            self._drain()
            self._start()

    @property
    def exit_code(self) -> int | None:
        """How the worker of now ended; None while it runs, or before it was started."""
        return self._current.exit_code if self._current else None

    async def stop(self, seconds: float) -> None:
        """Let running calls finish for at most `seconds`, then end what is left."""
        self._drain()
        await asyncio.gather(*(worker.stop(timeout=seconds) for worker in self._draining))

    def kill(self) -> None:
        """End every worker now, running calls included."""
        for worker in (*self._draining, *([self._current] if self._current else [])):
            worker.kill()

    def _start(self) -> None:
        self._current = spawn(
            "worker",
            [sys.executable, str(ROOT / "agent.py"), "start", "--pretty"],
            log=None,
            environment={**self._environment, "HEALTH_PORT": "0"},
            cwd=ROOT,
        )

    def _drain(self) -> None:
        if self._current is not None:
            self._current.terminate()
            self._draining.append(self._current)
            self._current = None
        self._draining = [worker for worker in self._draining if worker.exit_code is None]
