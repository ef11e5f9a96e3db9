"""When webhooks last came, against when they should have."""

from dataclasses import dataclass
from datetime import UTC, datetime

from agent.store.database import Database
from agent.store.queries import query

_FRESHNESS = query("webhook_freshness")
TOLD_WITHIN_SECONDS = 120.0
"""A call that began longer ago has been told of, if webhooks come at all."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """`last_call_at` None: no call in seven days; the others None: never a webhook."""

    last_call_at: datetime | None
    telnyx_at: datetime | None
    livekit_at: datetime | None


async def webhook_freshness(database: Database) -> Freshness:
    """Raises DatabaseUnavailable."""
    async with database.connection() as connection:
        row = await connection.fetchrow(_FRESHNESS, TOLD_WITHIN_SECONDS)
    assert row is not None
    return Freshness(*map(_utc, (row["last_call_at"], row["telnyx_at"], row["livekit_at"])))


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)
