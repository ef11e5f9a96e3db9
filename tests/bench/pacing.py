"""Pacing: calls go out at the trunk's rate, never faster, when very many are wanted at once.

    python -m tests.bench --only pacing [--quick]

The real dialler and the real statements over a Postgres of its own; the jobs are simulated in this
process. Each takes its slot, waits for it and then only notes the time: no agent, no audio, no SIP.
"""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import cast
from uuid import UUID, uuid4

import structlog
from livekit import api
from pydantic import TypeAdapter

from agent.dialer.dialer import Dialer
from agent.dialer.parts import DialerParts
from agent.domain.attempts import Basis, CallRequest, Origin, seconds_per_call
from agent.domain.contactability import Rules
from agent.domain.phone_numbers import parse
from agent.errors import StackError
from agent.local.stack.postgres import LocalPostgres
from agent.playbook.load import load_playbook
from agent.settings import ROOT
from agent.store.attempts import NOTIFY_CHANNEL, AttemptStore
from agent.store.database import Database, listen
from agent.store.dialings import DialingStore, Slot
from agent.store.heartbeats import BEAT_SECONDS, HeartbeatStore, Process, ProcessKind
from agent.store.migrate import migrate
from agent.store.trunks import TrunkStore
from agent.telephony.dispatch import JobMetadata, read_metadata
from agent.worker.slot import until_slot

RATE = 20.0
"""Calls a second that the trunk allows."""
SECONDS, QUICK_SECONDS = 120.0, 20.0
SHARE = 0.98
"""Of the allowed rate: what is asked of us."""
PLACES = 200
"""Calls that the simulated workers hold at once."""
_BATCH = 60
"""Attempts that a dialler claims at once: three seconds of the trunk, as in its wiring."""
_MARGIN_SECONDS = 60.0
_TRUNK, _AGENT = "bench", "bench"
_FIRST_NUMBER = 470_000_000
_RULES = Rules(
    allowed_countries=frozenset({"BE"}),
    own_numbers=frozenset(),
    calls_per_number_per_day=3,
    daily_budget=None,
    price_per_minute=5,
)


@dataclass(frozen=True, slots=True)
class Pacing:
    """What came out. Rates in calls a second; `dials`: seconds since the first call."""

    allowed: float
    achieved: float
    share: float
    """Achieved over allowed."""
    busiest_second: int
    """The most calls that began within any window of one second."""
    late_p50: float
    late_p95: float
    """Seconds between a call's slot and its dialling."""
    dials: tuple[float, ...]

    @property
    def met(self) -> bool:
        """Whether both is so: fast enough, and no second over the rate."""
        return self.share >= SHARE and self.busiest_second <= self.allowed

    def write(self, path: Path) -> None:
        """As JSON, every call included."""
        path.write_bytes(TypeAdapter(Pacing).dump_json(self, indent=2) + b"\n")

    def __str__(self) -> str:
        return (
            f"pacing: {len(self.dials)} calls at {self.achieved:.2f} of {self.allowed:g} calls/s "
            f"= {self.share:.4f} (target ≥ {SHARE}); busiest second {self.busiest_second} "
            f"(target ≤ {self.allowed:g}); dialled {self.late_p50 * 1000:.1f} ms after the slot "
            f"(p95 {self.late_p95 * 1000:.1f} ms): {'met' if self.met else 'missed'}"
        )


async def measure_pacing(seconds: float) -> Pacing:
    """Have as many people called as the rate allows in `seconds`.

    Raises StackError when the calls do not all go out within a minute more.
    """
    count = round(RATE * seconds)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    async with _postgres() as dsn:
        await migrate(dsn)
        async with (
            Database(dsn, max_size=4) as dialler_database,
            Database(dsn, max_size=12) as database,
        ):
            await TrunkStore(database).ensure(_TRUNK, RATE)
            await _wish(AttemptStore(database), count)
            jobs = _Jobs(DialingStore(database), count)
            dialer = Dialer(_dialer_parts(dialler_database, jobs))
            running = [
                asyncio.create_task(each)
                for each in (
                    jobs.beat(HeartbeatStore(database)),
                    dialer.run(),
                    listen(dsn, NOTIFY_CHANNEL, dialer.wake),
                )
            ]
            try:
                async with asyncio.timeout(seconds + _MARGIN_SECONDS):
                    await jobs.all_over.wait()
            except TimeoutError:
                raise StackError(f"pacing: only {len(jobs.dials)} of {count} calls") from None
            finally:
                for task in running:
                    task.cancel()
                await asyncio.gather(*running, return_exceptions=True)
    return pacing(jobs.dials, jobs.late)


def pacing(dials: Sequence[float], late: Sequence[float], allowed: float = RATE) -> Pacing:
    """The figures of calls that began at these times, in seconds of any clock; two at least."""
    at, late = sorted(dials), sorted(late)
    achieved = (len(at) - 1) / (at[-1] - at[0])
    return Pacing(
        allowed=allowed,
        achieved=achieved,
        share=achieved / allowed,
        busiest_second=busiest_second(at),
        late_p50=late[len(late) // 2],
        late_p95=late[int(len(late) * 0.95)],
        dials=tuple(each - at[0] for each in at),
    )


def busiest_second(at: Sequence[float]) -> int:
    """The most of these times, in their order, that lie within any one second."""
    most = first = 0
    for last, time_of_last in enumerate(at):
        while time_of_last - at[first] >= 1.0:
            first += 1
        most = max(most, last - first + 1)
    return most


class _Jobs:
    """In LiveKit's place: asked for an agent, it starts a job that dials nobody."""

    def __init__(self, dialings: DialingStore, count: int) -> None:
        self.dials: list[float] = []
        self.late: list[float] = []
        self.all_over = asyncio.Event()
        self._dialings = dialings
        self._count = count
        self._running: set[asyncio.Task[None]] = set()
        self.room = self.agent_dispatch = self

    async def create_room(self, request: api.CreateRoomRequest) -> api.Room:
        """A room like any other."""
        return api.Room(name=request.name, metadata=request.metadata)

    async def create_dispatch(self, request: api.CreateAgentDispatchRequest) -> None:
        """The job starts at once."""
        order = read_metadata(request.metadata)
        assert isinstance(order, JobMetadata)
        task = asyncio.create_task(self._job(order.call_id))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def beat(self, heartbeats: HeartbeatStore) -> None:
        """Say how many places are free, as a worker does."""
        me, started = uuid4(), datetime.now(UTC)
        while True:
            detail: dict[str, int | str] = {
                "agent": _AGENT,
                "places": PLACES,
                "free": PLACES - len(self._running),
            }
            await heartbeats.beat(
                Process(me, ProcessKind.WORKER, "bench", os.getpid(), started, detail)
            )
            await asyncio.sleep(BEAT_SECONDS)

    async def _job(self, call_id: UUID) -> None:
        distance = seconds_per_call(RATE)
        slot = await self._dialings.begin(call_id, _TRUNK, _RULES, distance)
        assert isinstance(slot, Slot), slot
        due = time.monotonic() + slot.wait
        why = await until_slot(self._dialings, call_id, _TRUNK, slot, distance)
        assert why is None, why
        now = time.monotonic()
        self.dials.append(now)
        self.late.append(now - due)
        await self._dialings.dialled(call_id)
        await self._dialings.finish(call_id)
        if len(self.dials) == self._count:
            self.all_over.set()


def _dialer_parts(database: Database, jobs: _Jobs) -> DialerParts:
    now: Callable[[], datetime] = partial(datetime.now, UTC)
    playbook = load_playbook(ROOT / "prompts", "default")
    return DialerParts(
        id=uuid4(),
        attempts=AttemptStore(database),
        dialings=DialingStore(database),
        livekit=cast("api.LiveKitAPI", jobs),  # two of its requests are all that a dialler sends
        agent_name=_AGENT,
        trunk=_TRUNK,
        trunk_id="ST_bench",
        our_number="+3226010500",
        rules=_RULES,
        playbook=lambda wanted: playbook,  # read once: in production no job shares its process
        max_batch=_BATCH,
        ringing_seconds=30.0,
        max_call_seconds=600.0,
        now=now,
        new_id=uuid4,
        rng=Random(1),
    )


async def _wish(attempts: AttemptStore, count: int) -> None:
    now = datetime.now(UTC)
    for index in range(count):
        request = CallRequest(
            Origin.CAMPAIGN, parse(f"+32{_FIRST_NUMBER + index}"), Basis.CONSENT, now
        )
        await attempts.add(request, attempt_id=uuid4(), call_id=uuid4(), now=now)


@asynccontextmanager
async def _postgres() -> AsyncIterator[str]:
    server = LocalPostgres()
    await server.start()
    try:
        yield server.dsn
    finally:
        await server.stop()
