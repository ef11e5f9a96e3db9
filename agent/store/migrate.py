"""Bringing the schema up to date: migrations/*.sql, forward only, each exactly once."""

import logging
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from pogo_core.error import BadMigrationError
from pogo_core.util import migrate as pogo
from pogo_core.util.sql import ensure_pogo_sync, get_applied_migrations

from agent.errors import DatabaseUnavailable
from agent.store.database import CONNECT_SECONDS, check_dsn, unavailable

MIGRATIONS = Path(__file__).parent / "migrations"

# Any fixed number: two processes that migrate at the same time take turns.
_LOCK = 0x41495343

# The library reports each migration as a warning; ours are in the answer.
_QUIET = logging.getLogger(f"{__name__}.applying")
_QUIET.setLevel(logging.ERROR)


async def migrate(dsn: str) -> list[str]:
    """Apply what is missing and return its names; safe to run twice at once.

    Raises DatabaseUnavailable (cannot be reached, or a migration failed and was rolled back) and
    SettingsError (not a Postgres URL).
    """
    check_dsn(dsn)
    try:
        connection = await asyncpg.connect(dsn, timeout=CONNECT_SECONDS)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise unavailable(dsn, error) from error
    try:
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        await connection.execute("set search_path to public")
        await ensure_pogo_sync(connection)
        before = await get_applied_migrations(connection, schema_name="public")
        await pogo.apply(connection, MIGRATIONS, schema_name="public", logger=_QUIET)
        after = await get_applied_migrations(connection, schema_name="public")
    except BadMigrationError as error:
        raise DatabaseUnavailable(f"{error}: {error.__cause__}") from error
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise unavailable(dsn, error) from error
    finally:
        await connection.close(timeout=CONNECT_SECONDS)
    return sorted(after - before)


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Names of migrations: what this version has and the database not, and the other way round."""

    missing: tuple[str, ...]
    unknown: tuple[str, ...]


async def schema_state(dsn: str) -> SchemaState:
    """Look, and change nothing. Errors as in `migrate`."""
    check_dsn(dsn)
    try:
        connection = await asyncpg.connect(dsn, timeout=CONNECT_SECONDS)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise unavailable(dsn, error) from error
    try:
        applied = await get_applied_migrations(connection, schema_name="public")
    except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError):
        applied = set()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise unavailable(dsn, error) from error
    finally:
        connection.terminate()
    ours = {path.stem for path in MIGRATIONS.glob("*.sql")}
    return SchemaState(tuple(sorted(ours - applied)), tuple(sorted(applied - ours)))
