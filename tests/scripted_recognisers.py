"""Recognisers that do as they are told: hear, refuse, die at a word, or hear nothing."""

import asyncio
from collections.abc import Callable

from livekit import rtc
from livekit.agents import APIConnectionError, APIConnectOptions, LanguageCode, stt
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, NOT_GIVEN, NotGivenOr
from livekit.agents.utils import AudioBuffer


class ScriptedRecogniser(stt.STT[str]):
    """The value of a frame's samples is a word; what it heard it says when it is flushed.

    `fails_at`: words at which it dies, each once; -1: it takes no line at all. `deaf`: it takes
    audio and never says a word.
    """

    def __init__(self, name: str, *, fails_at: tuple[int, ...] = (), deaf: bool = False) -> None:
        super().__init__(
            capabilities=stt.STTCapabilities(
                streaming=True, interim_results=True, manual_flush=name == "first"
            )
        )
        self.name = name
        self.fails_at = list(fails_at)
        self.deaf = deaf
        self.opened = 0
        self.heard: list[int] = []

    @property
    def model(self) -> str:
        return self.name

    def stream(
        self,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> stt.RecognizeStream:
        self.opened += 1
        return _Stream(stt=self, conn_options=conn_options)

    async def _recognize_impl(
        self,
        buffer: AudioBuffer,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions,
    ) -> stt.SpeechEvent:
        raise NotImplementedError


class _Stream(stt.RecognizeStream):
    """Says the words heard so far when it is flushed."""

    async def _run(self) -> None:
        assert isinstance(self._stt, ScriptedRecogniser)
        script, words = self._stt, list[int]()
        if -1 in script.fails_at:  # it does not even take the line
            raise APIConnectionError("scripted refusal")
        async for data in self._input_ch:
            if isinstance(data, rtc.AudioFrame):
                word = data.data[0]
                if word in script.fails_at:
                    script.fails_at.remove(word)
                    raise APIConnectionError("scripted death")
                words.append(word)
                script.heard.append(word)
            elif words and not script.deaf:
                text = " ".join(map(str, words))
                words.clear()
                self._event_ch.send_nowait(
                    stt.SpeechEvent(
                        type=stt.SpeechEventType.FINAL_TRANSCRIPT,
                        alternatives=[stt.SpeechData(language=LanguageCode("en"), text=text)],
                    )
                )


async def until(fact: Callable[[], bool]) -> None:
    """Wait for a fact."""
    async with asyncio.timeout(5):
        while not fact():  # noqa: ASYNC110 (a script has no event to wait for)
            await asyncio.sleep(0.005)
