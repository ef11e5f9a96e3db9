"""Simulated customers against a phone with a tape in it: they react to what they hear."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import numpy as np
import pytest
from livekit import rtc

from agent.local.customers.customer import CustomerEvent, CustomerResult, EventKind, run_customer
from agent.local.providers.recognition import Pcm
from agent.local.scenarios.scenario import Scenario, find_scenario
from tests.integration.local.providers.conftest import Server

FRAME = 320
FRAME_S = 0.02


@dataclass(frozen=True)
class Frame:
    pcm: bytes
    at: float


@dataclass
class TapePhone:
    """Plays one turn of the agent at first, and the next after each thing that the customer says.

    `stops`: the agent falls silent when it is spoken to. `hangs_up`: after its last turn.
    """

    turns: list[Pcm]
    stops: bool = True
    hangs_up: bool = False
    answers_after: float = 0.0
    said: list[float] = field(default_factory=list)
    pressed: str = ""
    hung_up_at: float | None = None
    replies_after: float = 0.4
    _tape: deque[bytes] = field(default_factory=deque)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    async def room_sid(self) -> str:
        return "RM_tape"

    async def wait_active(self, timeout: float) -> None:
        if self.answers_after > timeout:
            await asyncio.sleep(timeout)
            raise TimeoutError
        await asyncio.sleep(self.answers_after)
        self._next_turn(0.1)

    async def say(self, pcm: bytes, sample_rate: int = 16000) -> None:
        if self.stops:
            self._tape.clear()
        self.said.append(time.monotonic())
        await asyncio.sleep(len(pcm) / 2 / sample_rate)
        self._next_turn(self.replies_after)

    async def listen(self) -> AsyncIterator[Frame]:
        silence, due = bytes(FRAME * 2), time.monotonic()
        while not self._over.is_set():
            due += FRAME_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            yield Frame(self._tape.popleft() if self._tape else silence, due)
            if self.hangs_up and not self.turns and not self._tape:
                self._over.set()

    async def press(self, digits: str) -> None:
        self.pressed += digits

    async def hang_up(self) -> None:
        self.hung_up_at = self.hung_up_at or time.monotonic()
        self._over.set()

    async def wait_ended(self, timeout: float | None) -> object:
        return await asyncio.wait_for(self._over.wait(), timeout)

    def left(self) -> float:
        """Seconds of the agent's speech that were not played."""
        return len(self._tape) * FRAME_S

    def _next_turn(self, after: float) -> None:
        if not self.turns:
            return
        self._tape.extend([bytes(FRAME * 2)] * round(after / FRAME_S))
        turn = self.turns.pop(0)
        for start in range(0, len(turn) - FRAME + 1, FRAME):
            self._tape.append(turn[start : start + FRAME].tobytes())


async def agent_says(server: Server, text: str) -> Pcm:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{server.root}/v1/audio/speech", json={"input": text}) as response,
    ):
        pcm = await response.read()
    resampler = rtc.AudioResampler(24000, 16000)
    frames = [*resampler.push(bytearray(pcm)), *resampler.flush()]
    return np.concatenate([np.frombuffer(frame.data, np.int16) for frame in frames])


def scenario(*steps: dict[str, object]) -> Scenario:
    base = find_scenario("default").model_dump(mode="json", exclude_unset=True)
    return Scenario.model_validate({**base, "customer": list(steps)})


async def live(
    server: Server, phone: TapePhone, *steps: dict[str, object]
) -> tuple[CustomerResult, list[CustomerEvent]]:
    events: list[CustomerEvent] = []
    async with asyncio.timeout(40):
        result = await run_customer(phone, scenario(*steps), server.root, events.append)
    assert list(result.transcript) == events
    return result, events


GREETING = "This call is recorded. How can I help you today?"
LONG = (
    "Gladly. A home battery keeps the power that your solar panels make during the day, "
    "so that you can use it in the evening and at night. It works with panels of every brand."
)


def kinds(events: list[CustomerEvent]) -> list[EventKind]:
    return [event.kind for event in events]


async def test_a_customer_waits_for_the_question_answers_and_reports_the_latency(
    server: Server,
) -> None:
    turns = [await agent_says(server, text) for text in (GREETING, "Thank you. Goodbye.")]
    phone = TapePhone(turns, hangs_up=True)
    result, events = await live(
        server,
        phone,
        {"wait": {"hears": "help you"}},
        {"say": "I own my house."},
        {"wait_end": {}},
    )
    assert result.problem == ""
    heard = " ".join(event.text for event in events if event.kind is EventKind.HEARD)
    assert "How can I help you today?" in heard
    assert "I own my house." in [e.text for e in events if e.kind is EventKind.SAID]
    assert len(result.latencies) == 1
    assert phone.replies_after - 0.1 < result.latencies[0] < phone.replies_after + 0.4
    assert kinds(events)[:2] == [EventKind.RINGING, EventKind.ANSWERED]
    assert events[-1].kind is EventKind.CALL_ENDED
    assert EventKind.HUNG_UP not in kinds(events), "the other side did"


async def test_a_customer_barges_in_at_the_word_it_waits_for(server: Server) -> None:
    # Long enough after the word that also a slow machine understands it before the end.
    phone = TapePhone([await agent_says(server, f"{LONG} {LONG}")])
    result, events = await live(
        server, phone, {"barge_in": {"after_hearing": "panels", "say": "How much does it cost?"}}
    )
    assert result.problem == ""
    assert EventKind.BARGED_IN in kinds(events)
    assert len(result.stops) == 1
    assert result.stops[0] < 0.3, "the tape stops at once"


async def test_a_barge_in_that_the_agent_ignores_is_a_problem(server: Server) -> None:
    phone = TapePhone([await agent_says(server, LONG)], stops=False)
    result, _ = await live(
        server, phone, {"barge_in": {"seconds_into_turn": 1.0, "say": "How much does it cost?"}}
    )
    assert "step 1 (barge_in): the agent still talked" in result.problem
    assert phone.hung_up_at is not None


async def test_a_backchannel_expects_the_agent_to_go_on(server: Server) -> None:
    long = await agent_says(server, LONG)
    step: dict[str, object] = {"backchannel": {"seconds_into_turn": 1.0, "say": "Aha."}}
    goes_on, _ = await live(server, TapePhone([long], stops=False), step)
    assert goes_on.problem == ""
    stops, _ = await live(server, TapePhone([long], stops=True), step)
    assert stops.problem == "step 1 (backchannel): the agent did not go on"


async def test_a_customer_hangs_up_in_the_middle_of_the_sentence(server: Server) -> None:
    phone = TapePhone([await agent_says(server, LONG)])
    result, events = await live(server, phone, {"hang_up": {"seconds_into_turn": 1.5}})
    assert result.problem == ""
    assert phone.left() > 3
    assert kinds(events)[-2:] == [EventKind.HUNG_UP, EventKind.CALL_ENDED]


async def test_a_customer_who_gives_up_while_it_rings_never_hears_anything(
    server: Server,
) -> None:
    phone = TapePhone([await agent_says(server, GREETING)], answers_after=5)
    result, events = await live(server, phone, {"hang_up": {"while_ringing": 0.2}})
    assert result.problem == ""
    assert kinds(events) == [EventKind.RINGING, EventKind.HUNG_UP, EventKind.CALL_ENDED]


async def test_a_question_that_never_comes_is_a_problem_that_says_what_was_heard(
    server: Server,
) -> None:
    phone = TapePhone([await agent_says(server, "This call is recorded.")])
    result, _ = await live(server, phone, {"wait": {"hears": "help you", "within": 12}})
    assert result.problem.startswith("step 1 (wait): waited in vain")
    assert "recorded" in result.problem


async def test_a_customer_takes_its_turn_after_a_greeting_worded_differently(
    server: Server,
) -> None:
    turns = [await agent_says(server, text) for text in ("Welcome to Fernhill.", "Goodbye.")]
    wait = {"hears": "help you", "or_quiet": 1.5, "within": 8}
    phone = TapePhone(turns, hangs_up=True)
    result, _ = await live(server, phone, {"wait": wait}, {"say": "Hello."}, {"wait_end": {}})
    assert result.problem == ""
    assert len(phone.said) == 1


async def test_a_call_that_ends_under_a_waiting_customer_is_a_problem(server: Server) -> None:
    phone = TapePhone([await agent_says(server, "Goodbye.")], hangs_up=True)
    result, _ = await live(server, phone, {"wait": {"hears": "help you"}})
    assert result.problem.startswith("step 1 (wait): the call ended first")


async def test_a_customer_presses_keys_and_can_say_nothing_at_all(server: Server) -> None:
    phone = TapePhone([await agent_says(server, GREETING)])
    result, events = await live(server, phone, {"press": "12#"}, {"silent": 0.5})
    assert result.problem == ""
    assert phone.pressed == "12#"
    assert phone.said == []
    assert EventKind.PRESSED in kinds(events)


async def test_an_answer_that_never_comes_is_a_problem(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.local.customers.customer.ANSWER_WITHIN_S", 0.2)
    result, _ = await live(server, TapePhone([], answers_after=5), {"wait": {}})
    assert "nobody answered" in result.problem
