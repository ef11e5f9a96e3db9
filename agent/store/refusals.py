"""Wishes for a call that the gate refused before they were queued."""

from datetime import datetime
from uuid import UUID

from agent.domain.attempts import CallRequest
from agent.domain.contactability import Decision
from agent.store.attempts import gate_form
from agent.store.database import Database
from agent.store.queries import query

_ADD = query("attempts/add_refused")


class RefusalStore:
    """Keeps what was asked for and why it was refused. Raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self,
        request: CallRequest,
        *,
        attempt_id: UUID,
        call_id: UUID,
        gate: Decision,
        now: datetime,
    ) -> None:
        """Write the refused request down, over in the same statement: no dialler ever sees it."""
        async with self._database.connection() as connection:
            await connection.execute(
                _ADD,
                *(
                    attempt_id,
                    now,
                    request.origin,
                    request.basis,
                    request.customer_id,
                    request.number,
                ),
                *(request.playbook, request.due_at, call_id, gate_form(gate, now)),
            )
