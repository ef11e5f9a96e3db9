"""Webhooks: group commit against a row a request, and the acknowledgement's time at 500 a second.

The Postgres is durable (fsync), as in production; the API is a real process behind real HTTP, every
webhook signed. Both ways of storing write the same row with the same statement.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import aiohttp
from pydantic import TypeAdapter
from rich.table import Table

from agent.domain.webhooks import carrier_delivery
from agent.errors import StackError
from agent.local.stack.postgres import LocalPostgres
from agent.local.stack.processes import ChildProcess, free_port, spawn
from agent.local.telnyx.events import Hangup, TelnyxAccount, TelnyxLeg, body_of
from agent.settings import ROOT
from agent.store.database import Database
from agent.store.migrate import migrate
from agent.store.query import query
from agent.store.webhook_inbox import KeptWebhook, WebhookInbox, columns_of
from agent.telephony.telnyx_webhooks import read_telnyx
from tests.bench.hearing import percentile

RATE = 500
"""Webhooks a second: about 120 calls a second, all told by both sides."""
WARM = 1000
"""Events before anything is measured: imports, connections, caches."""
FLAT = 0.5
"""MiB a thousand events: what a kept webhook's body alone would take is more than twice that."""
_CLIENTS = 200
_CONNECTIONS = 8
"""What an API process has for its requests; a row a request may use all of them."""
_PATH = "/api/telnyx/webhooks/call-events"


@dataclass(frozen=True, slots=True)
class WebhookResults:
    """Events a second; seconds; MiB. `lost`: acknowledged and not in the database."""

    grouped_per_second: float
    row_per_second: float
    ack_p50: float
    ack_p99: float
    sent: int
    not_acknowledged: int
    lost: int
    memory_first: float
    """Resident after the first thousand."""
    memory_end: float
    """Resident after all of them."""
    events: int
    """How many those are."""

    @property
    def ratio(self) -> float:
        """Group commit over a row a request."""
        return self.grouped_per_second / self.row_per_second

    def write(self, path: Path) -> None:
        """As JSON."""
        path.write_bytes(TypeAdapter(WebhookResults).dump_json(self, indent=2) + b"\n")

    def table(self) -> Table:
        """For a person."""
        grew = self.memory_end - self.memory_first
        a_thousand = grew / max(1.0, (self.events - WARM) / 1000)
        rows: Sequence[tuple[str, str, str, bool | None]] = (
            ("stored, group commit", f"{self.grouped_per_second:.0f} /s", "", None),
            ("stored, a row a request", f"{self.row_per_second:.0f} /s", "", None),
            ("group commit is faster by", f"{self.ratio:.1f} times", "≥ 3 times", self.ratio >= 3),
            (f"acknowledged at {RATE}/s, p50", f"{self.ack_p50 * 1e3:.0f} ms", "", None),
            (
                f"acknowledged at {RATE}/s, p99",
                f"{self.ack_p99 * 1e3:.0f} ms",
                "< 200 ms",
                self.ack_p99 < 0.2,
            ),
            (
                "not acknowledged, of all",
                f"{self.not_acknowledged} of {self.sent}",
                "0",
                self.not_acknowledged == 0,
            ),
            ("acknowledged and lost", str(self.lost), "0", self.lost == 0),
            ("memory after the first 1000", f"{self.memory_first:.1f} MiB", "", None),
            (f"memory after {self.events}", f"{self.memory_end:.1f} MiB", "", None),
            (
                "a further 1000 events",
                f"{a_thousand:+.2f} MiB",
                f"≤ {FLAT:g} MiB",
                a_thousand <= FLAT,
            ),
        )
        table = Table(title="Webhooks", title_justify="left", title_style="bold")
        for column in ("", "", "target", ""):
            table.add_column(column)
        for name, value, target, met in rows:
            shown = {None: "", True: "[green]met[/]", False: "[red]missed[/]"}[met]
            table.add_row(name, value, target, shown)
        return table


async def bench_webhooks(quick: bool, folder: Path, tell: Callable[[str], None]) -> WebhookResults:
    """Measure both. Raises StackError when the API does not start."""
    seconds, soak = (4.0, 8.0) if quick else (20.0, 120.0)
    async with LocalPostgres(data_dir=folder / "postgres", durable=True) as postgres:
        await migrate(postgres.dsn)
        tell("webhooks: a row a request, and in groups")
        stored_each_way = 1000 if quick else 5000
        row = await _row_a_request(postgres.dsn, stored_each_way)
        grouped = await _in_groups(postgres.dsn, stored_each_way)
        tell(f"webhooks: {RATE} a second over HTTP for {seconds:.0f} s")
        account = TelnyxAccount()
        async with _Api(postgres.dsn, account, folder / "api.log") as api:
            await _post_at_rate(api.url, account, WARM / RATE)
            first = api.memory
            latencies, failed, ids = await _post_at_rate(api.url, account, seconds)
            tell(f"webhooks: the same for another {soak:.0f} s, for the memory")
            await _post_at_rate(api.url, account, soak)
            end = api.memory
        stored = await _stored(postgres.dsn, ids)
    return WebhookResults(
        grouped_per_second=grouped,
        row_per_second=row,
        ack_p50=percentile(latencies, 0.5) or 0,
        ack_p99=percentile(latencies, 0.99) or 0,
        sent=len(latencies) + failed,
        not_acknowledged=failed,
        lost=len(ids) - stored,
        memory_first=first,
        memory_end=end,
        events=WARM + round(RATE * (seconds + soak)),
    )


async def _row_a_request(dsn: str, count: int) -> float:
    keep = query("webhooks/keep")
    async with Database(dsn, max_size=_CONNECTIONS) as database:

        async def store(kept: KeptWebhook) -> None:
            async with database.connection() as connection:
                await connection.execute(*keep(**columns_of([kept])))

        return await _rate(store, count)


async def _in_groups(dsn: str, count: int) -> float:
    async with Database(dsn, max_size=3) as database:
        inbox = WebhookInbox(database, lambda: datetime.now(UTC))
        running = asyncio.create_task(inbox.run())
        try:
            return await _rate(inbox.keep, count)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def _rate(store: Callable[[KeptWebhook], Awaitable[None]], count: int) -> float:
    """Events a second, of as many clients as wait for their acknowledgement at once."""
    waiting = [_kept() for _ in range(count)]

    async def client() -> None:
        while waiting:
            await store(waiting.pop())

    await store(waiting.pop())  # connected, the statement prepared
    began = time.monotonic()
    await asyncio.gather(*(client() for _ in range(_CLIENTS)))
    return count / (time.monotonic() - began)


def _kept() -> KeptWebhook:
    body, _ = _webhook()
    now = datetime.now(UTC)
    told = carrier_delivery(read_telnyx(body, received_at=now))
    return KeptWebhook(told.source, body, {}, now, told)


async def _post_at_rate(
    url: str, account: TelnyxAccount, seconds: float
) -> tuple[list[float], int, list[str]]:
    """Latencies of the 200s, how many were none, and the ids of those acknowledged.

    Open loop: the next is sent on time, however long the ones before take.
    """
    latencies: list[float] = []
    acknowledged: list[str] = []
    failed = 0
    timeout = aiohttp.ClientTimeout(total=10)
    connector = aiohttp.TCPConnector(limit=100)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:

        async def post(due: float, body: bytes, event_id: str, headers: dict[str, str]) -> None:
            nonlocal failed
            try:
                async with session.post(url, data=body, headers=headers) as answer:
                    await answer.read()
                    good = answer.status == 200
            except (aiohttp.ClientError, TimeoutError):
                good = False
            if good:
                latencies.append(time.monotonic() - due)
                acknowledged.append(event_id)
            else:
                failed += 1

        bodies = [_webhook() for _ in range(int(RATE * seconds))]
        signed = [(*each, account.headers(each[0], datetime.now(UTC))) for each in bodies]
        tasks = []
        began = time.monotonic()
        for number, webhook in enumerate(signed):
            due = began + number / RATE
            if (wait := due - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            tasks.append(asyncio.create_task(post(due, *webhook)))
        await asyncio.gather(*tasks)
    return latencies, failed, acknowledged


def _webhook() -> tuple[bytes, str]:
    now = datetime.now(UTC)
    leg = TelnyxLeg(False, "+32470123456", "+3226010500", str(uuid4()), str(uuid4()), now)
    event = leg.hung_up(now, Hangup("normal_clearing", "caller", 200), seconds=60)
    return body_of(event, "https://example.test/"), str(event["id"])


async def _stored(dsn: str, ids: Sequence[str]) -> int:
    async with Database(dsn) as database, database.connection() as connection:
        found: int = await connection.fetchval(
            "select count(*) from webhook_inbox where event_id = any($1)", list(ids)
        )
        return found


class _Api:
    """An API process on the database."""

    def __init__(self, dsn: str, account: TelnyxAccount, log: Path) -> None:
        self._port = free_port()
        self._dsn, self._account, self._log = dsn, account, log
        self._process: ChildProcess | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}{_PATH}"

    @property
    def memory(self) -> float:
        """Resident, MiB."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    async def __aenter__(self) -> "_Api":
        self._process = spawn(
            "api",
            [sys.executable, str(ROOT / "agent.py"), "api"],
            log=self._log,
            environment={
                "DATABASE_URL": self._dsn,
                "LIVEKIT_URL": "ws://127.0.0.1:1",
                "LIVEKIT_API_KEY": "bench",
                "LIVEKIT_API_SECRET": "example-secret-of-the-bench-012345",
                "API_JWT_SECRET": "example-secret-of-the-bench-0123456789",
                "API_PORT": str(self._port),
                "TELNYX_PUBLIC_KEY": self._account.public_key,
            },
            cwd=ROOT,
        )
        await self._process.ready(self._answers, timeout=60)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None:
            await self._process.stop(timeout=20)
            if self._process.exit_code != 0:
                raise StackError(f"the API ended badly; {self._process.last_words()}")

    async def _answers(self) -> bool:
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session,
                session.get(f"http://127.0.0.1:{self._port}/healthz") as answer,
            ):
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False
