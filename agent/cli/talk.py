"""`python agent.py talk`: stack, worker and page in one command, to talk to the agent oneself."""

import asyncio
import socket
import sys
import webbrowser
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from agent.cli.console import console, errors
from agent.cli.context import settings
from agent.cli.stack import (
    ProgressDisplay,
    bring_up_database,
    on_signals,
    webhook_address,
)
from agent.domain.webhook_sources import LIVEKIT_PATH, TELNYX_PATH
from agent.errors import StackError
from agent.local.stack.processes import is_running
from agent.local.stack.reloading import ReloadingWorker
from agent.local.stack.stack import Stack
from agent.local.stack.state import read_state
from agent.logs.setup import configure_logs
from agent.settings import Environment, Settings, child_environment, read_environment
from agent.store.database import Database
from agent.store.heartbeats import HeartbeatStore, Process, ProcessKind
from agent.wiring.dashboard import check_talk, talk_page

app = typer.Typer()

_WORKER_SECONDS = 90.0
_LOOK_SECONDS = 0.25
_DRAIN_SECONDS = 15.0


@app.command()
def talk(
    playbook: Annotated[
        str | None, typer.Option(help="A file of prompts/playbooks; PLAYBOOK if not given.")
    ] = None,
    no_open: Annotated[
        bool, typer.Option("--no-open", help="Print the link, and leave the browser alone.")
    ] = False,
) -> None:
    """Talk to the agent in your browser: starts what does not run yet, and prints a link.

    The link works once. A running `dev` or `stack` is used. The worker reloads when a file changes.
    """
    configure_logs(json=settings().environment is Environment.PRODUCTION)
    asyncio.run(_talk(playbook, open_it=not no_open))


async def _talk(playbook: str | None, *, open_it: bool) -> None:
    asked = on_signals()
    running = asyncio.create_task(_serve(playbook, open_it=open_it))
    await asyncio.wait([running, asked], return_when=asyncio.FIRST_COMPLETED)
    if not running.done():
        running.cancel()
        await asyncio.wait([running])
    if not running.cancelled():
        running.result()


async def _serve(playbook: str | None, *, open_it: bool) -> None:
    if settings().environment is Environment.PRODUCTION:
        async with talk_page(settings(), playbook) as link:
            console.print(link, soft_wrap=True, markup=False)
            await asyncio.Event().wait()
    async with _a_stack() as environment:
        current = settings()
        check_talk(current)
        await bring_up_database(current)
        async with _a_worker(current, environment), talk_page(current, playbook) as link:
            errors.print(
                "\nOpen this link, press [bold]Call[/], allow the microphone and speak. It works "
                "once: run the command again for another. Ctrl-C ends it.\n"
            )
            console.print(link, soft_wrap=True, markup=False)
            if open_it and _has_screen():
                await asyncio.to_thread(webbrowser.open, link)
            await asyncio.Event().wait()


@asynccontextmanager
async def _a_stack() -> AsyncIterator[Mapping[str, str]]:
    """The LiveKit that the settings name, the stack that runs here, or one for this block."""
    given, running = read_environment(), read_state()
    if "LIVEKIT_URL" in given or "LIVEKIT_WS_URL" in given or running is not None:
        yield running.environment if running else {}
        return
    with ProgressDisplay() as display:
        stack = Stack(
            given,
            watch=display.show,
            webhook_url=webhook_address(LIVEKIT_PATH),
            telnyx_webhook_url=webhook_address(TELNYX_PATH),
        )
        await stack.start()
    try:
        yield stack.environment
    finally:
        await stack.stop()


@asynccontextmanager
async def _a_worker(current: Settings, environment: Mapping[str, str]) -> AsyncIterator[None]:
    """The worker that runs, as `dev` or by hand; else one of ours, which reloads on change."""
    async with Database(current.database_url or "", max_size=1) as database:
        heartbeats = HeartbeatStore(database)
        if await _workers(heartbeats, current):
            errors.print("using the worker that runs")
            yield
            return
        worker = ReloadingWorker(environment)
        reloading = asyncio.create_task(worker.run(), name="worker")
        try:
            await _ready(heartbeats, current, worker)
            yield
        finally:
            reloading.cancel()
            await worker.stop(_DRAIN_SECONDS)
            worker.kill()


async def _ready(heartbeats: HeartbeatStore, current: Settings, worker: ReloadingWorker) -> None:
    """Return when a worker can be sent a call: before that LiveKit never sends one to the room."""
    try:
        async with asyncio.timeout(_WORKER_SECONDS):
            while not any(int(each.detail["free"]) for each in await _workers(heartbeats, current)):
                if worker.exit_code is not None:
                    raise StackError("the worker ended, and says above why: mend it, start again")
                await asyncio.sleep(_LOOK_SECONDS)
    except TimeoutError:
        raise StackError(
            f"the worker is not ready after {_WORKER_SECONDS:.0f} s: its log is above"
        ) from None


async def _workers(heartbeats: HeartbeatStore, current: Settings) -> list[Process]:
    """The live workers that take this agent's calls."""
    return [
        each
        for each in await heartbeats.live(ProcessKind.WORKER)
        if each.detail.get("agent") == current.agent_name and not _is_dead(each)
    ]


def _is_dead(process: Process) -> bool:
    """Who was killed here is heard of for ten more seconds."""
    return process.host == socket.gethostname() and not is_running(process.pid)


def _has_screen() -> bool:
    """Without one, a text browser would take this terminal."""
    if sys.platform in ("darwin", "win32"):
        return True
    environment = child_environment()
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))
