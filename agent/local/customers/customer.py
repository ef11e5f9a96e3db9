"""Simulated customers: they hold a phone, listen, and do what their scenario says.

They react to what is heard, never to a timetable: a step waits for the end of the agent's speech,
or for words recognised in it, each with a deadline after which the step has failed.
"""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Protocol

import aiohttp

from agent.errors import Unavailable
from agent.local.customers.ears import PAUSE_S, TURN_QUIET_S, CallOver, Ears, HeardFrame
from agent.local.customers.events import CustomerEvent, CustomerResult, EventKind
from agent.local.customers.lines import Lines, prepare_lines, register_room
from agent.local.scenarios.scenario import Scenario
from agent.local.scenarios.steps import (
    BackchannelStep,
    BargeInStep,
    HangUp,
    HangUpStep,
    PressStep,
    SayStep,
    SilentStep,
    SpeakDuringTurn,
    Step,
    TalkOverStep,
    Wait,
    WaitEndStep,
    WaitStep,
)

__all__ = ["CustomerEvent", "CustomerResult", "EventKind", "Phone", "run_customer"]

ANSWER_WITHIN_S = 30.0
ENDS_WITHIN_S = 10.0
"""After hanging up; a phone that takes longer is left to its network."""

STOPS_WITHIN_S = 2.0
"""An agent that still talks so long after a barge-in did not stop."""

GOES_ON_WITHIN_S = 5.0
"""An agent may pause at an "mm-hm", and must then go on."""


class Phone(Protocol):
    """What a customer needs of a phone; `agent.local.phones.phone.Phone` is one."""

    async def room_sid(self) -> str:
        """The room's id (RM_…): what the agent's requests to the chat model carry."""

    async def say(self, pcm: bytes, sample_rate: int = 16000) -> None:
        """Returns when the last of it was sent."""

    def listen(self) -> AsyncIterator[HeardFrame]:
        """Every 20 ms of the call, silence included, until it ends."""

    async def press(self, digits: str) -> None: ...

    async def hang_up(self) -> None: ...

    async def wait_active(self, timeout: float) -> None:
        """Raises TimeoutError, and Unavailable when the call ended before it was answered."""

    async def wait_ended(self, timeout: float | None) -> object: ...


async def run_customer(
    phone: Phone,
    scenario: Scenario,
    speech_url: str,
    on_event: Callable[[CustomerEvent], None],
    lines: Lines | None = None,
) -> CustomerResult:
    """Hold `phone` from the ringing to the end of the call. Always hangs up.

    `speech_url` is the root of the providers' stand-in. `lines` are the customer's lines, made
    before dialling (`prepare_lines`); without them they are made now, while it rings.
    """
    async with aiohttp.ClientSession() as session:
        if lines is None:
            lines = await prepare_lines(scenario, speech_url)
        await register_room(session, speech_url, await phone.room_sid(), scenario)
        customer = _Customer(phone, scenario, lines, on_event)
        return await customer.live(session, speech_url)


@dataclass(slots=True)
class _Customer:
    phone: Phone
    scenario: Scenario
    lines: Lines
    on_event: Callable[[CustomerEvent], None]
    began: float = field(default_factory=time.monotonic)
    ears: Ears = field(init=False)
    transcript: list[CustomerEvent] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    stops: list[float] = field(default_factory=list)
    latency: float | None = None
    """Of the answer that is being spoken, until its words are recognised."""
    listening_since: float = float("-inf")
    """The end of the customer's own last words."""

    def __post_init__(self) -> None:
        self.ears = Ears(self._heard, self._answered)

    async def live(self, session: aiohttp.ClientSession, root: str) -> CustomerResult:
        self._tell(EventKind.RINGING)
        problem = ""
        listening: asyncio.Task[None] | None = None
        try:
            steps = await self._pick_up()
            if steps:
                listening = asyncio.create_task(
                    self.ears.run(
                        self.phone.listen(), session, root, interim=_wants_interim(self.scenario)
                    )
                )
            for number, step in steps:
                problem = await self._try(number, step)
                if problem:
                    break
        except TimeoutError:
            problem = f"nobody answered within {ANSWER_WITHIN_S:.0f} s"
        except Unavailable as error:
            problem = str(error)
        finally:
            await self._leave(listening)
        if listening is not None and not problem and not listening.cancelled():
            deaf = listening.exception()
            problem = f"the customer went deaf: {deaf!r}" if deaf is not None else ""
        return CustomerResult(
            self.scenario.name,
            tuple(self.transcript),
            problem,
            tuple(self.latencies),
            tuple(self.stops),
        )

    async def _pick_up(self) -> list[tuple[int, Step]]:
        """Wait for the answer. Returns the numbered steps that remain, none after hanging up."""
        steps = list(enumerate(self.scenario.customer, 1))
        first = steps[0][1]
        if isinstance(first, HangUpStep) and first.hang_up.while_ringing is not None:
            try:
                await self.phone.wait_active(first.hang_up.while_ringing)
            except TimeoutError:
                await self._hang_up()
                return []
            self._tell(EventKind.ANSWERED)
            return steps  # the agent was faster; hanging up now still is a step
        await self.phone.wait_active(ANSWER_WITHIN_S)
        self._tell(EventKind.ANSWERED)
        return steps

    async def _leave(self, listening: asyncio.Task[None] | None) -> None:
        if not self._has(EventKind.HUNG_UP):
            await self.phone.hang_up()
        with contextlib.suppress(TimeoutError):
            await self.phone.wait_ended(ENDS_WITHIN_S)
        if listening is not None:
            _, pending = await asyncio.wait([listening], timeout=1.0)
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
        self._tell(EventKind.CALL_ENDED)

    async def _try(self, number: int, step: Step) -> str:
        """Do a step; what is wrong if it cannot be done."""
        kind = next(iter(step.model_fields_set))
        try:
            return _problem(number, kind, await self._do(step))
        except TimeoutError:
            heard = self.ears.text_since(self.listening_since)
            return _problem(number, kind, f"waited in vain; heard meanwhile: {heard!r}")
        except CallOver:
            heard = self.ears.text_since(self.listening_since)
            return _problem(number, kind, f"the call ended first; heard before: {heard!r}")

    async def _do(self, step: Step) -> str:
        if isinstance(step, WaitStep):
            await self._wait(step.wait)
        elif isinstance(step, SayStep):
            await self._say(step.say, EventKind.SAID)
        elif isinstance(step, BargeInStep):
            return await self._barge_in(step.barge_in)
        elif isinstance(step, BackchannelStep):
            return await self._backchannel(step.backchannel)
        elif isinstance(step, TalkOverStep):
            await self._moment(step.talk_over)
            await self._say(step.talk_over.say, EventKind.SAID)
        elif isinstance(step, HangUpStep):
            if step.hang_up.has_moment:
                await self._moment(step.hang_up)
            await self._hang_up()
        elif isinstance(step, PressStep):
            await self.phone.press(step.press)
            self._tell(EventKind.PRESSED, step.press)
        elif isinstance(step, SilentStep):
            await self._ended_within(step.silent)
        elif isinstance(step, WaitEndStep) and not await self._ended_within(step.wait_end.within):
            return "the other side did not end the call"
        return ""

    async def _wait(self, wait: Wait) -> None:
        """Until the agent said something since the customer's last words, and stopped."""
        since = self.listening_since

        def said_it() -> bool:
            quiet = self.ears.quiet_for()
            if not self.ears.spoke_since(since) or quiet < TURN_QUIET_S:
                return False
            if wait.or_quiet is not None and quiet >= wait.or_quiet:
                return True
            return wait.hears is None or _fits(wait.hears, self.ears.text_since(since))

        await self.ears.until(said_it, wait.within)

    async def _moment(self, moment: SpeakDuringTurn | HangUp) -> None:
        """Until the moment in the agent's turn that the step names, while the agent talks."""
        since = self.listening_since

        def has_come() -> bool:
            ears = self.ears
            if not ears.spoke_since(since) or ears.quiet_for() > PAUSE_S:
                return False
            if moment.after_hearing is not None:
                return _fits(moment.after_hearing, ears.text_since(since, interim=True))
            began = max(ears.turn_began or since, since)
            return ears.now - began >= (moment.seconds_into_turn or 0.0)

        await self.ears.until(has_come, moment.within)

    async def _barge_in(self, barge_in: SpeakDuringTurn) -> str:
        await self._moment(barge_in)
        began = self.ears.now
        speaking = asyncio.create_task(self._say(barge_in.say, EventKind.BARGED_IN))
        try:
            await self.ears.until(lambda: self.ears.quiet_for() >= PAUSE_S, STOPS_WITHIN_S)
        except TimeoutError:
            return f"the agent still talked {STOPS_WITHIN_S:.0f} s after the barge-in began"
        else:
            assert self.ears.last_loud is not None
            self.stops.append(max(0.0, self.ears.last_loud - began))
        finally:
            await speaking
        return ""

    async def _backchannel(self, backchannel: SpeakDuringTurn) -> str:
        await self._moment(backchannel)
        since = self.listening_since
        await self._say(backchannel.say, EventKind.SAID)
        self.ears.await_answer(None)  # the agent's going on is no answer
        ended = self.listening_since
        self.listening_since = since  # what was said before belongs to the same turn
        try:
            await self.ears.until(lambda: self.ears.spoke_since(ended), GOES_ON_WITHIN_S)
        except TimeoutError:
            return "the agent did not go on"
        return ""

    async def _say(self, line: str, kind: EventKind) -> None:
        pcm = self.lines.pcm[line]
        self._tell(kind, line)
        await self.phone.say(pcm, self.lines.sample_rate)
        self.listening_since = time.monotonic()
        self.ears.await_answer(self.listening_since)

    async def _hang_up(self) -> None:
        await self.phone.hang_up()
        self._tell(EventKind.HUNG_UP)

    async def _ended_within(self, seconds: float) -> bool:
        try:
            await self.phone.wait_ended(seconds)
        except TimeoutError:
            return False
        return True

    def _answered(self, latency: float) -> None:
        self.latencies.append(latency)
        self.latency = latency

    def _heard(self, text: str, began: float) -> None:
        """Every final recognition; the first words of an answer carry its latency."""
        latency = None
        if began > self.listening_since - PAUSE_S:
            latency, self.latency = self.latency, None
        self._tell(EventKind.HEARD, text, latency)

    def _tell(self, kind: EventKind, text: str = "", latency: float | None = None) -> None:
        event = CustomerEvent(round(time.monotonic() - self.began, 3), kind, text, latency)
        self.transcript.append(event)
        self.on_event(event)

    def _has(self, kind: EventKind) -> bool:
        return any(event.kind is kind for event in self.transcript)


def _wants_interim(scenario: Scenario) -> bool:
    """Does a step wait for a word in a sentence that is still being spoken?"""
    moments = [getattr(step, next(iter(step.model_fields_set))) for step in scenario.customer]
    return any(getattr(moment, "after_hearing", None) is not None for moment in moments)


def _fits(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.IGNORECASE) is not None


def _problem(number: int, kind: str, what: str) -> str:
    return f"step {number} ({kind}): {what}" if what else ""
