"""Calls that we place: how soon after the answer the callee hears the first word.

A worker and a dialler of their own, beside those of the inbound calls; the phones are in this
process, which measures. The plain framework has no dialler to compare with.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from agent.domain.attempts import Basis, CallRequest, Origin
from agent.domain.phone_numbers import parse
from agent.errors import Unavailable
from agent.local.phone_network.behaviours import Answers
from agent.local.phone_network.network import PhoneNetwork
from agent.local.phone_network.server import open_door
from agent.local.phone_network.upstream import Upstream
from agent.local.phones.phone import Phone
from agent.local.stack.processes import free_port, spawn
from agent.local.stack.server import http_ok
from agent.settings import ROOT
from agent.store.attempts import AttemptStore
from agent.store.database import Database
from agent.store.heartbeats import HeartbeatStore, ProcessKind
from tests.bench.measuring import Tell
from tests.bench.rig import Rig
from tests.bench.talk import Line, Talk

_START_SECONDS = 60.0
_END_SECONDS = 30.0
_CALL_SECONDS = 90.0
_RINGS_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Side:
    """What places the calls, and the telephones that they reach."""

    network: PhoneNetwork
    attempts: AttemptStore
    line: Line


async def measure_outbound(rig: Rig, folder: Path, calls: int, tell: Tell) -> list[float]:
    """Have `calls` people called, one after the other: seconds from each answer to the first word.

    Raises Unavailable when one is not called, or hears nothing.
    """
    first_words = []
    async with _side(rig, folder) as side:
        for number in range(calls):
            tell(f"outbound call {number + 1} of {calls}")
            await rig.settle()
            async with asyncio.timeout(_CALL_SECONDS):
                first_words.append(await _first_word(side, f"+3247055{2000 + number}"))
    return first_words


async def _first_word(side: _Side, number: str) -> float:
    heard: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    async def picks_up(phone: Phone) -> None:
        talk = Talk(phone, side.line)
        listening = asyncio.create_task(talk.listen(), name="bench listens")
        try:
            heard.set_result(await talk.opening())
        except Unavailable as error:
            heard.set_exception(error)
        finally:
            listening.cancel()

    side.network.on_outbound(number, Answers(after=_RINGS_SECONDS, handler=picks_up))
    now = datetime.now(UTC)
    request = CallRequest(Origin.API, parse(number), Basis.EXISTING_CUSTOMER, now)
    await side.attempts.add(request, attempt_id=uuid4(), call_id=uuid4(), now=now)
    return await heard


@asynccontextmanager
async def _side(rig: Rig, folder: Path) -> AsyncIterator[_Side]:
    given = rig.environment
    key, secret = given["LIVEKIT_API_KEY"], given["LIVEKIT_API_SECRET"]
    upstream = Upstream(given["LIVEKIT_URL"].replace("ws", "http", 1), key, secret)
    async with (
        open_door(upstream, port=free_port()) as door,
        Database(given["DATABASE_URL"], max_size=2) as database,
    ):
        environment = {
            **given,
            "LIVEKIT_URL": door.url.replace("http", "ws", 1),
            "AGENT_NAME": "bench-outbound",
        }
        async with _processes(environment, folder, HeartbeatStore(database)):
            line = Line(door.network, rig.line.lines, rig.line.speech_url)
            yield _Side(door.network, AttemptStore(database), line)


@asynccontextmanager
async def _processes(
    environment: Mapping[str, str], folder: Path, heartbeats: HeartbeatStore
) -> AsyncIterator[None]:
    port = free_port()
    worker = spawn(
        "outbound worker",
        [sys.executable, str(ROOT / "agent.py"), "start"],
        log=folder / "logs" / "outbound.log",
        environment={**environment, "HEALTH_PORT": str(port), "HEALTH_HOST": "127.0.0.1"},
        cwd=ROOT,
    )
    dialler = spawn(
        "dialler",
        [sys.executable, str(ROOT / "agent.py"), "dialer"],
        log=folder / "logs" / "dialler.log",
        environment=environment,
        cwd=ROOT,
    )

    async def beats() -> bool:
        return bool(await heartbeats.live(ProcessKind.DIALER))

    try:
        ready = f"http://127.0.0.1:{port}/readyz"
        await worker.ready(lambda: http_ok(ready), timeout=_START_SECONDS)
        await dialler.ready(beats, timeout=_START_SECONDS)
        yield
    finally:
        await asyncio.gather(worker.stop(timeout=_END_SECONDS), dialler.stop(timeout=_END_SECONDS))
