"""A worker between a proxy and a LiveKit, with a real proxy that writes down what it is asked."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.local.stack.livekit_server import LocalLiveKit
from agent.local.stack.processes import free_port, spawn
from agent.local.stack.server import http_ok
from agent.local.stack.valkey import LocalValkey
from agent.settings import ROOT


class Proxy:
    """Answers every request with 502 and keeps its first line."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.port = free_port()
        self.was_asked = asyncio.Event()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append((await reader.readline()).decode())
        self.was_asked.set()
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    proxy = Proxy()
    async with await asyncio.start_server(proxy.answer, "127.0.0.1", proxy.port):
        yield proxy


async def test_a_worker_reaches_a_livekit_on_this_machine_without_the_proxy(
    proxy: Proxy, dsn: str, tmp_path: Path
) -> None:
    address = f"http://127.0.0.1:{proxy.port}"
    health = free_port()
    async with (
        LocalValkey(log=tmp_path / "valkey.log") as valkey,
        LocalLiveKit(redis_url=valkey.url, log=tmp_path / "livekit.log") as livekit,
    ):
        worker = spawn(
            "worker",
            [sys.executable, ROOT / "agent.py", "start"],
            log=tmp_path / "worker.log",
            environment={
                "HTTP_PROXY": address,
                "HTTPS_PROXY": address,
                "NO_PROXY": "localhost,127.0.0.1",
                "LIVEKIT_URL": f"ws://{livekit.address}",
                "LIVEKIT_API_KEY": livekit.api_key,
                "LIVEKIT_API_SECRET": livekit.api_secret,
                "DATABASE_URL": dsn,
                "OPENAI_API_KEY": "example",
                "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
                "DEEPGRAM_API_KEY": "example",
                "DEEPGRAM_BASE_URL": "http://127.0.0.1:1",
                "SPEECH_CACHE_DIR": str(tmp_path / "speech"),
                "HEALTH_PORT": str(health),
                "IDLE_PROCESSES": "1",
            },
            cwd=ROOT,
        )
        try:
            await worker.ready(lambda: http_ok(f"http://127.0.0.1:{health}/readyz"), timeout=90)
        finally:
            await worker.stop(timeout=30)
    assert proxy.asked == []
