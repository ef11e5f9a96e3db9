"""`python agent.py demo`: the whole main job on this machine, and its proof from Postgres."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
import typer

from agent.cli.calls import print_call, print_calls
from agent.cli.console import console, errors
from agent.cli.context import settings
from agent.cli.demo_outbound import PlacedCall, a_dialler, place_call
from agent.cli.demo_webhooks import an_api, with_carriers_side
from agent.cli.dialogue import dialogue_printer
from agent.cli.stack import ProgressDisplay, bring_up_database
from agent.cli.tables import print_table
from agent.domain.webhook_sources import LIVEKIT_PATH, TELNYX_PATH
from agent.errors import StackError
from agent.local.scenarios.scenario import find_scenario
from agent.local.simulation import (
    SimulatedCall,
    phone_network_url,
    simulate,
    unmet,
    wait_for_record,
)
from agent.local.stack.processes import ChildProcess, free_port, spawn
from agent.local.stack.stack import Stack
from agent.local.stack.state import STACK_DIR, read_state
from agent.settings import ROOT, Settings, read_environment
from agent.store.calls import CallStore
from agent.store.database import Database

app = typer.Typer()

_AT_ONCE = ("books-a-visit", "never-call-again")
_AFTER_THE_SECOND = "hangs-up"
_WORKER_SECONDS = 60.0


@app.command()
def demo() -> None:
    """Three customers phone the agent here, it calls a fourth; then what Postgres holds of it."""
    raise SystemExit(asyncio.run(_demo()))


async def _demo() -> int:
    began = time.monotonic()
    port = free_port()
    async with _a_stack(port) as environment:
        current = settings()
        await bring_up_database(current)
        logs = STACK_DIR / "logs"
        async with (
            _a_worker(environment),
            a_dialler(environment, logs),
            an_api(environment, port, logs),
        ):
            console.print(
                f"\nReady after {time.monotonic() - began:.0f} s. The customers, the phone network "
                "and the language model are [bold]stand-ins[/]; speech is really synthesised and "
                "recognised, and LiveKit and Postgres are real.\n"
            )
            network = phone_network_url(environment)
            calls, placed = await _all_calls(network, current)
            problems = await _read_back(current, calls, placed)
    for problem in problems:
        errors.print(f"[bold red]not as expected:[/] {problem}")
    return 1 if problems else 0


async def _all_calls(network: str, current: Settings) -> tuple[list[SimulatedCall], PlacedCall]:
    """Those that come in, and while the first of them lasts the one that goes out."""
    async with asyncio.TaskGroup() as group:
        coming = group.create_task(_customers(network, current.phone_number))
        placed = group.create_task(place_call(current, network))
    return coming.result(), placed.result()


async def _customers(network: str, our_number: str) -> list[SimulatedCall]:
    """Two at the same time, in two rooms; the third calls when the second has hung up."""

    async def one(name: str) -> SimulatedCall:
        return await simulate(network, find_scenario(name), our_number, dialogue_printer(name))

    first = asyncio.create_task(one(_AT_ONCE[0]))
    try:
        second = await one(_AT_ONCE[1])
        third = await one(_AFTER_THE_SECOND)
        return [await first, second, third]
    finally:
        first.cancel()


async def _read_back(
    current: Settings, calls: list[SimulatedCall], placed: PlacedCall
) -> list[str]:
    """Print the rows; returns what is not as the scenarios expect."""
    problems: list[str] = []
    details = []
    async with Database(current.database_url or "") as database:
        store = CallStore(database)
        for call in calls:
            record = await wait_for_record(store, call.phone.room_name)
            problems += [f"{call.scenario.name}: {gap}" for gap in unmet(call.scenario, record)]
            if call.result.problem:
                problems.append(f"{call.scenario.name}: the customer: {call.result.problem}")
            if record is not None:
                details.append(await with_carriers_side(store, record.id))
        record = await wait_for_record(store, placed.attempt.room_name)
        problems += [f"outbound: {gap}" for gap in unmet(placed.scenario, record)]
        if placed.problem:
            problems.append(f"outbound: {placed.problem}")
        if record is not None:
            details.append(await with_carriers_side(store, record.id))
    if len({call.phone.room_name for call in calls}) != len(calls):
        problems.append("two callers were in one room")
    console.print("\n[bold]What Postgres holds[/]")
    for detail in details:
        console.print()
        print_call(detail)
    console.print("\n[bold]call_logs[/]")
    print_calls([detail.record for detail in details])
    print_table("\nHeard on the phone", ("customer", "first word", "answers"), map(_heard, calls))
    console.print(f"Recordings (caller left, agent right): {current.recordings_dir}")
    console.print("See them again: `python agent.py calls`, `python agent.py calls show ID`")
    return problems


def _heard(call: SimulatedCall) -> tuple[str, str, str]:
    first = call.first_word_after
    answers = ", ".join(f"{latency:.2f}" for latency in call.result.latencies) or "none"
    return (
        call.scenario.name,
        f"after {first:.2f} s" if first is not None else "nothing heard",
        f"after {answers} s",
    )


@asynccontextmanager
async def _a_stack(api_port: int) -> AsyncIterator[Mapping[str, str]]:
    """The running stack of this checkout, or one for the length of the demo.

    Webhooks of the latter go to `api_port` here.
    """
    running = read_state()
    if running is not None:
        errors.print("using the stack that runs in this checkout")
        yield running.environment
        return
    with ProgressDisplay() as display:
        address = f"http://127.0.0.1:{api_port}"
        stack = Stack(
            read_environment(),
            watch=display.show,
            webhook_url=f"{address}{LIVEKIT_PATH}",
            telnyx_webhook_url=f"{address}{TELNYX_PATH}",
        )
        await stack.start()
    try:
        for part in stack.parts:
            errors.print(f"  {part.name:<15} {part.kind:<9} {part.address}")
        yield stack.environment
    finally:
        await stack.stop()


@asynccontextmanager
async def _a_worker(environment: Mapping[str, str]) -> AsyncIterator[None]:
    """A worker process of our own, ready to take calls. Its log: .stack/logs/worker.log."""
    port = free_port()
    worker = spawn(
        "worker",
        [sys.executable, str(ROOT / "agent.py"), "start"],
        log=STACK_DIR / "logs" / "worker.log",
        environment={**environment, "HEALTH_PORT": str(port), "HEALTH_HOST": "127.0.0.1"},
        cwd=ROOT,
    )
    try:
        await worker.ready(lambda: _ready(port), timeout=_WORKER_SECONDS)
        yield
    finally:
        await _end(worker)


async def _end(worker: ChildProcess) -> None:
    await worker.stop(timeout=30)
    if worker.exit_code != 0:
        raise StackError(f"the worker ended with {worker.exit_code}; {worker.last_words()}")


async def _ready(port: int) -> bool:
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session,
            session.get(f"http://127.0.0.1:{port}/readyz") as answer,
        ):
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False
