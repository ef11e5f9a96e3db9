"""Simulated customers who phone the agent, and whether what they did is in the record.

    async with Simulation(settings, speech_url) as simulation:
        call = await simulation.call(scenario, print)     # rings, talks, hangs up

The phone is in this process: a real participant of the LiveKit that the settings name.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Self

from agent.domain.record import CallRecord
from agent.errors import StackError
from agent.local.customer_lines import prepare_lines
from agent.local.customers import CustomerEvent, CustomerResult, run_customer
from agent.local.phone_network.network import PhoneNetwork
from agent.local.phone_network.upstream import Upstream
from agent.local.scenarios import Scenario
from agent.settings import Settings
from agent.store.calls import CallStore

RECORD_SECONDS = 40.0
"""From the end of a call until its row must be complete, summary included."""
_LOOK_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class SimulatedCall:
    """One call that was made: where it was and how the customer found it."""

    scenario: Scenario
    room_name: str
    result: CustomerResult
    first_word_after: float | None
    """Seconds from the answer to the agent's first sound, as heard on the phone."""


class Simulation:
    """Customers on the phone of one LiveKit. Leaving the block hangs up what still talks."""

    def __init__(self, settings: Settings, speech_url: str) -> None:
        self._settings = settings
        self._speech_url = speech_url
        self._stack = AsyncExitStack()
        self._network: PhoneNetwork | None = None

    async def __aenter__(self) -> Self:
        self._settings.need("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET")
        url = (self._settings.livekit_url or "").replace("ws", "http", 1)
        upstream = await self._stack.enter_async_context(
            Upstream(
                url, self._settings.livekit_api_key or "", self._settings.livekit_api_secret or ""
            )
        )
        self._network = await self._stack.enter_async_context(PhoneNetwork(upstream))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def call(
        self, scenario: Scenario, on_event: Callable[[CustomerEvent], None]
    ) -> SimulatedCall:
        """Dial our number as this customer and hold the call to its end."""
        assert self._network is not None
        lines = await prepare_lines(scenario, self._speech_url)
        phone = await self._network.place_call(
            caller=scenario.number, callee=self._settings.phone_number, ringing_timeout=60
        )
        result = await run_customer(phone, scenario, self._speech_url, on_event, lines)
        measured = phone.measurements
        heard, answered = measured.first_agent_audio_at, measured.answered_at
        return SimulatedCall(
            scenario=scenario,
            room_name=phone.room_name,
            result=result,
            first_word_after=heard - answered if heard and answered else None,
        )


async def wait_for_record(store: CallStore, room_name: str) -> CallRecord | None:
    """The call's complete record, or what there is of it when time is up."""
    deadline = time.monotonic() + RECORD_SECONDS
    while True:
        record = next((r for r in await store.recent(50) if r.room_name == room_name), None)
        complete = record is not None and record.outcome is not None and _whole(record)
        if complete or time.monotonic() > deadline:
            return record
        await asyncio.sleep(_LOOK_SECONDS)


def unmet(scenario: Scenario, record: CallRecord | None) -> list[str]:
    """What the scenario expects in the record and is not there, in words."""
    expected = scenario.expect
    if record is None or record.outcome is None:
        return ["no finished call in Postgres"]
    missing = []
    if record.outcome.disposition != expected.disposition:
        missing.append(f"disposition {record.outcome.disposition}, not {expected.disposition}")
    for question, value in expected.facts.items():
        found = record.facts.answers.get(question)
        if found != value:
            missing.append(f"{question} is {found!r}, not {value!r}")
    return missing


def speech_url(environment: Mapping[str, str]) -> str:
    """Where customers get ears and a voice. Raises StackError when no stack runs here."""
    try:
        return environment["SPEECH_URL"]
    except KeyError:
        raise StackError(
            "no local stack runs in this checkout, and customers need its speech: start it with "
            "`python agent.py stack` (or `dev`) in another terminal"
        ) from None


def _whole(record: CallRecord) -> bool:
    """The summary is the last thing to be written, where somebody spoke."""
    return record.summary is not None or record.disclosed_at is None
