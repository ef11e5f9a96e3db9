"""A voice for the callers of tests, and ears for what lies on a tape."""

import io
import re
import wave
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import aiohttp
import numpy as np
import numpy.typing as npt

from agent.local.customers.lines import Lines, prepare_lines, register_room
from agent.local.scenarios.agent_rules import Rule
from agent.local.scenarios.scenario import Expect, Scenario
from agent.local.scenarios.steps import SayStep

Samples = npt.NDArray[np.int16]
RATE = 16_000
"""Of everything that is recognised here: Hz, mono."""
LOUD = 250.0
"""Root mean square of 20 ms in which somebody speaks; a quiet line is under 20."""
_FRAME = RATE // 50
_PAUSE_FRAMES = 25
_LONGEST_SECONDS = 25


class Speech:
    """The providers' stand-in at `root`, as callers and tests use it."""

    def __init__(self, root: str, http: aiohttp.ClientSession) -> None:
        self.root = root
        self.http = http
        self._spoken: dict[str, Lines] = {}

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which a worker uses these providers."""
        return {
            "OPENAI_BASE_URL": f"{self.root}/v1",
            "DEEPGRAM_BASE_URL": f"{self.root}/deepgram",
        }

    async def spoken(self, line: str, voice: str = "pico:en-GB") -> tuple[bytes, int]:
        """`line` in a person's voice: 16-bit mono, and its rate."""
        if line not in self._spoken:
            says = scenario(SayStep(say=line), voice=voice)
            self._spoken[line] = await prepare_lines(says, self.root)
        lines = self._spoken[line]
        return lines.pcm[line], lines.sample_rate

    async def recognised(self, samples: Samples) -> str:
        """The words in 16 kHz audio of any length, utterance by utterance."""
        return " ".join([await self._recognise(part) for part in utterances(samples)])

    async def script(self, room_sid: str, rules: Sequence[Rule], summary: str) -> None:
        """What the language model is to answer in that room."""
        played = scenario(SayStep(say="-"), rules=rules, summary=summary)
        await register_room(self.http, self.root, room_sid, played)

    @asynccontextmanager
    async def broken(self, **parts: object) -> AsyncIterator[None]:
        """What chat, speech and listen do meanwhile: "refuse", "hang" or "garbage"."""
        await self._set_faults(parts)
        try:
            yield
        finally:
            await self._set_faults(dict.fromkeys(parts, "ok"))

    async def _set_faults(self, parts: Mapping[str, object]) -> None:
        async with self.http.put(f"{self.root}/stand-in/faults", json=parts) as answer:
            assert answer.status == 200, await answer.text()

    async def _recognise(self, samples: Samples) -> str:
        file = io.BytesIO()
        with wave.open(file, "wb") as wav:
            wav.setnchannels(1)
            wav.setsampwidth(2)
            wav.setframerate(RATE)
            wav.writeframes(samples.tobytes())
        form = aiohttp.FormData()
        form.add_field("file", file.getvalue(), filename="heard.wav")
        async with self.http.post(f"{self.root}/v1/audio/transcriptions", data=form) as answer:
            assert answer.status == 200, await answer.text()
            text = (await answer.json())["text"]
        assert isinstance(text, str)
        return text


def scenario(
    *steps: SayStep,
    rules: Sequence[Rule] = (),
    summary: str = "A test.",
    voice: str = "pico:en-GB",
) -> Scenario:
    """The form in which the stand-in is told what somebody says and the model answers."""
    return Scenario(
        name="caller",
        about="A caller of a test.",
        number="+32470555000",
        customer=steps,
        agent=tuple(rules),
        summary=summary,
        voice=voice,
        expect=Expect(disposition="-"),
    )


def is_loud(samples: Samples) -> bool:
    """Does somebody speak in these few milliseconds?"""
    return len(samples) > 0 and float(np.sqrt(np.mean(samples.astype(np.float32) ** 2))) > LOUD


def utterances(samples: Samples) -> list[Samples]:
    """The stretches of speech in `samples`, each with a little quiet around it."""
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    loud = [index for index, frame in enumerate(frames) if is_loud(frame)]
    stretches: list[list[int]] = []
    for index in loud:
        if (
            stretches
            and index - stretches[-1][1] <= _PAUSE_FRAMES
            and index - stretches[-1][0] < _LONGEST_SECONDS * 50
        ):
            stretches[-1][1] = index
        else:
            stretches.append([index, index])
    edge = _PAUSE_FRAMES // 2
    # A click is no utterance, and the recogniser would hear words in it.
    return [
        samples[max(0, first - edge) * _FRAME : (last + 1 + edge) * _FRAME]
        for first, last in stretches
        if last - first >= 5
    ]


def words(text: str) -> list[str]:
    """The words of `text` in lower case, without punctuation."""
    return re.findall(r"[a-z0-9']+", text.lower())


def how_far(written: str, heard: str) -> int:
    """How many words of `written` one has heard who heard `heard`, mishearings allowed for."""
    line, ears = words(written), words(heard)
    # Distances between what was heard and each beginning of the line.
    distances = list(range(len(line) + 1))
    for number, word in enumerate(ears, 1):
        before, distances[0] = distances[0], number
        for place, expected in enumerate(line, 1):
            cut = number == len(ears) and expected.startswith(word)
            diagonal = before + (word != expected and not cut)
            before = distances[place]
            distances[place] = min(diagonal, before + 1, distances[place - 1] + 1)
    return min(range(len(line) + 1), key=lambda place: distances[place])
