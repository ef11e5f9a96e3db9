"""`python agent.py migrate`: bring the database's schema up to date."""

import asyncio

import typer

from agent.cli.console import console
from agent.cli.context import settings
from agent.store.database import place_of
from agent.store.migrate import migrate as apply

app = typer.Typer()


@app.command()
def migrate() -> None:
    """Create or update our tables in DATABASE_URL; nothing happens when they are up to date."""
    current = settings()
    current.need("DATABASE_URL")
    dsn = str(current.database_url)
    applied = asyncio.run(apply(dsn))
    for name in applied:
        console.print(f"applied {name}")
    console.print(f"[green]up to date[/] {place_of(dsn)}")
