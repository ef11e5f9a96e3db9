"""How many connections our processes take at the most, and how many Postgres has for them."""

from collections.abc import Iterable

from agent.store.database import Database
from agent.store.heartbeats import Process, ProcessKind
from agent.store.query import query

_USABLE = query("connections/usable")

JOB_CONNECTIONS = 1
"""Of a call: its facts are written one after the other."""
DIALER_POOL = 4
API_POOL = 8
API_WEBHOOK_POOL = 3
"""Of its own: a slow list in the API must not keep a webhook waiting."""
_SPARE = 10
"""For commands, the doctor, `psql`, and a new version that starts beside the older one."""
_OF_A_PROCESS = {
    ProcessKind.WORKER: 5,  # spool, ended jobs, retention (two), heartbeat
    ProcessKind.DIALER: DIALER_POOL + 2,  # notifications, heartbeat
    ProcessKind.API: API_POOL + API_WEBHOOK_POOL + 1,  # heartbeat
}


def connections_needed(processes: Iterable[Process]) -> int:
    """What these processes take when all their places are taken.

    Two workers of 10 places, a dialer, an API: 2 * (5 + 10) + 6 + 12 + 10 to spare = 58.
    """
    return _SPARE + sum(
        _OF_A_PROCESS[each.kind] + JOB_CONNECTIONS * int(each.detail.get("places", 0))
        for each in processes
    )


async def usable_connections(database: Database) -> int:
    """How many Postgres gives to users that are no superusers. Raises DatabaseUnavailable."""
    async with database.connection() as connection:
        usable: int = await connection.fetchval(*_USABLE())
    return usable
