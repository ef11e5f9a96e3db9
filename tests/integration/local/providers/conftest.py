"""One server process for the tests of this folder, and its voice over a telephone line."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from subprocess import DEVNULL, Popen

import aiohttp
import numpy as np
import pytest
from livekit import rtc
from livekit.agents import utils

from agent.local.customers.lines import Lines, prepare_lines
from agent.local.phones.g711 import over_the_line, to_line
from agent.local.providers.recognition import Pcm
from agent.local.scenarios.scenario import Scenario, find_scenario

READY_WITHIN_S = 40.0


@dataclass(frozen=True)
class Server:
    """Where the server listens, and what it may be told."""

    root: str

    async def put(self, path: str, body: object) -> int:
        async with (
            aiohttp.ClientSession() as session,
            session.put(f"{self.root}{path}", json=body) as response,
        ):
            return response.status


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_server(port: int, *more: str) -> Popen[bytes]:
    command = [sys.executable, "-m", "agent.local.providers", "--port", str(port), *more]
    return Popen(command, stderr=DEVNULL)


async def ready(root: str) -> None:
    """Return when the server says that it is; nothing tells us but asking."""
    async with aiohttp.ClientSession() as session, asyncio.timeout(READY_WITHIN_S):
        while True:
            try:
                async with session.get(f"{root}/healthz") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.1)


@pytest.fixture(scope="session")
def server_process() -> Iterator[str]:
    port = free_port()
    process = start_server(port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        assert process.wait(10) == 0


@pytest.fixture
async def server(server_process: str) -> AsyncIterator[Server]:
    """The server, without a fault or a latency left by another test."""
    await ready(server_process)
    found = Server(server_process)
    await found.put("/stand-in/latency", {"llm_ms": 0, "tts_ms": 0, "stt_ms": 0})
    await found.put("/stand-in/faults", {"chat": "ok", "speech": "ok", "listen": "ok"})
    async with utils.http_context.open():
        yield found


def saying(line: str, voice: str = "pico:en-GB") -> Scenario:
    """A customer with that one line."""
    return find_scenario("default").model_copy(
        update={
            "voice": voice,
            "customer": tuple(
                step.model_copy(update={"say": line})
                for step in find_scenario("default").customer
                if "say" in step.model_fields_set
            )[:1],
        }
    )


def over_the_phone(lines: Lines, line: str) -> Pcm:
    """A line as it is heard at the other end: 8 kHz G.711, at 16 kHz, with quiet after it."""
    narrow = np.concatenate(
        [over_the_line(frame) for frame in to_line(lines.pcm[line], lines.sample_rate)]
    )
    resampler = rtc.AudioResampler(8000, 16000)
    frames = [*resampler.push(bytearray(narrow.tobytes())), *resampler.flush()]
    heard = [np.frombuffer(frame.data, np.int16) for frame in frames]
    return np.concatenate([*heard, np.zeros(16000, np.int16)])


async def spoken(server: Server, line: str) -> Pcm:
    return over_the_phone(await prepare_lines(saying(line), server.root), line)
