"""Closing the record of a call whose process died before it could."""

from datetime import datetime

from agent.domain.outbound_events import died
from agent.store.calls import CallStore


class CrashedCalls:
    """Writes the end that nobody else will."""

    def __init__(self, store: CallStore) -> None:
        self._store = store

    async def unfinished(self, before: datetime) -> list[str]:
        """Rooms of calls that were begun before then and not ended. Raises DatabaseUnavailable."""
        return await self._store.unfinished(before)

    async def close_crashed(self, room_name: str, at: datetime) -> bool:
        """Close the unfinished call of that room as crashed at `at`; False if there is none.

        Doing it twice is doing it once. Raises DatabaseUnavailable.
        """
        call_id = await self._store.open_in(room_name, at)
        if call_id is None:
            return False
        await self._store.append(died(call_id, at))
        return True
