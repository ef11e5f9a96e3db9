"""Numbers that nobody may call: as a list to page through, and many added at once.

What a caller says in a call is added by `CallStore`; the gate and the statement that dials read it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from agent.domain.phone_numbers import PhoneNumber
from agent.store.database import Database
from agent.store.queries import query

_ADD = query("opt_outs/add")
_PAGE = query("opt_outs/page")


@dataclass(frozen=True, slots=True)
class ListedOptOut:
    """A wish not to be called. `source`: who told us of it, as `call:phrase` or `api:office`."""

    number: str
    scope: str
    source: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OptOutCursor:
    """A place in the list: right behind this opt-out."""

    at: datetime
    number: str


@dataclass(frozen=True, slots=True)
class OptOutPage:
    """Some opt-outs, newest first. `next` is None on the last page."""

    opt_outs: tuple[ListedOptOut, ...]
    next: OptOutCursor | None


class OptOutList:
    """Reads and extends the list; nothing is ever taken from it. Raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, numbers: Collection[PhoneNumber], *, source: str, at: datetime) -> int:
        """Never call these again, from this moment on. Returns how many were not there before."""
        async with self._database.connection() as connection:
            added: int = await connection.fetchval(_ADD, sorted(set(numbers)), source, at)
        return added

    async def page(self, *, limit: int, after: OptOutCursor | None = None) -> OptOutPage:
        """At most `limit` opt-outs, newest first."""
        place = (after.at, after.number) if after else (None, None)
        async with self._database.connection() as connection:
            rows = await connection.fetch(_PAGE, *place, limit + 1)
        found = tuple(
            ListedOptOut(row["number"], row["scope"], row["source"], row["at"].astimezone(UTC))
            for row in rows[:limit]
        )
        last = found[-1] if len(rows) > limit else None
        return OptOutPage(found, OptOutCursor(last.at, last.number) if last else None)
