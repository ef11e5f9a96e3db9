"""A part of the local stack that is a Python module of ours, run as a process of its own."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from agent.local.stack.processes import ChildProcess, spawn
from agent.local.stack.server import Server, http_ok
from agent.settings import ROOT

START_SECONDS = 60.0
"""Imports and speech models take seconds, on a busy laptop more."""

_ALWAYS = {
    "PYTHONUNBUFFERED": "1",
    # numpy's helper threads spin on after every small product, a third of what a recogniser takes.
    "OPENBLAS_NUM_THREADS": "1",
}


class PythonServer(Server):
    """`python <arguments> --port PORT`, ready when GET `ready_path` is answered with 200.

    `environment` is for what must not show in the list of processes.
    """

    stop_seconds = 5.0

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        ready_path: str,
        log: Path,
        port: int | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(port=port)
        self.name = name
        self._arguments = arguments
        self._ready_path = ready_path
        self._log = log
        self._environment = environment or {}

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self.address}"

    async def _launch(self) -> ChildProcess:
        return spawn(
            self.name,
            [sys.executable, *self._arguments, "--port", str(self.port)],
            log=self._log,
            environment={**_ALWAYS, **self._environment},
            cwd=ROOT,  # `-m agent.…` is looked up from there
        )

    async def _wait_until_ready(self, child: ChildProcess) -> None:
        url = f"{self.url}{self._ready_path}"
        await child.ready(lambda: http_ok(url), timeout=START_SECONDS)
