"""What every command starts from: the settings, with a running local stack's parts in them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from agent.local.stack.state import STACK_DIR, read_state
from agent.settings import Settings, load_settings

if TYPE_CHECKING:
    from agent.store.database import Database

STACK_DATA = STACK_DIR / "postgres"


def settings() -> Settings:
    """The environment, `.env`, and what this checkout's running stack offers, strongest first."""
    state = read_state()
    return load_settings(extra=state.environment if state else None)


@asynccontextmanager
async def database() -> AsyncIterator["Database"]:
    """The record: in DATABASE_URL, in the running stack, or in what an ended stack left here.

    For the last a Postgres is started as long as the block runs, so that `calls` shows yesterday's
    demo. Raises SettingsError where there is none of these.
    """
    from agent.store.database import Database  # not above: `token` needs no database

    current = settings()
    if current.database_url is None and STACK_DATA.exists():
        # Here, not above: only who reads what an ended stack left needs a server to be started.
        from agent.local.stack.postgres import LocalPostgres

        async with (
            LocalPostgres(data_dir=STACK_DATA, durable=True) as postgres,
            Database(postgres.dsn) as left,
        ):
            yield left
        return
    current.need("DATABASE_URL")
    async with Database(current.database_url or "") as given:
        yield given
