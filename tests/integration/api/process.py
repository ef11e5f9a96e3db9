"""The API as a process of its own, over real HTTP."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from agent.local.stack.processes import ChildProcess, free_port, spawn
from agent.local.stack.server import http_ok
from agent.settings import ROOT
from tests.webhooks import LIVEKIT_KEY, LIVEKIT_SECRET

_STARTS_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ApiProcess:
    """`url`: http://host:port."""

    url: str
    process: ChildProcess


@asynccontextmanager
async def api_process(dsn: str, folder: Path, **settings: str) -> AsyncIterator[ApiProcess]:
    """`python agent.py api` on that database, ended with 0 at the end of the block."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    process = spawn(
        "api",
        [sys.executable, ROOT / "agent.py", "api"],
        log=folder / "api.log",
        environment={
            "DATABASE_URL": dsn,
            "LIVEKIT_URL": "ws://127.0.0.1:1",
            "LIVEKIT_API_KEY": LIVEKIT_KEY,
            "LIVEKIT_API_SECRET": LIVEKIT_SECRET,
            "API_JWT_SECRET": "example-secret-of-a-test-0123456789",
            "API_JWKS_URL": "",
            "API_HOST": "127.0.0.1",
            "API_PORT": str(port),
            "REDIS_URL": "redis://127.0.0.1:1/0",
            **settings,
        },
        cwd=ROOT,
    )
    try:
        await process.ready(lambda: http_ok(f"{url}/healthz"), timeout=_STARTS_SECONDS)
        yield ApiProcess(url, process)
        await process.stop(timeout=20)
        assert process.exit_code == 0, process.last_words()
    finally:
        process.kill()
