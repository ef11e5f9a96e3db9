"""`python agent.py start`, `dev`, `dialer`, `api`: the processes that run until they are told.

What a process is made of is imported by its own command: no process waits for another's libraries.
"""

import asyncio
import logging
from typing import Annotated

import typer

from agent.cli.context import settings
from agent.logs.setup import configure_logs

app = typer.Typer()

Pretty = Annotated[bool, typer.Option("--pretty", help="Logs for a person instead of JSON lines.")]


@app.command()
def start(
    pretty: Pretty = False,
    log_level: Annotated[str, typer.Option(help="DEBUG, INFO, WARNING or ERROR.")] = "INFO",
) -> None:
    """Take calls until SIGTERM; then finish the running ones and end."""
    from agent.wiring.worker import run_worker

    level = logging.getLevelNamesMapping().get(log_level.upper())
    if level is None:
        raise typer.BadParameter("write DEBUG, INFO, WARNING or ERROR", param_hint="--log-level")
    configure_logs(json=not pretty, level=level)
    asyncio.run(run_worker(settings()))


@app.command()
def dev() -> None:
    """Take calls on this laptop: reloads on change, starts the local stack if there is none."""
    from agent.cli.dev import run_dev

    configure_logs(json=False)
    asyncio.run(run_dev())


@app.command()
def dialer(pretty: Pretty = False) -> None:
    """Place wanted calls, as far as agents are free, until SIGTERM; any number may run."""
    from agent.wiring.dialer import run_dialer

    configure_logs(json=not pretty)
    asyncio.run(run_dialer(settings()))


@app.command()
def api(pretty: Pretty = False) -> None:
    """Serve the HTTP API (API_HOST, API_PORT) until SIGTERM."""
    from agent.wiring.api import run_api

    configure_logs(json=not pretty)
    asyncio.run(run_api(settings()))
