"""The real application over a real Postgres; LiveKit is as a test says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from agent.api.access import Gatekeeper
from agent.api.app import build_app, public_paths
from agent.api.parts import ApiParts
from agent.api.rate_limits import RateLimiter, RateLimits
from agent.api.scopes import Scope
from agent.api.tokens import SecretVerifier, TokenRules, make_token
from agent.domain.contactability import Rules
from agent.domain.phone_numbers import parse
from agent.domain.suspicion import Thresholds
from agent.errors import LiveKitUnavailable
from agent.store.attempts import AttemptStore
from agent.store.call_list import CallList
from agent.store.calls import CallStore
from agent.store.database import Database
from agent.store.heartbeats import HeartbeatStore, Process, ProcessKind
from agent.store.kill_switch import KillSwitchStore
from agent.store.opt_outs import OptOutList
from agent.store.statistics import ActivityStore
from agent.store.trunks import TrunkStore
from agent.store.webhook_freshness import WebhookFreshness
from agent.telephony.rooms import LiveKitOverview, RoomOverview, TrunkOverview

SECRET = "example-secret-of-a-test-0123456789"
TOKEN_RULES = TokenRules("ai-sales-call", "ai-sales-call")
OURS = "+3226010500"
GUIDES_BODY = {
    "customer_id": 123,
    "phone_number": "+32479202020",
    "room_name": "ai-sales-call",
    "participant_identity": "ai-sales-agent",
    "participant_name": "AI Sales Agent",
}
TRUNK = TrunkOverview(
    "ST_out", "Telnyx Outbound Trunk", False, (OURS,), "sip.telnyx.com", "tcp", (), True
)
INBOUND = TrunkOverview("ST_in", "Telnyx Inbound Trunk", True, (OURS,), None, None, (), False)


class LiveKitAsTold(LiveKitOverview):
    """LiveKit without a server: `rooms` exist, `away` answers nothing."""

    def __init__(self) -> None:
        self.rooms: dict[str, RoomOverview] = {}
        self.trunk_list: tuple[TrunkOverview, ...] = (INBOUND, TRUNK)
        self.away = False

    async def room(self, name: str) -> RoomOverview | None:
        self._check()
        return self.rooms.get(name)

    async def end_room(self, name: str) -> bool:
        self._check()
        return self.rooms.pop(name, None) is not None

    async def trunks(self) -> tuple[TrunkOverview, ...]:
        self._check()
        return self.trunk_list

    def open(self, name: str) -> None:
        self.rooms[name] = RoomOverview(name, datetime.now(UTC), ())

    def _check(self) -> None:
        if self.away:
            raise LiveKitUnavailable("LiveKit does not answer (TimeoutError)")


@dataclass
class Api:
    """The running application and what is behind it."""

    parts: ApiParts
    livekit: LiveKitAsTold
    client: httpx.AsyncClient
    database: Database
    living: list[Process] = field(default_factory=list)

    async def start(self, kind: ProcessKind, **detail: int | str) -> None:
        """Let a process of ours be alive, as far as its heartbeat tells."""
        process = Process(uuid4(), kind, "here", 1, datetime.now(UTC), detail)
        await self.parts.heartbeats.beat(process)

    async def ready(self) -> None:
        """A dialler and a worker live."""
        await self.start(ProcessKind.DIALER)
        await self.start(ProcessKind.WORKER, places=8, free=8)

    async def call(self, **changes: object) -> httpx.Response:
        """Ask for a call with the guide's body."""
        body = {**GUIDES_BODY, **changes}
        return await self.client.post("/api/telnyx/outbound-call", json=body)


def token_for(*scopes: Scope, subject: str = "office", ttl: float = 3600) -> str:
    """A good token."""
    return make_token(
        SECRET,
        TOKEN_RULES,
        subject=subject,
        scopes=scopes,
        ttl=timedelta(seconds=ttl),
        now=datetime.now(UTC),
        token_id=str(uuid4()),
    )


def bearer(*scopes: Scope, subject: str = "office") -> dict[str, str]:
    """The header with a good token."""
    return {"Authorization": f"Bearer {token_for(*scopes, subject=subject)}"}


@asynccontextmanager
async def running_api(
    dsn: str,
    recordings: Path,
    *,
    limits: RateLimits | None = None,
    docs_open: bool = True,
    thresholds: Thresholds | None = None,
    daily_budget: int | None = None,
    country: str | None = "BE",
) -> AsyncIterator[Api]:
    """An application over the database `dsn`; its client's token may do everything."""
    livekit = LiveKitAsTold()
    limiter = RateLimiter(limits or RateLimits(10_000, 10_000))
    async with Database(dsn, max_size=8) as database:
        parts = ApiParts(
            gatekeeper=Gatekeeper(
                SecretVerifier(SECRET, TOKEN_RULES), limiter, public_paths(docs_open=docs_open)
            ),
            attempts=AttemptStore(database),
            calls=CallStore(database),
            call_list=CallList(database),
            opt_outs=OptOutList(database),
            heartbeats=HeartbeatStore(database),
            activity=ActivityStore(database),
            trunks=TrunkStore(database),
            kill_switch=KillSwitchStore(database),
            freshness=WebhookFreshness(database),
            livekit=livekit,
            rules=Rules(frozenset({"BE"}), frozenset({parse(OURS)}), 3, daily_budget, 5),
            thresholds=thresholds or Thresholds(),
            playbooks=frozenset({"default"}),
            country=country,
            outbound_trunk=TRUNK.name,
            recordings_dir=recordings,
            now=lambda: datetime.now(UTC),
            new_id=uuid4,
            docs_open=docs_open,
        )
        transport = httpx.ASGITransport(build_app(parts))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://api", headers=bearer(Scope.ADMIN)
        ) as client:
            yield Api(parts, livekit, client, database)


@pytest.fixture
async def api(dsn: str, tmp_path: Path) -> AsyncIterator[Api]:
    """An application with a dialler and a worker that live."""
    async with running_api(dsn, tmp_path) as running:
        await running.ready()
        yield running
