"""`python agent.py retention`: delete recordings and transcripts that are old enough."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from agent.cli.context import database, settings
from agent.errors import CallError
from agent.store.retention import Deleted, delete_older_than

app = typer.Typer()


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


async def _delete(days: int | None) -> Deleted:
    current = settings()
    cutoff = datetime.now(UTC) - timedelta(days=days or current.retention_days)
    async with database() as opened:
        return await delete_older_than(cutoff, opened, current.recordings_dir)
