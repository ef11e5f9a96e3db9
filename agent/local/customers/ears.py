"""What a simulated customer hears: when the agent speaks, and which words are recognised in it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

import aiohttp
import numpy as np
from pydantic import BaseModel

from agent.local.providers.faults import CUSTOMER_HEADER
from agent.local.providers.recognition import SAMPLE_RATE

TURN_QUIET_S = 0.8
"""Quiet that ends the agent's turn for a polite listener: longer than a pause between sentences,
and longer than LISTEN_SILENCE_S plus recognition, so that the words are there in time."""

LISTEN_SILENCE_S = 0.5
PAUSE_S = 0.3
"""The agent is talking if it was heard so recently."""

FRAME_S = 0.02
LOUD = 250.0
"""Root mean square of a frame in which somebody speaks; a quiet line is under 20."""


class HeardFrame(Protocol):
    """20 ms of what the phone plays: 16-bit mono at 16 kHz, `at` on the monotonic clock."""

    @property
    def pcm(self) -> bytes: ...

    @property
    def at(self) -> float: ...


class CallOver(Exception):
    """The call ended while the customer was waiting for something."""


@dataclass(frozen=True, slots=True)
class HeardText:
    """Recognised words, and when the last of them was heard (monotonic)."""

    text: str
    ended_at: float
    final: bool


class _Alternative(BaseModel):
    transcript: str


class _Channel(BaseModel):
    alternatives: list[_Alternative]


class _Results(BaseModel):
    """The part of a Results message that is used."""

    is_final: bool
    start: float
    duration: float
    channel: _Channel


class Ears:
    """Listens to one phone. `run` for as long as the call lasts; meanwhile ask, or wait `until`.

    `on_heard` gets every final recognition, and when its words began; `on_answer` the seconds from
    the moment given to `await_answer` to the agent's first sound after it.
    """

    def __init__(
        self, on_heard: Callable[[str, float], None], on_answer: Callable[[float], None]
    ) -> None:
        self._on_heard = on_heard
        self._on_answer = on_answer
        self._awaiting: float | None = None
        self._changed = asyncio.Event()
        self._frame_times: list[float] = []
        self._finals: list[HeardText] = []
        self._interim: HeardText | None = None
        self._over = False
        self.last_loud: float | None = None
        self.turn_began: float | None = None
        """When the agent's present or last turn began to be heard."""

    async def run(
        self,
        frames: AsyncIterator[HeardFrame],
        session: aiohttp.ClientSession,
        root: str,
        *,
        interim: bool,
    ) -> None:
        """Until the call is over. Recognition goes through the listener at `root`.

        `interim`: words are wanted while they are spoken, which costs the decoder several times
        as much.
        """
        url = (
            f"{root}/deepgram/v1/listen?encoding=linear16&sample_rate={SAMPLE_RATE}"
            f"&interim_results={str(interim).lower()}&endpointing={LISTEN_SILENCE_S * 1000:.0f}"
        )
        try:
            async with session.ws_connect(url, headers={CUSTOMER_HEADER: "1"}) as socket:
                reader = asyncio.create_task(self._read(socket))
                try:
                    async for frame in frames:
                        self._look(frame)
                        await socket.send_bytes(frame.pcm)
                finally:
                    reader.cancel()
                    await asyncio.gather(reader, return_exceptions=True)
        finally:
            self._over = True
            self._changed.set()

    async def until(self, condition: Callable[[], bool], timeout: float) -> None:
        """Wait until `condition` holds; it is asked again with every frame and word heard.

        Raises TimeoutError after `timeout` seconds, and CallOver.
        """
        async with asyncio.timeout(timeout):
            while not condition():
                if self._over:
                    raise CallOver
                self._changed.clear()
                await self._changed.wait()

    @property
    def now(self) -> float:
        """When the latest frame was heard."""
        return self._frame_times[-1] if self._frame_times else float("-inf")

    def quiet_for(self) -> float:
        """Seconds since the agent was last heard; infinite before its first sound."""
        return float("inf") if self.last_loud is None else self.now - self.last_loud

    def spoke_since(self, moment: float) -> bool:
        """Was any of the agent's speech heard after `moment`?"""
        return self.last_loud is not None and self.last_loud > moment

    def await_answer(self, moment: float | None) -> None:
        """The customer's own words ended at `moment`: what the agent begins now is its answer."""
        self._awaiting = moment

    def text_since(self, moment: float, *, interim: bool = False) -> str:
        """The words heard since `moment`; with `interim`, also those of the present sentence."""
        texts = list(self._finals)
        if interim and self._interim is not None:
            texts.append(self._interim)
        return " ".join(heard.text for heard in texts if heard.ended_at > moment)

    def _look(self, frame: HeardFrame) -> None:
        self._frame_times.append(frame.at)
        samples = np.frombuffer(frame.pcm, "<i2").astype(np.float32)
        if len(samples) and float(np.sqrt(np.mean(samples**2))) > LOUD:
            quiet = float("inf") if self.last_loud is None else frame.at - self.last_loud
            if quiet > TURN_QUIET_S:
                self.turn_began = frame.at
            # What it was still saying, over the customer's words, is no answer to them.
            if self._awaiting is not None and frame.at > self._awaiting and quiet > PAUSE_S:
                self._on_answer(frame.at - self._awaiting)
                self._awaiting = None
            self.last_loud = frame.at
        self._changed.set()

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            data = json.loads(message.data)
            if data.get("type") != "Results":
                continue
            self._take(_Results.model_validate(data))

    def _take(self, results: _Results) -> None:
        text = results.channel.alternatives[0].transcript
        heard = HeardText(text, self._time_of(results.start + results.duration), results.is_final)
        if results.is_final:
            self._interim = None
            if text:
                self._finals.append(heard)
                self._on_heard(text, self._time_of(results.start))
        else:
            self._interim = heard
        self._changed.set()

    def _time_of(self, position: float) -> float:
        """The listener counts seconds of audio; lost frames make that differ from the clock."""
        index = min(len(self._frame_times) - 1, max(0, round(position / FRAME_S)))
        return self._frame_times[index]
