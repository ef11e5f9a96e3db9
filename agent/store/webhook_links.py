"""From the inbox to the record: webhooks find their calls, and their facts are folded.

links = WebhookLinks(database)
await links.link(); await links.fold()          # both idempotent, in any process
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from agent.domain.calls import CallEvent
from agent.errors import CallError
from agent.store.calls import append_within
from agent.store.database import Database
from agent.store.event_json import Json, events_from
from agent.store.query import query

log = structlog.get_logger(__name__)

_LINK = query("webhooks/link")
_UNFOLDED = query("webhooks/unfolded")
_MARK = query("webhooks/mark_folded")
_FOLD_LATER = query("webhooks/fold_later")
_LIST = query("webhooks/list")
_LIST_REFUSALS = query("webhooks/list_refusals")

BY_NUMBERS = timedelta(seconds=60)
"""How far apart our row and the carrier's leg may begin when only their numbers join them."""
OUR_SIDE_FIRST = timedelta(seconds=15)
"""How long our own account of a call's end is waited for."""
_LOOK_SECONDS = 2.0
_GATHER_SECONDS = 0.1
"""Under load a call's webhooks are folded together rather than each by itself."""
GIVEN_UP_AFTER = timedelta(days=3)
"""Calls that become known later than this are not ours: the account has other uses."""


@dataclass(frozen=True, slots=True)
class ListedWebhook:
    """A line of `python agent.py webhooks`. `reason`: what it was linked by, or why refused."""

    source: str
    event_id: str
    event_type: str
    at: datetime
    received_at: datetime
    deliveries: int
    status: str
    reason: str | None
    call_id: UUID | None


@dataclass(frozen=True, slots=True)
class RefusedWebhooks:
    """Deliveries that were not believed, by why."""

    source: str
    reason: str
    deliveries: int
    last_at: datetime


class WebhookLinks:
    """What happens to webhooks after they are stored. Raises DatabaseUnavailable."""

    def __init__(self, database: Database, our_side_first: timedelta = OUR_SIDE_FIRST) -> None:
        self._database = database
        self._our_side_first = our_side_first

    async def link(self) -> int:
        """Look for the calls of webhooks that are due to be looked at; how many were found."""
        async with self._database.connection() as connection:
            found: int = await connection.fetchval(
                *_LINK(apart=BY_NUMBERS, give_up_after=GIVEN_UP_AFTER)
            )
        return found

    async def fold(self) -> int:
        """Put the facts of linked webhooks on record, a transaction a call; how many there were.

        A call for which that fails, and a webhook that only a newer version of this program can
        read, are tried again later and keep no other waiting.
        """
        async with self._database.connection() as connection:
            rows = await connection.fetch(*_UNFOLDED(our_side_first=self._our_side_first))
        by_call: dict[UUID, list[_Facts]] = defaultdict(list)
        unreadable: list[_Facts] = []
        for row in rows:
            facts = _Facts(row["source"], row["event_id"], [])
            try:
                facts.events.extend(_events_of(row["call_id"], row["events"]))
            except ValueError:
                unreadable.append(facts)
            else:
                by_call[row["call_id"]].append(facts)
        if unreadable:
            await self._fold_later(unreadable)
        folded = 0
        for call_id, webhooks in by_call.items():
            try:
                await self._fold_call(call_id, webhooks)
            except Exception as error:  # noqa: BLE001  # one call must not keep all others waiting
                log.error("webhooks_not_folded", call_id=call_id, error=type(error).__name__)
                # Where the database is away, this says so, and nothing is blamed on the call.
                await self._fold_later(webhooks)
            else:
                folded += len(webhooks)
        return folded

    async def recent(self, limit: int, status: str | None = None) -> list[ListedWebhook]:
        """The latest webhooks, newest first."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(*_LIST(limit=limit, status=status))
        return [ListedWebhook(**dict(row)) for row in rows]

    async def refused(self, since: datetime) -> list[RefusedWebhooks]:
        """What was not believed since then."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(*_LIST_REFUSALS(since=since))
        return [RefusedWebhooks(**dict(row)) for row in rows]

    async def _fold_call(self, call_id: UUID, webhooks: "Sequence[_Facts]") -> None:
        events = [event for each in webhooks for event in each.events]
        async with self._database.connection() as connection, connection.transaction():
            await append_within(connection, call_id, events)
            await connection.execute(*_MARK(**_keys(webhooks)))

    async def _fold_later(self, webhooks: "Sequence[_Facts]") -> None:
        async with self._database.connection() as connection:
            await connection.execute(*_FOLD_LATER(**_keys(webhooks)))


async def keep_linking(links: WebhookLinks, stored: asyncio.Event) -> None:
    """Link and fold for ever: soon after something was stored, and again for late calls."""
    while True:
        try:
            # Linking one webhook can give the call a session id that links others: repeat.
            while await links.link() + await links.fold():
                pass
        except CallError as error:
            log.warning("webhooks_not_linked", error=error)
        except Exception as error:  # no request waits for this loop, so nobody would see it die
            log.error("webhooks_not_linked", error=type(error).__name__, exc_info=error)
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                await stored.wait()
        except TimeoutError:
            continue
        stored.clear()
        await asyncio.sleep(_GATHER_SECONDS)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What one webhook reports."""

    source: str
    event_id: str
    events: list[CallEvent]


def _keys(webhooks: Sequence[_Facts]) -> dict[str, list[str]]:
    """Which webhooks, as the statements take it."""
    return {
        "sources": [each.source for each in webhooks],
        "event_ids": [each.event_id for each in webhooks],
    }


def _events_of(call_id: UUID, form: Json) -> list[CallEvent]:
    """Raises ValueError for what only a newer version of this program knows."""
    return [replace(each, call_id=call_id) for each in events_from(form)]
