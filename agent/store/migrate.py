"""Bringing the schema up to date: migrations/*.sql, forward only, each exactly once.

    await migrate(dsn)               # while the older version still runs
    await migrate(dsn, post=True)    # when no process of the older version runs any more

A file is one transaction: `0006_pre_slot_functions.sql` runs before the new version starts, so
the older one must still work on it; `0007_post_drop_turn.sql` removes what only that one used.
How to write one: docs/operations.md, "Migrations".
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import asyncpg

from agent.errors import DatabaseUnavailable, SettingsError
from agent.store.database import Connection, connect

MIGRATIONS = Path(__file__).parent / "migrations"

# Any fixed number: of two processes that migrate at the same time one waits. The lock belongs to a
# transaction, so that no pooler can keep it.
_LOCK = 0x41495343
_WAIT = "30s"
"""Longest wait for a lock, this one or a table's: a long transaction must not hang us in silence,
and while we wait for a table every other statement on it waits behind us."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file. `hash` is of its statements, so that a comment may be corrected later."""

    name: str
    sql: str

    @property
    def is_post(self) -> bool:
        """Whether it waits until the older version is gone."""
        return self.name.split("_")[1] == "post"

    @property
    def hash(self) -> str:
        """SHA-256 of the statements without comments and blanks."""
        return sha256(" ".join(re.sub(r"--[^\n]*", "", self.sql).split()).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Names of migrations: what this version has and the database not, and the other way round.

    `waiting`: post migrations that wait for `python agent.py migrate --post`; nothing misses them.
    """

    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    waiting: tuple[str, ...] = ()


async def migrate(dsn: str, *, post: bool = False, folder: Path = MIGRATIONS) -> list[str]:
    """Apply what is missing and return its names; safe to run twice at once.

    Post migrations wait for `post`, except in an empty database. Raises
    DatabaseUnavailable (cannot be reached, or a migration failed and was rolled back) and
    SettingsError (not a Postgres URL, or an applied file was changed).
    """
    migrations = read_migrations(folder)
    applied_now: list[str] = []
    async with connect(dsn) as connection:
        while name := await _apply_next(connection, migrations, post=post):
            applied_now.append(name)
            # A fresh database has no older version that anything has to wait for.
            post = post or name == migrations[0].name
    return applied_now


async def schema_state(dsn: str, folder: Path = MIGRATIONS) -> SchemaState:
    """Look, and change nothing. Errors as in `migrate`."""
    migrations = read_migrations(folder)
    async with connect(dsn) as connection:
        applied = await _applied(connection)
    missing = _missing(migrations, applied.keys(), post=False)
    waiting = [each for each in migrations if each.name not in applied and each not in missing]
    return SchemaState(
        missing=tuple(each.name for each in missing),
        unknown=tuple(sorted(applied.keys() - {each.name for each in migrations})),
        waiting=tuple(each.name for each in waiting),
    )


def read_migrations(folder: Path = MIGRATIONS) -> list[Migration]:
    """All files in the order of their names."""
    return [
        Migration(path.stem, path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.sql"))
    ]


async def _apply_next(
    connection: Connection, migrations: list[Migration], *, post: bool
) -> str | None:
    """Apply one migration in a transaction that nobody else migrates in; None: none is missing."""
    async with connection.transaction():
        await connection.execute(f"set local lock_timeout = '{_WAIT}'")
        try:
            await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
        except asyncpg.LockNotAvailableError:
            raise DatabaseUnavailable(
                f"another process has been migrating this database for {_WAIT}: wait for it, or "
                "end its connection (its pid is in pg_locks, locktype 'advisory')"
            ) from None
        await connection.execute("set local search_path to public")
        applied = await _applied(connection)
        _check_unchanged(migrations, applied)
        missing = _missing(migrations, applied.keys(), post=post)
        if not missing:
            return None
        await _ensure_table(connection, migrations, applied)
        migration = missing[0]
        try:
            await connection.execute(migration.sql)
        except asyncpg.LockNotAvailableError:
            raise DatabaseUnavailable(
                f"migration {migration.name} waited {_WAIT} for a table that a long transaction "
                "uses, and was rolled back: end that transaction, then migrate again"
            ) from None
        except (asyncpg.SyntaxOrAccessError, asyncpg.IntegrityConstraintViolationError) as error:
            raise DatabaseUnavailable(
                f"migration {migration.name} failed and was rolled back ({error}): the database "
                "holds what it does not expect; nothing was changed"
            ) from error
        await _note(connection, [migration])
    return migration.name


def _missing(
    migrations: list[Migration], applied: Collection[str], *, post: bool
) -> list[Migration]:
    return [each for each in migrations if each.name not in applied and (post or not each.is_post)]


async def _applied(connection: Connection) -> dict[str, str | None]:
    """What has been applied, with hashes; those of pogo, which we once used, have none."""
    if await connection.fetchval("select to_regclass('public.schema_migrations')") is not None:
        rows = await connection.fetch("select name, hash from public.schema_migrations")
        return {row["name"]: row["hash"] for row in rows}
    if await connection.fetchval("select to_regclass('public._pogo_migration')") is not None:
        rows = await connection.fetch("select migration_id from public._pogo_migration")
        return {row["migration_id"]: None for row in rows}
    return {}


async def _ensure_table(
    connection: Connection, migrations: list[Migration], applied: dict[str, str | None]
) -> None:
    """Make our table, with what pogo applied in it."""
    await connection.execute(
        "create table if not exists public.schema_migrations (name text primary key, "
        "hash text not null, applied_at timestamptz not null default now())"
    )
    await _note(connection, [each for each in migrations if applied.get(each.name, "") is None])


async def _note(connection: Connection, migrations: list[Migration]) -> None:
    await connection.executemany(
        "insert into public.schema_migrations (name, hash) values ($1, $2)",
        [(each.name, each.hash) for each in migrations],
    )


def _check_unchanged(migrations: list[Migration], applied: dict[str, str | None]) -> None:
    for each in migrations:
        if applied.get(each.name) not in (None, each.hash):
            raise SettingsError(
                f"migration {each.name} was changed after this database applied it: put the file "
                "back as it was and write the change as a new one"
            )
