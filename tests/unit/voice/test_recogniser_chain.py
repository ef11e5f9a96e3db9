"""The caller is heard, whatever the first recogniser does, and no word twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from livekit import rtc
from livekit.agents import APIConnectionError, stt
from livekit.agents.stt import STTError

from agent.voice.recogniser_chain import KEPT_SECONDS, RecogniserChain
from agent.voice.standby import REST_SECONDS
from tests.scripted_recognisers import ScriptedRecogniser, until

FRAME_SECONDS = 0.02


class Clock:
    """Time that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Line:
    """A caller on the line: says numbers, and waits for what is recognised."""

    def __init__(self, stream: stt.RecognizeStream) -> None:
        self._stream = stream
        self.finals: asyncio.Queue[str] = asyncio.Queue()

    async def says(self, *words: int) -> None:
        for word in words:
            size = round(16_000 * FRAME_SECONDS)
            pcm = word.to_bytes(2, "little") * size
            self._stream.push_frame(rtc.AudioFrame(pcm, 16_000, 1, size))

    def pauses(self) -> None:
        self._stream.flush()

    async def read(self) -> None:
        async for event in self._stream:
            await self.finals.put(event.alternatives[0].text)


@asynccontextmanager
async def a_call(chain: RecogniserChain) -> AsyncIterator[Line]:
    async with chain.stream() as stream:
        line = Line(stream)
        reading = asyncio.create_task(line.read())
        try:
            yield line
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def understood(line: Line) -> str:
    async with asyncio.timeout(5):
        return await line.finals.get()


async def test_a_recogniser_that_works_hears_alone() -> None:
    first, second = ScriptedRecogniser("first"), ScriptedRecogniser("second")
    async with a_call(RecogniserChain([first, second])) as line:
        await until(lambda: first.opened == 1)
        await line.says(1, 2)
        line.pauses()
        assert await understood(line) == "1 2"
    assert second.opened == 0


async def test_a_recogniser_that_takes_no_line_is_replaced_before_a_word_is_lost() -> None:
    first, second = ScriptedRecogniser("first", fails_at=(-1,)), ScriptedRecogniser("second")
    chain = RecogniserChain([first, second])
    async with a_call(chain) as line:
        await line.says(1, 2)
        await until(lambda: second.heard == [1, 2])
        line.pauses()
        assert await understood(line) == "1 2"
        assert chain.model == "second"
        assert not chain.capabilities.manual_flush, "that of who listens now"


async def test_words_that_were_being_said_when_it_died_are_heard_by_the_next() -> None:
    first, second = ScriptedRecogniser("first", fails_at=(5,)), ScriptedRecogniser("second")
    async with a_call(RecogniserChain([first, second])) as line:
        await until(lambda: first.opened == 1)
        await line.says(1, 2)
        line.pauses()
        assert await understood(line) == "1 2"
        await line.says(3, 4, 5, 6)
        await until(lambda: second.heard[-1:] == [6])
        line.pauses()
        assert await understood(line) == "3 4 5 6", "and nothing that was understood already"


async def test_a_recogniser_that_hears_nothing_is_left_when_the_caller_was_heard_to_speak() -> None:
    first, second = ScriptedRecogniser("first", deaf=True), ScriptedRecogniser("second")
    chain = RecogniserChain([first, second])
    async with a_call(chain) as line:
        await line.says(1, 2, 3)
        await until(lambda: first.heard == [1, 2, 3])
        line.pauses()
        chain.heard_nothing()
        await until(lambda: second.heard == [1, 2, 3])
        line.pauses()
        assert await understood(line) == "1 2 3"


async def test_only_the_latest_audio_is_kept_for_the_next() -> None:
    first, second = ScriptedRecogniser("first", deaf=True), ScriptedRecogniser("second")
    chain = RecogniserChain([first, second])
    frames = round((KEPT_SECONDS + 2) / FRAME_SECONDS)
    async with a_call(chain) as line:
        await line.says(*range(1, frames + 1))
        await until(lambda: len(first.heard) == frames)
        chain.heard_nothing()
        await until(lambda: second.heard[-1:] == [frames])
    assert second.heard[0] > 1
    assert len(second.heard) * FRAME_SECONDS == pytest.approx(KEPT_SECONDS, abs=0.1)


async def test_the_first_is_asked_again_when_the_second_fails_after_a_while() -> None:
    clock = Clock()
    first = ScriptedRecogniser("first", fails_at=(1,))
    second = ScriptedRecogniser("second", fails_at=(9,))
    async with a_call(RecogniserChain([first, second], clock)) as line:
        await line.says(1)
        await until(lambda: second.heard == [1])
        clock.now = REST_SECONDS + 1
        await line.says(9)
        await until(lambda: first.heard[-2:] == [1, 9])


async def test_when_none_takes_the_line_the_session_is_told() -> None:
    chain = RecogniserChain(
        [ScriptedRecogniser("first", fails_at=(-1,)), ScriptedRecogniser("second", fails_at=(-1,))]
    )
    told: list[STTError] = []
    chain.on("error", told.append)
    with pytest.raises(APIConnectionError):
        async with chain.stream() as stream:
            await anext(stream)
    assert [error.recoverable for error in told] == [False]
