"""When webhooks last came, against when they should have."""

from dataclasses import dataclass
from datetime import UTC, datetime

from agent.store.database import Database
from agent.store.query import query

_FRESHNESS = query("webhooks/freshness")
_COUNTS = query("webhooks/counts")
TOLD_WITHIN_SECONDS = 120.0
"""A call that began longer ago has been told of, if webhooks come at all."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """`last_call_at` None: no call in seven days; the others None: never a webhook."""

    last_call_at: datetime | None
    telnyx_at: datetime | None
    livekit_at: datetime | None


@dataclass(frozen=True, slots=True)
class WebhookCounts:
    """What came from one source lately. `believed_at`: the last one ever that was believed."""

    source: str
    received: int
    unlinked: int
    """Of those: no call of ours is known for them."""
    refused: int
    """Deliveries that were not believed."""
    believed_at: datetime | None
    refused_at: datetime | None


class WebhookFreshness:
    """For somebody who asks again and again. Every method raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def fresh(self) -> Freshness:
        """When webhooks last came."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(*_FRESHNESS(old_enough=TOLD_WITHIN_SECONDS))
        assert row is not None
        return Freshness(*map(_utc, (row["last_call_at"], row["telnyx_at"], row["livekit_at"])))

    async def counts(self, since: datetime) -> list[WebhookCounts]:
        """What came since the beginning of that hour, a line a source."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(*_COUNTS(since=since))
        return [
            WebhookCounts(
                *(row["source"], row["received"], row["unlinked"], row["refused"]),
                *(_utc(row["believed_at"]), _utc(row["refused_at"])),
            )
            for row in rows
        ]


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)
