"""One call with the bench's caller: listens for loudness only, speaks lines made beforehand."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import aiohttp
import numpy as np

from agent.errors import Unavailable
from agent.local.customers.lines import Lines, register_room
from agent.local.phone_network.network import PhoneNetwork
from agent.local.phones.g711 import loudness
from agent.local.phones.phone import Phone
from agent.local.scenarios.scenario import Scenario
from tests.bench.hearing import LOUD, Spoken, Turn, measured_turn, stopped_after
from tests.bench.script import LONG_ANSWERS, NUMBER, SHORT_ANSWERS

_ANSWER_SECONDS = 30.0
_FIRST_WORD_SECONDS = 20.0
_OPENING_SECONDS = 40.0
_REPLY_SECONDS = 8.0
_POLITE_SECONDS = 1.0
"""Quiet after which the caller speaks: longer than the agent's pauses between sentences."""
_CUT_OFF_SECONDS = 3.0
"""The same after a cut-off, when a second answer may be on its way."""
_LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Line:
    """Where the caller phones, and with which voice."""

    network: PhoneNetwork
    lines: Lines
    speech_url: str


class Talk:
    """A call that is on; made by `call`."""

    def __init__(self, phone: Phone, line: Line) -> None:
        self._phone = phone
        self._lines = line.lines
        self._speech_url = line.speech_url
        self._loud: list[float] = []
        self._now = time.monotonic()

    async def listen(self) -> None:
        """To the end of the call."""
        async for frame in self._phone.listen():
            self._now = frame.at
            if loudness(np.frombuffer(frame.pcm, np.int16)) >= LOUD:
                self._loud.append(frame.at)

    async def will_answer(self, scenario: Scenario) -> None:
        """What the scripted model says from now on in this call."""
        async with aiohttp.ClientSession() as session:
            room = await self._phone.room_sid()
            await register_room(session, self._speech_url, room, scenario)

    async def opening(self) -> float:
        """Let the agent say its first words to their end: seconds from the answer to the first."""
        await self._phone.wait_active(_ANSWER_SECONDS)
        answered = self._phone.answered_at
        assert answered is not None
        await self._until(lambda: bool(self._loud), _FIRST_WORD_SECONDS, "it says nothing")
        await self._until(self._is_quiet, _OPENING_SECONDS, "its first words do not end")
        return self._loud[0] - answered

    async def turn(self, *pieces: str, pause: float = 0.0) -> Turn:
        """Say something, with pauses between its pieces, and hear the agent out."""
        spoken = []
        for number, piece in enumerate(pieces):
            if number:
                await asyncio.sleep(pause)
            spoken.append(await self._say(piece))
        if any(at >= spoken[0].began for at in self._loud):
            await self._until(lambda: self._is_quiet(_CUT_OFF_SECONDS), _OPENING_SECONDS, "")
        else:
            await self._hear_answer(spoken[-1].ended)
        return measured_turn(self._loud, spoken)

    async def barge_in(self, asking: str, saying: str, after: float) -> float | None:
        """Ask `asking`, talk over the answer `after` seconds into it: how long until it stops.

        None if there was nothing to stop.
        """
        await self.will_answer(LONG_ANSWERS)
        asked = await self._say(asking)
        if not await self._answer_begins(asked.ended):
            return None
        began = next(at for at in self._loud if at >= asked.ended)
        await self._until(lambda: self._now >= began + after, after + 5, "")
        await self.will_answer(SHORT_ANSWERS)
        spoken = await self._say(saying)
        await self._hear_answer(spoken.ended)
        return stopped_after(self._loud, spoken.began)

    async def _say(self, line: str) -> Spoken:
        pcm = self._lines.pcm[line]
        await self._phone.say(pcm, self._lines.sample_rate)
        ended = time.monotonic()  # say() returns when the last of it is out
        return Spoken(ended - len(pcm) / 2 / self._lines.sample_rate, ended)

    async def _hear_answer(self, since: float) -> None:
        if await self._answer_begins(since):
            await self._until(self._is_quiet, _OPENING_SECONDS, "its answer does not end")

    async def _answer_begins(self, since: float) -> bool:
        with contextlib.suppress(TimeoutError):
            await self._wait(lambda: bool(self._loud) and self._loud[-1] >= since, _REPLY_SECONDS)
            return True
        return False

    def _is_quiet(self, seconds: float = _POLITE_SECONDS) -> bool:
        return not self._loud or self._now - self._loud[-1] >= seconds

    async def _until(self, fact: Callable[[], bool], timeout: float, problem: str) -> None:
        try:
            await self._wait(fact, timeout)
        except TimeoutError:
            raise Unavailable(f"the agent on the phone: {problem or 'it talks on'}") from None

    async def _wait(self, fact: Callable[[], bool], timeout: float) -> None:
        async with asyncio.timeout(timeout):
            while not fact():
                if self._phone.end is not None:
                    raise Unavailable(f"the agent's side ended the call: {self._phone.end.reason}")
                await asyncio.sleep(_LOOK_SECONDS)  # the phone's own clock: a frame


@contextlib.asynccontextmanager
async def call(line: Line, number: str) -> AsyncIterator[Talk]:
    """Dial `number`; leaving the block hangs up. Raises Unavailable."""
    phone = await line.network.place_call(
        caller=NUMBER, callee=number, ringing_timeout=_ANSWER_SECONDS
    )
    talk = Talk(phone, line)
    listening = asyncio.create_task(talk.listen(), name="bench listens")
    try:
        await talk.will_answer(SHORT_ANSWERS)
        yield talk
    finally:
        await phone.hang_up()
        await listening
