"""`python agent.py dev`: a worker that reloads on change, with the local stack under it."""

import asyncio
import contextlib
import signal
from collections.abc import Mapping

from agent.cli.console import errors
from agent.cli.context import settings
from agent.cli.stack import ProgressDisplay, bring_up_database, webhook_address
from agent.domain.webhook_sources import LIVEKIT_PATH, TELNYX_PATH
from agent.local.stack.reloading import ReloadingWorker
from agent.local.stack.stack import Stack
from agent.local.stack.state import read_state
from agent.settings import read_environment

_DEV_DRAIN_SECONDS = 60.0


async def run_dev() -> None:
    """Until Ctrl-C: brings up the local stack first where neither LIVEKIT_URL nor a stack is."""
    given = read_environment()
    running = read_state()
    if "LIVEKIT_URL" in given or "LIVEKIT_WS_URL" in given or running is not None:
        await _work(running.environment if running else {}, local=running is not None)
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
        await bring_up_database(settings())
        await _work(stack.environment, local=True)
    finally:
        await stack.stop()


async def _work(environment: Mapping[str, str], *, local: bool) -> None:
    """Run the reloading worker until Ctrl-C; a second Ctrl-C does not wait for running calls."""
    worker = ReloadingWorker(environment)
    if local:
        errors.print(
            "\nPlace a call from a second terminal:  "
            "[bold]python agent.py simulate books-a-visit[/]\n"
        )
    loop = asyncio.get_running_loop()
    asked, hurried = asyncio.Event(), asyncio.Event()

    def on_signal() -> None:
        (hurried if asked.is_set() else asked).set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, on_signal)
    running = asyncio.create_task(worker.run())
    stopping = asyncio.create_task(asked.wait())
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            await running
        errors.print("finishing running calls; Ctrl-C again to cut them")
        running.cancel()
        ending = asyncio.create_task(worker.stop(_DEV_DRAIN_SECONDS))
        hurry = asyncio.create_task(hurried.wait())
        await asyncio.wait({ending, hurry}, return_when=asyncio.FIRST_COMPLETED)
        for task in (ending, hurry):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
    finally:
        worker.kill()
