"""The demo's call that we place: an attempt, the dialler, and a customer who picks up."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom
from uuid import uuid4

import aiohttp

from agent.cli.console import console
from agent.domain.attempts import (
    Attempt,
    AttemptOutcome,
    AttemptState,
    Basis,
    CallRequest,
    Origin,
)
from agent.domain.phone_numbers import PhoneNumber, parse
from agent.errors import StackError
from agent.local.scenarios.scenario import Scenario, find_scenario
from agent.local.stack.processes import spawn
from agent.settings import ROOT, Settings
from agent.store.attempts import AttemptStore
from agent.store.database import Database
from agent.store.kill_switch import KillSwitchStore

SCENARIO = "not-interested"
_READY_SECONDS = 60.0
_CALL_SECONDS = 90.0
_LOOK_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class PlacedCall:
    """The attempt when it is over, and who was called."""

    scenario: Scenario
    attempt: Attempt

    @property
    def problem(self) -> str | None:
        """Why nobody was rung; None if somebody was."""
        if self.attempt.outcome is AttemptOutcome.RANG:
            return None
        return f"not rung: {self.attempt.outcome or 'still waiting'}, {self.attempt.last_error}"


@asynccontextmanager
async def a_dialler(environment: Mapping[str, str], logs: Path) -> AsyncIterator[None]:
    """A dialler process for the length of the block. Its log: `logs`/dialler.log."""
    dialler = spawn(
        "dialler",
        [sys.executable, str(ROOT / "agent.py"), "dialer"],
        log=logs / "dialler.log",
        environment=environment,
        cwd=ROOT,
    )
    try:
        yield
    finally:
        await dialler.stop(timeout=20)
    if dialler.exit_code != 0:
        raise StackError(f"the dialler ended with {dialler.exit_code}; {dialler.last_words()}")


async def place_call(current: Settings, network: str) -> PlacedCall:
    """Have a simulated customer called and wait until it is over."""
    scenario = find_scenario(SCENARIO)
    # Another one each time: a number is only called so often a day.
    number = parse(f"+3247056{SystemRandom().randrange(10000):04d}")
    await _pick_up(network, number)
    async with Database(current.database_url or "") as database:
        await _until_ready(database)
        store = AttemptStore(database)
        now = datetime.now(UTC)
        request = CallRequest(Origin.CLI, number, Basis.CALL_REQUESTED, now, customer_id="demo")
        attempt = await store.add(request, attempt_id=uuid4(), call_id=uuid4(), now=now)
        console.print("[dim]outbound[/]           the agent is asked to call a customer")
        attempt = await _until_over(store, attempt)
    console.print(f"[dim]outbound[/]           over: {attempt.outcome}")
    return PlacedCall(scenario, attempt)


async def _pick_up(network: str, number: PhoneNumber) -> None:
    """Let the phone network's customer answer there."""
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session,
        session.put(
            f"{network}/phone-network/numbers/{number}",
            json={"does": "answers", "after": 1.0, "scenario": SCENARIO},
        ) as answer,
    ):
        if answer.status != 204:
            raise StackError(f"the phone network answered {answer.status}: {await answer.text()}")


async def _until_ready(database: Database) -> None:
    """Both processes have said that they live."""
    try:
        async with asyncio.timeout(_READY_SECONDS):
            while problems := await KillSwitchStore(database).why_no_dialling():  # noqa: ASYNC110  # other processes
                await asyncio.sleep(_LOOK_SECONDS)
    except TimeoutError:
        raise StackError(f"no call can be placed: {'; '.join(problems)}") from None


async def _until_over(store: AttemptStore, attempt: Attempt) -> Attempt:
    try:
        async with asyncio.timeout(_CALL_SECONDS):
            while attempt.state is not AttemptState.DONE:
                await asyncio.sleep(_LOOK_SECONDS)
                attempt = await store.show(attempt.id)
    except TimeoutError:
        await store.cancel(attempt.id)
    return attempt
