"""Numbers that nobody may call: a list to page through, to extend, and to correct.

What a caller says in a call is added by `CallStore`; the gate and the statement that dials read it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from agent.domain.phone_numbers import PhoneNumber, parse
from agent.errors import Refused
from agent.store.database import Database
from agent.store.query import query

_ADD = query("opt_outs/add")
_PAGE = query("opt_outs/page")
_STANDING = query("opt_outs/standing")
_CORRECT = query("opt_outs/correct")
_CORRECTIONS = query("opt_outs/corrections")


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


@dataclass(frozen=True, slots=True)
class Correction:
    """An opt-out that had been added by mistake: what stood there, and who removed it and why."""

    number: str
    scope: str
    source: str
    opted_out_at: datetime
    corrected_at: datetime
    corrected_by: str
    reason: str


class OptOutList:
    """Reads, extends and corrects the list. Every method raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, numbers: Collection[PhoneNumber], *, source: str, at: datetime) -> int:
        """Never call these again, from this moment on. Returns how many were not there before."""
        async with self._database.connection() as connection:
            added: int = await connection.fetchval(
                *_ADD(numbers=sorted(set(numbers)), source=source, now=at)
            )
        return added

    async def standing(self, number: str) -> ListedOptOut | None:
        """The opt-out of this number, if it has one. A number as people write it will do."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(*_STANDING(number=comparable(number)))
        return None if row is None else _listed(row)

    async def correct(
        self, number: str, *, by: str, reason: str, country: str | None = None
    ) -> Correction:
        """Take a number off the list that never belonged there; it may be called again.

        `number`: as it stands on the list, or as people write it (`country`: without its code).

        What had been said in calls until now does not bring it back; what is said later does.
        Raises Refused: it is not on the list, or `reason` is empty.
        """
        if not reason.strip():
            raise Refused("say why this opt-out is a mistake: the reason is kept")
        async with self._database.connection() as connection:
            row = await connection.fetchrow(
                *_CORRECT(number=comparable(number, country), by=by, reason=reason.strip())
            )
        if row is None:
            raise Refused("this number is not on the list of opt-outs")
        return _correction(row)

    async def corrections(self, limit: int = 50) -> list[Correction]:
        """The latest corrections, newest first."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(*_CORRECTIONS(limit=limit))
        return [_correction(row) for row in rows]

    async def page(self, *, limit: int, after: OptOutCursor | None = None) -> OptOutPage:
        """At most `limit` opt-outs, newest first."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                *_PAGE(
                    after_at=after.at if after else None,
                    after_number=after.number if after else None,
                    limit=limit + 1,
                )
            )
        found = tuple(_listed(row) for row in rows[:limit])
        last = found[-1] if len(rows) > limit else None
        return OptOutPage(found, OptOutCursor(last.at, last.number) if last else None)


def comparable(number: str, country: str | None = None) -> str:
    """E.164 where it can be read; else as given: a wish not to be called is never thrown away."""
    try:
        return parse(number, country=country)
    except Refused:
        return number.strip()


def _listed(row: asyncpg.Record) -> ListedOptOut:
    return ListedOptOut(row["number"], row["scope"], row["source"], row["at"].astimezone(UTC))


def _correction(row: asyncpg.Record) -> Correction:
    return Correction(
        number=row["number"],
        scope=row["scope"],
        source=row["source"],
        opted_out_at=row["opted_out_at"].astimezone(UTC),
        corrected_at=row["corrected_at"].astimezone(UTC),
        corrected_by=row["corrected_by"],
        reason=row["reason"],
    )
