"""`python agent.py dialer`: the process that sees to it that wanted calls are placed."""

import asyncio
from typing import Annotated

import typer

from agent.cli.context import settings
from agent.logs.setup import configure_logs
from agent.wiring.dialer import run_dialer

app = typer.Typer()


@app.command()
def dialer(
    pretty: Annotated[
        bool, typer.Option("--pretty", help="Logs for a person instead of JSON lines.")
    ] = False,
) -> None:
    """Place wanted calls, as far as agents are free, until SIGTERM; any number may run."""
    configure_logs(json=not pretty)
    asyncio.run(run_dialer(settings()))
