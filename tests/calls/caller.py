"""A person on the phone, as tests tell it: what they hear, what they say, how it ends.

async with line.call(script) as caller:
    await caller.hears("help you")
    await caller.says("Am I talking to a robot?")
    await caller.hears("artificial intelligence")
call = await caller.record()
"""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import aiohttp
import numpy as np

from agent.domain.calls import EventKind, Speaker
from agent.local.customers.ears import PAUSE_S, TURN_QUIET_S, CallOver, Ears
from agent.local.phones.phone import EndOfCall, HeardFrame, Phone
from agent.local.scenarios.agent_rules import Rule
from agent.store.calls import CallDetail, CallStore
from tests.calls.speech import Samples, Speech, is_loud

HEARS_WITHIN = 60.0
"""Seconds; far more than a call takes on an idle machine, because this one may be busy."""
STOPS_WITHIN = 5.0
ENDS_WITHIN = 60.0
RECORDED_WITHIN = 40.0


class Caller:
    """One caller in one call. Times are `time.monotonic()`."""

    def __init__(self, phone: Phone, speech: Speech, store: CallStore) -> None:
        self.phone = phone
        self.number = phone.number
        self.said: list[str] = []
        """Every line that this caller began to say."""
        self._speech = speech
        self._store = store
        self._ears = Ears(lambda text, began: None, lambda latency: None)
        self._tape: list[HeardFrame] = []
        self._since = float("-inf")
        """The end of the caller's own last words."""

    async def hears(self, pattern: str = "", *, within: float = HEARS_WITHIN) -> str:
        """The agent has said `pattern` since our last words, and has stopped; all that it said."""
        since, ears = self._since, self._ears

        def said_it() -> bool:
            if not ears.spoke_since(since) or ears.quiet_for() < TURN_QUIET_S:
                return False
            heard = ears.text_since(since)
            return bool(heard) and re.search(pattern, heard, re.IGNORECASE) is not None

        await self._until(said_it, f"waited to hear {pattern!r}", within)
        return ears.text_since(since)

    async def hears_it_speak(self, *, for_seconds: float = 0.2) -> None:
        """The agent is in the middle of a turn, which it began so long ago."""
        since, ears = self._since, self._ears

        def speaks() -> bool:
            if not ears.spoke_since(since) or ears.quiet_for() > PAUSE_S:
                return False
            return ears.now - max(ears.turn_began or since, since) >= for_seconds

        await self._until(speaks, "waited for the agent to speak", HEARS_WITHIN)

    async def hears_it_fall_silent(self, *, within: float = STOPS_WITHIN) -> float:
        """The agent has stopped in the middle of a sentence; when its last sound was."""
        ears = self._ears
        await self._until(lambda: ears.quiet_for() >= PAUSE_S, "waited for silence", within)
        assert ears.last_loud is not None
        return ears.last_loud

    async def hears_it_go_on(self, *, within: float = HEARS_WITHIN) -> None:
        """The agent speaks again after the caller's last words."""
        since, ears = self._since, self._ears
        await self._until(lambda: ears.spoke_since(since), "waited for it to go on", within)

    async def says(self, line: str, voice: str = "pico:en-GB") -> None:
        """Returns when the last word is out."""
        pcm, rate = await self._speech.spoken(line, voice)
        self.said.append(line)
        await self.phone.say(pcm, rate)
        self._since = time.monotonic()

    async def interrupts(self, line: str, *, after: float = 2.0) -> float:
        """Say `line` while the agent talks, `after` seconds into its turn.

        Returns when the agent made its last sound before it gave way.
        """
        await self._speech.spoken(line)  # made before the moment comes
        await self.hears_it_speak(for_seconds=after)
        saying = asyncio.create_task(self.says(line))
        try:
            return await self.hears_it_fall_silent()
        finally:
            await saying

    async def talks_over(self, line: str, *, after: float = 0.5) -> None:
        """Say `line` while the agent talks, whether it gives way or not."""
        await self._speech.spoken(line)
        await self.hears_it_speak(for_seconds=after)
        await self.says(line)

    async def hangs_up(self) -> None:
        """Put the receiver down."""
        await self.phone.hang_up()

    async def is_hung_up_on(self, *, within: float = ENDS_WITHIN) -> EndOfCall:
        """The other side has ended the call; how."""
        try:
            end = await self.phone.wait_ended(within)
        except TimeoutError:
            raise AssertionError(f"still on the line; {self._so_far()}") from None
        assert end.by == "them" or end.reason == "transferred", end
        return end

    async def heard(self, start: float = float("-inf"), end: float = float("inf")) -> str:
        """Every word between the two moments, recognised anew from the tape of the phone."""
        return await self._speech.recognised(self.sound(start, end))

    def sound(self, start: float = float("-inf"), end: float = float("inf")) -> Samples:
        """What came out of the phone between the two moments: 16 kHz."""
        frames = [frame.pcm for frame in self._tape if start <= frame.at <= end]
        return np.frombuffer(b"".join(frames), np.int16)

    def longest_silence(self) -> float:
        """Seconds for which this phone played nothing at a stretch, from the answer on."""
        longest = now = 0
        for frame in self._tape:
            now = 0 if is_loud(np.frombuffer(frame.pcm, np.int16)) else now + 1
            longest = max(longest, now)
        return longest / 50

    async def record(
        self,
        *,
        also: Callable[[CallDetail], bool] = lambda call: True,
        summary: bool = True,
        within: float = RECORDED_WITHIN,
    ) -> CallDetail:
        """What Postgres holds of this call, once it is complete and `also` holds.

        `summary`: a call in which somebody spoke has one, so wait for it.
        """
        return await record_of(
            self.phone.room_name, self._store, also=also, summary=summary, within=within
        )

    async def record_so_far(self) -> CallDetail | None:
        """What Postgres holds of this call now."""
        return await _find(self.phone.room_name, self._store)

    @asynccontextmanager
    async def on_the_line(
        self, script: Sequence[Rule], summary: str, *, interim: bool
    ) -> AsyncIterator[None]:
        """Listen for the length of the block; then hang up if the call still lasts."""
        await self._speech.script(await self.phone.room_sid(), script, summary)
        async with aiohttp.ClientSession() as http:
            listening = asyncio.create_task(
                self._ears.run(self.phone.listen(), http, self._speech.root, interim=interim)
            )
            taping = asyncio.create_task(self._record_on_tape())
            try:
                yield
            finally:
                await self.phone.hang_up()
                await asyncio.wait([listening, taping], timeout=5)
                for task in (listening, taping):
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await task

    async def _record_on_tape(self) -> None:
        async for frame in self.phone.listen():
            self._tape.append(frame)

    async def _until(self, condition: Callable[[], bool], what: str, within: float) -> None:
        try:
            await self._ears.until(condition, within)
        except TimeoutError:
            raise AssertionError(f"{what} for {within:g} s; {self._so_far()}") from None
        except CallOver:
            if condition():
                return
            raise AssertionError(f"{what}; the call ended first; {self._so_far()}") from None

    def _so_far(self) -> str:
        heard = self._ears.text_since(float("-inf"))
        return f"the caller said {self.said} and heard {heard!r}"


async def record_of(
    room_name: str,
    store: CallStore,
    *,
    also: Callable[[CallDetail], bool] = lambda call: True,
    summary: bool = True,
    within: float = RECORDED_WITHIN,
) -> CallDetail:
    """The record of the call in that room, once it is complete and `also` holds."""
    deadline = time.monotonic() + within
    found: CallDetail | None = None
    while time.monotonic() < deadline:
        found = await _find(room_name, store)
        if found is not None and _is_complete(found, summary=summary) and also(found):
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"the record is not complete: {found}")


async def _find(room_name: str, store: CallStore) -> CallDetail | None:
    for record in await store.recent(100):
        if record.room_name == room_name:
            return await store.show(record.id)
    return None


def _is_complete(call: CallDetail, *, summary: bool) -> bool:
    kinds = {event.kind for event in call.events}
    somebody_spoke = any(turn.speaker is Speaker.CALLER for turn in call.turns)
    return (
        call.record.outcome is not None
        and (EventKind.RECORDING_STARTED not in kinds or EventKind.RECORDING_SAVED in kinds)
        and (not somebody_spoke or not summary or EventKind.SUMMARISED in kinds)
    )
