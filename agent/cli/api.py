"""`python agent.py api`: the HTTP API on port 3001."""

import asyncio
from typing import Annotated

import typer

from agent.cli.context import settings
from agent.logs.setup import configure_logs

app = typer.Typer()


@app.command()
def api(
    pretty: Annotated[
        bool, typer.Option("--pretty", help="Logs for a person instead of JSON lines.")
    ] = False,
) -> None:
    """Serve the HTTP API (API_HOST, API_PORT) until SIGTERM."""
    # Here, not above: no other command should wait for the web server's libraries to load.
    from agent.wiring.api import run_api

    configure_logs(json=not pretty)
    asyncio.run(run_api(settings()))
