"""Calls as a list to page through: rows of `call_logs` as they are, without their events.

page = await CallList(database).page(CallFilter(direction=Direction.OUTBOUND), limit=50)
more = await CallList(database).page(same_filter, limit=50, after=page.next)
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from agent.domain.calls import CallOrigin, CallState, Direction
from agent.domain.dispositions import Disposition
from agent.store.database import Database
from agent.store.query import query

_LIST = query("calls/list")


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls; None leaves a question open. `number` is either side's, in E.164."""

    direction: Direction | None = None
    disposition: Disposition | None = None
    number: str | None = None
    customer_id: str | None = None
    room_name: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Not included."""
    origin: CallOrigin | None = CallOrigin.PHONE
    """Test calls are left out unless they are asked for."""


@dataclass(frozen=True, slots=True)
class CallCursor:
    """A place in the list: right behind this call."""

    created_at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class ListedCall:
    """One line of the list. Texts and times as in `CallRecord`."""

    id: UUID
    created_at: datetime
    direction: Direction | None
    customer_id: str | None
    from_number: str
    to_number: str
    room_name: str
    state: CallState
    disposition: Disposition | None
    reason: str | None
    duration_s: float | None
    summary: str | None
    answered_at: datetime | None
    ended_at: datetime | None
    has_recording: bool
    playbook: str
    language: str
    origin: CallOrigin


@dataclass(frozen=True, slots=True)
class CallPage:
    """Some calls, newest first. `next` is None on the last page."""

    calls: tuple[ListedCall, ...]
    next: CallCursor | None


class CallList:
    """Reads pages of calls. Raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, wanted: CallFilter, *, limit: int, after: CallCursor | None = None
    ) -> CallPage:
        """At most `limit` calls. Calls that are added meanwhile never shift a page."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                *_LIST(
                    direction=wanted.direction,
                    disposition=wanted.disposition,
                    number=wanted.number,
                    customer_id=wanted.customer_id,
                    room_name=wanted.room_name,
                    origin=wanted.origin,
                    since=wanted.since,
                    until=wanted.until,
                    after_created_at=after.created_at if after else None,
                    after_id=after.id if after else None,
                    limit=limit + 1,
                )
            )
        calls = tuple(_listed(row) for row in rows[:limit])
        last = calls[-1] if len(rows) > limit else None
        return CallPage(calls, CallCursor(last.created_at, last.id) if last else None)


def _listed(row: asyncpg.Record) -> ListedCall:
    return ListedCall(
        id=row["id"],
        created_at=row["created_at"].astimezone(UTC),
        direction=Direction(row["direction"]) if row["direction"] else None,
        customer_id=row["customer_id"],
        from_number=row["from_number"],
        to_number=row["to_number"],
        room_name=row["room_name"],
        state=CallState(row["status"]),
        disposition=Disposition(row["disposition"]) if row["disposition"] else None,
        reason=row["reason"],
        duration_s=row["duration_s"],
        summary=row["summary"],
        answered_at=_utc(row["answered_at"]),
        ended_at=_utc(row["ended_at"]),
        has_recording=row["has_recording"],
        playbook=row["playbook"],
        language=row["language"],
        origin=CallOrigin(row["origin"]),
    )


def _utc(at: datetime | None) -> datetime | None:
    return at.astimezone(UTC) if at else None
