"""Simulated customers who phone the agent, and whether what they did is in the record.

    call = await simulate(phone_network_url, scenario, our_number, print)

The phone lives in the stack's phone network, as a real caller's does in the carrier's.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import aiohttp
from pydantic import TypeAdapter

from agent.domain.calls import EventKind, Speaker
from agent.domain.record import CallRecord
from agent.errors import StackError
from agent.local.customers.events import CustomerEvent, CustomerResult
from agent.local.phone_network.control_models import CallView, Line, PlaceCall
from agent.local.scenarios.scenario import Scenario
from agent.store.calls import CallDetail, CallStore

RINGING_SECONDS = 60.0
RECORD_SECONDS = 20.0
"""From the end of a call until its row must be complete, summary included."""
_LOOK_SECONDS = 0.25

_EVENT = TypeAdapter(CustomerEvent)
_RESULT = TypeAdapter(CustomerResult)


@dataclass(frozen=True, slots=True)
class SimulatedCall:
    """One call that was made: how the customer found it, and what the network measured."""

    scenario: Scenario
    result: CustomerResult
    phone: CallView

    @property
    def first_word_after(self) -> float | None:
        """Seconds from the answer to the agent's first sound, as heard on the phone."""
        return self.phone.first_agent_audio_after


async def simulate(
    phone_network_url: str,
    scenario: Scenario,
    our_number: str,
    on_event: Callable[[CustomerEvent], None],
) -> SimulatedCall:
    """Dial `our_number` as this customer and hold the call to its end.

    Raises StackError when the phone network cannot be reached or cannot place the call.
    """
    wanted = PlaceCall(
        caller=scenario.number,
        callee=our_number,
        scenario=scenario.model_dump(mode="json", exclude_unset=True),
        ringing_timeout=RINGING_SECONDS,
    )
    result: CustomerResult | None = None
    phone: CallView | None = None
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session,
            session.post(
                f"{phone_network_url}/phone-network/calls", json=wanted.model_dump(mode="json")
            ) as answer,
        ):
            async for raw in answer.content:
                line = Line.model_validate_json(raw)
                phone = line.call or phone
                if line.line == "event":
                    on_event(_EVENT.validate_python(line.event))
                elif line.line == "result":
                    result = _RESULT.validate_python(line.event)
                elif line.line == "error":
                    raise StackError(f"the phone network: {line.message}")
    except aiohttp.ClientError as error:
        raise StackError(
            f"the phone network does not answer at {phone_network_url} "
            f"({type(error).__name__}): start the stack again"
        ) from None
    if result is None or phone is None:
        raise StackError("the phone network ended the call without a result; see its log")
    return SimulatedCall(scenario, result, phone)


async def wait_for_record(store: CallStore, room_name: str) -> CallRecord | None:
    """The call's complete record, or what there is of it when time is up."""
    deadline = time.monotonic() + RECORD_SECONDS
    while True:
        record = next((r for r in await store.recent(50) if r.room_name == room_name), None)
        late = time.monotonic() > deadline
        if late or (record is not None and _is_whole(await store.show(record.id))):
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


def phone_network_url(environment: Mapping[str, str]) -> str:
    """Where simulated customers phone from. Raises StackError when no stack runs here."""
    try:
        return environment["PHONE_NETWORK_URL"]
    except KeyError:
        raise StackError(
            "no phone network runs in this checkout: start the local stack with "
            "`python agent.py stack` (or `dev`) in another terminal, without LIVEKIT_URL"
        ) from None


def _is_whole(call: CallDetail) -> bool:
    """After the end come the recording's name, if there is one, and a summary, if anybody spoke."""
    record = call.record
    kinds = {event.kind for event in call.events}
    recorded = EventKind.RECORDING_STARTED not in kinds or record.recording is not None
    spoke = any(turn.speaker is Speaker.CALLER for turn in call.turns)
    return record.outcome is not None and recorded and (record.summary is not None or not spoke)
