"""Calls out without a telephone: the real dialler, statements and job, LiveKit's recorded answers.

    async with office(dsn, folder) as out:
        attempt = await out.placed(answer)

The answers come over HTTP, byte for byte, to the client that the product has. A job here is what of
it places the call (`OutboundCall`), without a session, audio or room.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import cast
from uuid import UUID, uuid4

from aiohttp import web
from livekit import api, rtc

from agent.conversation.live_call import LiveCall
from agent.dialer.dialer import Dialer
from agent.dialer.parts import DialerParts
from agent.domain.attempts import Attempt, Basis, CallRequest, Origin, seconds_per_call
from agent.domain.calls import CallEvent, EventKind, Source
from agent.domain.contactability import Rules
from agent.domain.phone_numbers import parse
from agent.errors import DatabaseUnavailable
from agent.local.phone_network.answers import TwirpAnswer
from agent.playbook.load import load_playbook
from agent.settings import ROOT
from agent.store.attempts import AttemptStore
from agent.store.calls import CallStore
from agent.store.database import Database
from agent.store.dialings import DialingStore
from agent.store.heartbeats import HeartbeatStore, Process, ProcessKind
from agent.store.journal import Journal
from agent.store.kill_switch import KillSwitchStore
from agent.store.trunks import TrunkStore
from agent.telephony.dial import Dial
from agent.telephony.dispatch import JobMetadata, read_metadata
from agent.worker.outbound_call import OutboundCall
from agent.worker.parts import CallParts, OutboundParts

TRUNK, AGENT, OURS = "trunk", "agent", "+3226010500"
RULES = Rules(
    allowed_countries=frozenset({"BE"}),
    own_numbers=frozenset(),
    calls_per_number_per_day=3,
    daily_budget=None,
    price_per_minute=5,
)
_SECONDS = 15.0
_RATE = 50.0

Answer = TwirpAnswer | None
"""What LiveKit says to a dial; None: it hangs up on us without a word."""


class Room:
    """The room of a job in which nobody ever answers."""

    def __init__(self) -> None:
        self.remote_participants: dict[str, rtc.RemoteParticipant] = {}

    def isconnected(self) -> bool:
        return True

    def on(self, event: str, callback: object) -> None:
        """Nothing happens here."""

    off = on


@dataclass
class Office:
    """Wishes, and what became of them."""

    database: Database
    folder: Path
    livekit: api.LiveKitAPI
    dialled: list[str] = field(default_factory=list)
    """The number of every INVITE that LiveKit was asked for."""
    answers: dict[str, Answer] = field(default_factory=dict)
    before_job: Callable[[], Awaitable[None]] | None = None
    while_ringing: Callable[[], Awaitable[None]] | None = None
    _jobs: dict[str, "asyncio.Task[bool]"] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=lambda: count(1000))

    def __post_init__(self) -> None:
        self.attempts = AttemptStore(self.database)
        self.dialings = DialingStore(self.database)
        self.trunks = TrunkStore(self.database)
        self.kill_switch = KillSwitchStore(self.database)
        self.calls = CallStore(self.database)

    async def wish(self, answer: Answer) -> Attempt:
        """Somebody wants a number called at which this is the answer."""
        now = datetime.now(UTC)
        places: dict[str, int | str] = {"agent": AGENT, "places": 50, "free": 50}
        await HeartbeatStore(self.database).beat(
            Process(UUID(int=1), ProcessKind.WORKER, "test", 1, now, places)
        )
        number = parse(f"+3247055{next(self._numbers)}")
        self.answers[number] = answer
        request = CallRequest(Origin.API, number, Basis.CONSENT, now)
        return await self.attempts.add(request, attempt_id=uuid4(), call_id=uuid4(), now=now)

    async def tried(self, attempt: Attempt) -> Attempt:
        """The attempt when the call that it now has is over, and its job too."""
        async with asyncio.timeout(_SECONDS):
            while str(attempt.call_id) not in self._jobs:  # noqa: ASYNC110  # the dialler's fact
                await asyncio.sleep(0.01)
            await self._jobs[str(attempt.call_id)]
        return await self.attempts.show(attempt.id)

    @asynccontextmanager
    async def dialler(self) -> AsyncIterator[None]:
        """A dialler that runs for the length of the block."""
        dialer = Dialer(self._dialer_parts())
        running = asyncio.create_task(dialer.run())
        try:
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    def _dialer_parts(self) -> DialerParts:
        playbook = load_playbook(ROOT / "prompts", "default")
        return DialerParts(
            id=uuid4(),
            attempts=self.attempts,
            dialings=self.dialings,
            livekit=self.livekit,
            agent_name=AGENT,
            trunk=TRUNK,
            trunk_id="ST_test",
            our_number=OURS,
            rules=RULES,
            playbook=lambda wanted: playbook,
            max_batch=20,
            ringing_seconds=5.0,
            max_call_seconds=60.0,
            now=partial(datetime.now, UTC),
            new_id=uuid4,
            rng=Random(1),
        )

    def routes(self) -> list[web.RouteDef]:
        """LiveKit, as far as a call needs it until it is answered."""
        return [
            web.post("/twirp/livekit.RoomService/CreateRoom", self._create_room),
            web.post("/twirp/livekit.AgentDispatchService/CreateDispatch", self._dispatch),
            web.post("/twirp/livekit.SIP/CreateSIPParticipant", self._dial),
        ]

    async def _create_room(self, request: web.Request) -> web.Response:
        asked = api.CreateRoomRequest.FromString(await request.read())
        return _protobuf(api.Room(name=asked.name, metadata=asked.metadata).SerializeToString())

    async def _dispatch(self, request: web.Request) -> web.Response:
        asked = api.CreateAgentDispatchRequest.FromString(await request.read())
        order = read_metadata(asked.metadata)
        assert isinstance(order, JobMetadata)
        self._jobs[str(order.call_id)] = asyncio.create_task(self._job(order))
        return _protobuf(b"")

    async def _dial(self, request: web.Request) -> web.Response:
        asked = api.CreateSIPParticipantRequest.FromString(await request.read())
        self.dialled.append(asked.sip_call_to)
        if self.while_ringing is not None:
            await self.while_ringing()
        answer = self.answers[asked.sip_call_to]
        if answer is None:
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        return web.Response(
            status=answer.status, body=answer.body, content_type=answer.content_type
        )

    async def second_job(self, attempt: Attempt) -> bool:
        """Another job for the call of an attempt, to its end; whether it may delete the room."""
        return await self._job(JobMetadata(attempt.call_id, "ST_test"))

    async def _job(self, order: JobMetadata) -> bool:
        job_id = f"AJ_{uuid4().hex}"
        if self.before_job is not None:
            await self.before_job()
        attempt = await self.attempts.of_call(order.call_id)
        placing = OutboundParts(
            attempt=attempt,
            trunk=TRUNK,
            dial=Dial(
                call_id=order.call_id,
                trunk_id=order.trunk_id,
                our_number=OURS,
                number=attempt.request.number,
                room_name=attempt.room_name,
                identity=attempt.participant_identity,
                name=attempt.participant_name,
                ringing_seconds=5,
                max_call_seconds=60,
            ),
            dialings=self.dialings.held_by(job_id),
            trunks=self.trunks,
            livekit=self.livekit,
            rules=RULES,
            seconds_per_call=seconds_per_call(_RATE),
            new_id=uuid4,
            rng=Random(1),
        )
        journal = Journal(order.call_id, self.calls, self.folder)
        now: Callable[[], datetime] = partial(datetime.now, UTC)
        # Of the running call and of its parts, these are all that placing it uses.
        room = cast("rtc.Room", Room())

        def note(kind: EventKind, *, urgent: bool = False) -> None:
            told = f"{order.call_id}:{kind}"
            event = CallEvent(order.call_id, kind, now(), Source.WORKER, told, {})
            journal.record(event, urgent=urgent)

        live = cast("LiveCall", SimpleNamespace(note=note))
        parts = cast("CallParts", SimpleNamespace(now=now, journal=journal))
        call = OutboundCall(room, parts, placing, order.call_id)
        try:
            assert not await call.reach(live)
        except DatabaseUnavailable:
            pass  # the entrypoint's net: the call is over all the same
        finally:
            ended = f"{order.call_id}:ended"
            journal.record(
                CallEvent(order.call_id, EventKind.ENDED, now(), Source.WORKER, ended, {})
            )
            await call.over()
            await journal.close(5)
        return call.holds_room


@asynccontextmanager
async def office(dsn: str, folder: Path) -> AsyncIterator[Office]:
    """An office over the migrated database `dsn`."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database(dsn, max_size=8))
        app = web.Application()
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        url = "http://127.0.0.1"
        out = Office(database, folder, cast("api.LiveKitAPI", None))
        app.add_routes(out.routes())
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        out.livekit = await stack.enter_async_context(
            api.LiveKitAPI(f"{url}:{port}", "example-key", "example-" * 5, failover=False)
        )
        await out.trunks.ensure(TRUNK, _RATE)
        yield out


def _protobuf(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/protobuf")
