"""Where webhooks are kept before they are acknowledged: many in one transaction.

    inbox = WebhookInbox(database)
    running = asyncio.create_task(inbox.run())
    await inbox.keep(kept)                # returns when it is durable, else raises Unavailable

A commit costs about the same for one row and for five hundred, so requests that arrive while one
is under way share the next.
"""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import asyncpg
import structlog

from agent.domain.calls import Source
from agent.domain.webhooks import CallKeys, Delivery, RejectReason
from agent.errors import DatabaseUnavailable, Unavailable
from agent.store.database import Database
from agent.store.event_json import events_form, storable
from agent.store.query import query

log = structlog.get_logger(__name__)

_KEEP = query("webhooks/keep")
_COUNT_REFUSALS = query("webhooks/count_refusals")
MAX_WAITING = 2000
MAX_WAITING_BYTES = 32 * 2**20
_BATCH = 500
ACKNOWLEDGE_SECONDS = 1.7
"""Telnyx gives up after two seconds; what is answered later would come again all the same."""
_COUNT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class KeptWebhook:
    """A webhook as it came, and what it tells; without a delivery it was signed but unreadable."""

    source: Source
    raw: bytes
    headers: Mapping[str, str]
    received_at: datetime
    delivery: Delivery | None


@dataclass(slots=True)
class _Waiting:
    kept: KeptWebhook
    durable: "asyncio.Future[None]"


class WebhookInbox:
    """One process's way into the inbox. `run` until cancelled; `stored` is set by each batch."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._waiting: asyncio.Queue[_Waiting] = asyncio.Queue(MAX_WAITING)
        self._waiting_bytes = 0
        self._refused: Counter[tuple[Source, RejectReason]] = Counter()
        self._stored = 0
        self.stored = asyncio.Event()

    async def keep(self, kept: KeptWebhook) -> None:
        """Return when the webhook is durable.

        Raises Unavailable when it is not, or not in time: then its sender has to send it again,
        and nothing is lost should this one be stored in the end.
        """
        if self._waiting.full() or self._waiting_bytes > MAX_WAITING_BYTES:
            raise Unavailable("more webhooks arrive than can be stored: send it again")
        waiting = _Waiting(kept, asyncio.get_running_loop().create_future())
        self._waiting_bytes += len(kept.raw)
        self._waiting.put_nowait(waiting)
        try:
            async with asyncio.timeout(ACKNOWLEDGE_SECONDS):
                await waiting.durable
        except TimeoutError:
            raise DatabaseUnavailable("a webhook could not be stored in time") from None

    def count_refusal(self, source: Source, reason: RejectReason) -> None:
        """Count one that was not believed; written with the next second's, best effort."""
        self._refused[source, reason] += 1

    async def run(self) -> None:
        """Store what waits, batch by batch; the task's owner cancels it."""
        counting = asyncio.create_task(self._count(), name="webhook refusals")
        try:
            while True:
                batch = [await self._waiting.get()]
                while len(batch) < _BATCH and not self._waiting.empty():
                    batch.append(self._waiting.get_nowait())
                self._waiting_bytes -= sum(len(each.kept.raw) for each in batch)
                await self._store(batch)
        finally:
            counting.cancel()
            while not self._waiting.empty():
                _fail(self._waiting.get_nowait(), Unavailable("the inbox is closed"))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_COUNT_SECONDS):
                    await self._write_counts()

    async def _store(self, batch: Sequence[_Waiting]) -> None:
        try:
            await self._write([each.kept for each in batch])
        except DatabaseUnavailable as error:
            log.warning("webhooks_not_stored", webhooks=len(batch), error=error)
            for each in batch:
                _fail(each, error)
            return
        except asyncpg.PostgresError as error:
            # One of them is what Postgres will not take; it must not cost the others.
            log.error("webhook_not_storable", error=type(error).__name__)
            if len(batch) == 1:
                _fail(batch[0], Unavailable("this webhook cannot be stored"))
                return
            for each in batch:
                await self._store([each])
            return
        except BaseException:
            for each in batch:
                _fail(each, Unavailable("the inbox is closed"))
            raise
        for each in batch:
            if not each.durable.done():
                each.durable.set_result(None)
        self._stored += len(batch)
        self.stored.set()

    async def _write(self, batch: Sequence[KeptWebhook]) -> None:
        async with self._database.connection() as connection:
            await connection.execute(*_KEEP(**columns_of(batch)))

    async def _count(self) -> None:
        while True:
            await asyncio.sleep(_COUNT_SECONDS)
            await self._write_counts()

    async def _write_counts(self) -> None:
        if self._stored:
            log.info("webhooks_stored", webhooks=self._stored)
            self._stored = 0
        if not self._refused:
            return
        counted, self._refused = self._refused, Counter()
        log.warning("webhooks_refused", refused={str(key[1]): n for key, n in counted.items()})
        try:
            async with self._database.connection() as connection:
                await connection.execute(
                    *_COUNT_REFUSALS(
                        sources=[source for source, _ in counted],
                        reasons=[reason for _, reason in counted],
                        deliveries=list(counted.values()),
                        now=self._now(),
                    )
                )
        except DatabaseUnavailable:
            self._refused += counted


def _fail(waiting: _Waiting, error: Exception) -> None:
    if not waiting.durable.done():
        waiting.durable.set_exception(error)


def columns_of(batch: Sequence[KeptWebhook]) -> dict[str, list[object]]:
    """The parameters of webhooks/keep.sql: its columns, with a row for each different event."""
    rows: dict[tuple[Source, str], tuple[KeptWebhook, int]] = {}
    for kept in batch:
        key = (kept.source, _event_id(kept))
        first, deliveries = rows.get(key, (kept, 0))
        rows[key] = first, deliveries + 1
    made = [_row(kept, event_id, deliveries) for (_, event_id), (kept, deliveries) in rows.items()]
    return {column: [row[column] for row in made] for column in _KEEP.parameters}


def _row(kept: KeptWebhook, event_id: str, deliveries: int) -> dict[str, object]:
    told = kept.delivery
    keys = told.keys if told else CallKeys()
    return {
        "source": kept.source,
        "event_id": event_id,
        "event_type": _text(told.event_type) if told else "",
        "at": told.at if told else kept.received_at,
        "received_at": kept.received_at,
        "session_id": _text(keys.session_id),
        "leg_id": _text(keys.leg_id),
        "claimed_call_id": keys.call_id,
        "from_number": _text(keys.from_number),
        "to_number": _text(keys.to_number),
        "began_at": keys.began_at,
        "room_name": _text(keys.room_name),
        "tells_the_end": told.tells_the_end if told else False,
        "events": json.dumps(events_form(told.events if told else ())),
        "raw": kept.raw,
        "headers": json.dumps(storable(dict(kept.headers))),
        "deliveries": deliveries,
        "status": "unlinked" if told else "refused",
        "reason": None if told else RejectReason.UNREADABLE.value,
    }


def _event_id(kept: KeptWebhook) -> str:
    """The sender's own id; of what cannot be read, its hash."""
    if kept.delivery is None:
        return sha256(kept.raw).hexdigest()
    return str(storable(kept.delivery.event_id))


def _text(value: str | None) -> str | None:
    return None if value is None else str(storable(value))
