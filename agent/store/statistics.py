"""What our outbound calls look like from a distance, for the watch of `domain/suspicion.py`."""

from datetime import datetime

from agent.domain.suspicion import Activity
from agent.store.database import Database
from agent.store.query import query

_ACTIVITY = query("statistics/outbound_activity")
_OUTCOMES = query("statistics/outcomes_of_a_day")


class ActivityStore:
    """Counts calls. Raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def activity(self, now: datetime) -> Activity:
        """The last hour before `now`, and today's minutes."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(*_ACTIVITY(now=now))
        assert row is not None
        return Activity(**dict(row))

    async def outcomes(self, now: datetime) -> dict[str, int]:
        """Calls of the 24 hours before `now`, both directions: by disposition, or by state."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(*_OUTCOMES(now=now))
        return {row["outcome"]: row["calls"] for row in rows}
