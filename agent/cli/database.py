"""`python agent.py migrate` and `retention`: the schema of the database, and what is old in it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from agent.cli.console import console
from agent.cli.context import database, settings
from agent.errors import CallError
from agent.store.database import place_of
from agent.store.migrate import migrate as apply
from agent.store.migrate import schema_state
from agent.store.retention import Deleted, delete_older_than

app = typer.Typer()


@app.command()
def migrate(
    post: Annotated[
        bool,
        typer.Option(
            "--post", help="Also what waits until no process of the older version runs any more."
        ),
    ] = False,
) -> None:
    """Create or update our tables in DATABASE_URL; nothing happens when they are up to date."""
    current = settings()
    current.need("DATABASE_URL")
    dsn = current.direct_database_url or str(current.database_url)
    applied, waiting = asyncio.run(_apply(dsn, post=post))
    for name in applied:
        console.print(f"applied {name}")
    for name in waiting:
        console.print(f"waiting {name}: `migrate --post` when the older version is gone")
    console.print(f"[green]up to date[/] {place_of(dsn)}")


@app.command()
def retention(
    days: Annotated[
        int | None, typer.Option(min=1, help="Instead of RETENTION_DAYS.", show_default=False)
    ] = None,
) -> None:
    """Delete recordings and transcripts of calls that ended more than RETENTION_DAYS days ago."""
    deleted = asyncio.run(_delete(days))
    print(f"deleted {deleted.recordings} recordings and {deleted.transcripts} transcripts")
    if deleted.failed:
        raise CallError(
            f"{deleted.failed} recordings could not be deleted: check who owns RECORDINGS_DIR"
        )


async def _apply(dsn: str, *, post: bool) -> tuple[list[str], tuple[str, ...]]:
    """The names of what was applied, and of what waits."""
    return await apply(dsn, post=post), (await schema_state(dsn)).waiting


async def _delete(days: int | None) -> Deleted:
    current = settings()
    cutoff = datetime.now(UTC) - timedelta(days=days or current.retention_days)
    async with database() as opened:
        return await delete_older_than(cutoff, opened, current.recordings_dir)
