"""A recogniser with another behind it: what the caller said while the first died is still heard.

A recogniser fails in three ways. It refuses or drops the line: the stream ends in an error. It
accepts and never says a word: no error ever comes, so whoever hears the caller speak says so
(`heard_nothing`). In each case the audio since its last final words goes to the next one, too.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterable, Callable, Iterator, Sequence

import structlog
from livekit import rtc
from livekit.agents import APIConnectionError, APIConnectOptions, APIError, stt
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, NOT_GIVEN, NotGivenOr
from livekit.agents.utils import AudioBuffer, aio

from agent.voice.standby import Standby

CONNECTS_SECONDS = 2.5
"""Until a recogniser has taken the line."""
KEPT_SECONDS = 15.0
"""Of audio without final words; longer ago is no longer part of what is being talked about."""

log = structlog.get_logger(__name__)


class RecogniserChain(stt.STT[str]):
    """Recognisers in order of preference, as one."""

    def __init__(
        self, recognisers: Sequence[stt.STT[str]], now: Callable[[], float] = time.monotonic
    ) -> None:
        """All must stream. They share what they can, or endpointing would change with them."""
        super().__init__(
            capabilities=stt.STTCapabilities(
                streaming=True,
                interim_results=True,
                aligned_transcript=recognisers[0].capabilities.aligned_transcript,
                manual_flush=recognisers[0].capabilities.manual_flush,
            )
        )
        self._standby: Standby[stt.STT[str]] = Standby(recognisers, now)
        self._now = now
        self._listening = recognisers[0]
        self._streams: list[_Stream] = []
        for recogniser in recognisers:
            recogniser.on("metrics_collected", self._counted)

    @property
    def capabilities(self) -> stt.STTCapabilities:
        """`manual_flush` is that of the one that listens now."""
        self._capabilities.manual_flush = self._listening.capabilities.manual_flush
        return self._capabilities

    @property
    def model(self) -> str:
        return self._listening.model

    @property
    def provider(self) -> str:
        return self._listening.provider

    @property
    def recognisers(self) -> tuple[stt.STT[str], ...]:
        """All, in order of preference."""
        return self._standby.members

    def heard_nothing(self) -> bool:
        """The caller spoke and the recogniser said nothing about it: ask the next one.

        False where none is left that has not failed lately: then nobody will hear it.
        """
        if not self._standby.has_other(self._listening):
            return False
        for stream in self._streams:
            stream.give_up()
        return bool(self._streams)

    def stream(
        self,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> stt.RecognizeStream:
        """`conn_options` are not obeyed: our deadline stands, retries are other recognisers."""
        stream = _Stream(self, self._standby, self._now)
        self._streams.append(stream)
        return stream

    async def _recognize_impl(
        self,
        buffer: AudioBuffer,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions,
    ) -> stt.SpeechEvent:
        raise NotImplementedError("calls are heard as streams")

    async def aclose(self) -> None:
        for recogniser in self.recognisers:
            recogniser.off("metrics_collected", self._counted)
            await recogniser.aclose()

    def _counted(self, *metrics: object) -> None:
        self.emit("metrics_collected", *metrics)

    def _listens(self, recogniser: stt.STT[str]) -> None:
        self._listening = recogniser

    def _ended(self, stream: "_Stream") -> None:
        if stream in self._streams:
            self._streams.remove(stream)


class _Unfinished:
    """The latest audio that no final words stand for yet."""

    def __init__(self) -> None:
        self._frames: deque[rtc.AudioFrame] = deque()
        self._seconds = 0.0

    def add(self, frame: rtc.AudioFrame) -> None:
        self._frames.append(frame)
        self._seconds += frame.duration
        while self._seconds > KEPT_SECONDS:
            self._seconds -= self._frames.popleft().duration

    def clear(self) -> None:
        self._frames.clear()
        self._seconds = 0.0

    def __iter__(self) -> Iterator[rtc.AudioFrame]:
        return iter(list(self._frames))


class _Stream(stt.RecognizeStream):
    def __init__(
        self, chain: RecogniserChain, standby: Standby[stt.STT[str]], now: Callable[[], float]
    ) -> None:
        super().__init__(stt=chain, conn_options=APIConnectOptions(max_retry=0))
        self._chain = chain
        self._standby = standby
        self._now = now
        self._unfinished = _Unfinished()
        self._current: stt.RecognizeStream | None = None
        self._given_up = asyncio.Event()

    def give_up(self) -> None:
        """Leave the recogniser that listens, for the next."""
        self._given_up.set()

    async def _metrics_monitor_task(self, event_aiter: AsyncIterable[stt.SpeechEvent]) -> None:
        """The recogniser that listens counts its own seconds."""
        async for _ in event_aiter:
            pass

    async def _run(self) -> None:
        forwarding = asyncio.create_task(self._forward(), name="audio to the recogniser")
        try:
            failures = 0
            while True:
                recogniser = self._standby.in_order()[0]
                began = self._now()
                try:
                    await self._listen(recogniser)
                except APIError as error:
                    log.warning(
                        "recogniser_failed", recogniser=recogniser.label, error=type(error).__name__
                    )
                    self._standby.failed(recogniser)
                    # One that served for a while and then went is a new trouble, not the old one.
                    failures = 1 if self._now() - began > CONNECTS_SECONDS else failures + 1
                    if failures >= len(self._standby.members):
                        raise APIConnectionError("no recogniser listens") from error
                else:
                    return
        finally:
            await aio.cancel_and_wait(forwarding)
            self._chain._ended(self)

    async def _listen(self, recogniser: stt.STT[str]) -> None:
        """Until the call ends. Raises APIError when this recogniser is of no use any more."""
        self._given_up.clear()
        options = APIConnectOptions(max_retry=0, timeout=CONNECTS_SECONDS)
        async with recogniser.stream(conn_options=options) as stream:
            stream.start_time_offset = max(0.0, time.time() - self._start_time)
            for frame in self._unfinished:
                stream.push_frame(frame)
            self._current = stream
            self._chain._listens(recogniser)
            if self._input_ch.closed:
                stream.end_input()
            events = asyncio.create_task(self._pass_on(stream))
            silent = asyncio.create_task(self._given_up.wait())
            try:
                await asyncio.wait({events, silent}, return_when=asyncio.FIRST_COMPLETED)
                if not events.done():
                    raise APIConnectionError("speech was heard, and no words came")
                await events
            finally:
                self._current = None
                await aio.cancel_and_wait(events, silent)

    async def _pass_on(self, stream: stt.RecognizeStream) -> None:
        async for event in stream:
            if event.type is stt.SpeechEventType.FINAL_TRANSCRIPT:
                self._unfinished.clear()
            self._event_ch.send_nowait(event)

    async def _forward(self) -> None:
        """The caller's audio, to whoever listens at the moment."""
        async for data in self._input_ch:
            if isinstance(data, rtc.AudioFrame):
                self._unfinished.add(data)
            if self._current is None:
                continue
            if isinstance(data, rtc.AudioFrame):
                self._current.push_frame(data)
            else:
                self._current.flush()
        if self._current is not None:
            self._current.end_input()
