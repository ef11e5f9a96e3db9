"""`python agent.py stack`: bring up the local stack and keep it until Ctrl-C."""

import asyncio
import contextlib
import signal
from shlex import quote
from typing import Annotated

import typer
from rich.live import Live

from agent.cli.console import console, errors
from agent.cli.context import settings
from agent.cli.tables import Table, print_table, table
from agent.domain.webhook_sources import LIVEKIT_PATH, TELNYX_PATH
from agent.local.stack.parts import READY, Progress
from agent.local.stack.stack import Stack
from agent.settings import Settings, load_settings, read_environment
from agent.store.migrate import migrate

app = typer.Typer()


@app.command()
def stack(
    port: Annotated[
        int | None, typer.Option(help="Where LIVEKIT_URL listens; a free port if not given.")
    ] = None,
    temporary: Annotated[
        bool, typer.Option("--temporary", help="Keep nothing: Postgres starts empty, and fast.")
    ] = False,
) -> None:
    """Start a real LiveKit, Redis and Postgres here, and stand-ins for what needs an account.

    What the environment or .env already names (LIVEKIT_URL, REDIS_URL, DATABASE_URL,
    OPENAI_API_KEY or OPENAI_BASE_URL, DEEPGRAM_API_KEY or DEEPGRAM_BASE_URL) is used instead.
    """
    asyncio.run(_run(port, temporary))


async def _run(port: int | None, temporary: bool) -> None:
    with ProgressDisplay() as display:
        running = Stack(
            read_environment(),
            port=port,
            keep_data=not temporary,
            watch=display.show,
            webhook_url=webhook_address(LIVEKIT_PATH),
            telnyx_webhook_url=webhook_address(TELNYX_PATH),
        )
        asked_to_end = on_signals()
        starting: asyncio.Future[None] = asyncio.create_task(running.start())
        await asyncio.wait([starting, asked_to_end], return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await starting
            return
        await starting
    try:
        await bring_up_database(load_settings(extra=running.environment))
        _print_stack(running)
        watching: asyncio.Future[None] = asyncio.create_task(_fail_with_a_part(running))
        await asyncio.wait([watching, asked_to_end], return_when=asyncio.FIRST_COMPLETED)
        if watching.done():
            await watching
        watching.cancel()
        errors.print("stopping …")
    finally:
        await running.stop()


_API_PORT = 3001


def webhook_address(path: str) -> str:
    """Where `python agent.py api` takes webhooks in, should it run on this machine."""
    return f"http://127.0.0.1:{settings().api_port or _API_PORT}{path}"


async def _fail_with_a_part(running: Stack) -> None:
    raise await running.part_ended()


async def bring_up_database(current: Settings) -> None:
    """Bring the schema of DATABASE_URL up to date: locally nobody should have to think of it."""
    current.need("DATABASE_URL")
    await migrate(current.database_url or "")


def on_signals() -> asyncio.Future[None]:
    """Done at the first Ctrl-C, TERM or closed terminal; the next one ends us the hard way."""
    loop = asyncio.get_running_loop()
    asked: asyncio.Future[None] = loop.create_future()

    def ask(number: signal.Signals) -> None:
        loop.remove_signal_handler(number)
        if not asked.done():
            asked.set_result(None)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ask, number)
    return asked


def _print_stack(running: Stack) -> None:
    rows = [(part.name, part.kind.value, part.address, part.pid) for part in running.parts]
    print_table("local stack", ("part", "", "address", "process"), rows)
    console.print()
    for name, value in running.new_environment.items():
        console.print(f"export {name}={quote(value)}", soft_wrap=True, markup=False)
    console.print()
    errors.print("`python agent.py dev` and `simulate` find this by themselves. Ctrl-C ends it.")


class ProgressDisplay:
    """What every part is doing and for how long: live in a terminal, else a line for each step."""

    def __init__(self) -> None:
        self._last: dict[str, Progress] = {}
        self._live: Live | None = None

    def __enter__(self) -> "ProgressDisplay":
        if errors.is_terminal:
            self._live = Live(console=errors, transient=True, get_renderable=self._render)
            self._live.start()
        return self

    def __exit__(self, *_error: object) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def show(self, progress: Progress) -> None:
        """The ProgressWatch to give to a Stack."""
        before = self._last.get(progress.part)
        self._last[progress.part] = progress
        if self._live is None and (before is None or _kind(before) != _kind(progress)):
            errors.print(f"{progress.part}: {progress.doing} ({progress.seconds:.1f} s)")

    def _render(self) -> Table:
        rows = [
            (part, last.doing, f"{last.seconds:.1f} s" if last.doing == READY else "…")
            for part, last in self._last.items()
        ]
        return table("starting the local stack", ("part", "", ""), rows)


def _kind(progress: Progress) -> str:
    """What a line in a log file is worth: not every second of a build."""
    return progress.doing.split(":", 1)[0]
