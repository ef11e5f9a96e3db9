"""A caller hears every sentence, whatever the first voice does."""

from collections import Counter

import numpy as np
import pytest
from livekit.agents import APIError, tts
from livekit.agents.tts import TTSError
from livekit.agents.types import USERDATA_TIMED_TRANSCRIPT

from agent.voice import voice_chain
from agent.voice.standby import REST_SECONDS
from agent.voice.voice_chain import VoiceChain
from tests.scripted_voices import (
    Act,
    DiesAfter,
    Hangs,
    Refuses,
    SaysNothing,
    ScriptedVoice,
    Speaks,
    StallsAfter,
)

FIRST, SECOND = 1000, 2000
"""The loudness by which a voice is known."""


@pytest.fixture(autouse=True)
def _short_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of things is tested, not patience."""
    assert voice_chain.FIRST_SOUND_SECONDS + 1 < 4, "within 4 s the caller hears something"
    monkeypatch.setattr(voice_chain, "FIRST_SOUND_SECONDS", 0.2)
    monkeypatch.setattr(voice_chain, "ALONE_SECONDS", 0.2)
    monkeypatch.setattr(voice_chain, "GAP_SECONDS", 0.1)


class Clock:
    """Time that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def seconds_by_voice(voice: tts.TTS[str], *sentences: str) -> dict[int, float]:
    """How long which voice is heard while the sentences are spoken as one reply."""
    heard: Counter[int] = Counter()
    async with voice.stream() as stream:
        for sentence in sentences:
            stream.push_text(sentence + " ")
        stream.end_input()
        async for audio in stream:
            heard.update(np.frombuffer(audio.frame.data, np.int16).tolist())
    del heard[0]
    return {loudness: round(count / 24_000, 1) for loudness, count in heard.items()}


def chain(*voices: ScriptedVoice, clock: Clock | None = None) -> tts.StreamAdapter:
    return tts.StreamAdapter(tts=VoiceChain(voices, clock or Clock()))


SENTENCES = ("The battery costs six thousand euros.", "It is installed in one single day.")


@pytest.mark.parametrize("streaming", [False, True])
async def test_a_voice_that_works_speaks_alone(streaming: bool) -> None:
    first = ScriptedVoice(FIRST, Speaks(), streaming=streaming)
    second = ScriptedVoice(SECOND, Speaks())
    assert await seconds_by_voice(chain(first, second), *SENTENCES) == {FIRST: 2.0}
    assert first.asked == list(SENTENCES)
    assert second.asked == []


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("act", [Refuses(), Hangs(), SaysNothing()], ids=repr)
async def test_where_the_first_voice_makes_no_sound_the_second_speaks(
    act: Act, streaming: bool
) -> None:
    first = ScriptedVoice(FIRST, act, streaming=streaming)
    second = ScriptedVoice(SECOND, Speaks(), streaming=streaming)
    assert await seconds_by_voice(chain(first, second), *SENTENCES) == {SECOND: 2.0}
    assert set(first.asked) == {SENTENCES[0]}, "the caller waits for a dead voice once"
    assert len(first.asked) == (1 if act == Hangs() else 2)


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("act", [DiesAfter(0.4), StallsAfter(0.4)], ids=repr)
async def test_a_sentence_that_breaks_off_is_said_again_whole_and_the_rest_after_it(
    act: Act, streaming: bool
) -> None:
    """ "Six thousand" of "six thousand nine hundred" would be another price."""
    first = ScriptedVoice(FIRST, act, streaming=streaming)
    second = ScriptedVoice(SECOND, Speaks(), streaming=streaming)
    heard = await seconds_by_voice(chain(first, second), *SENTENCES)
    assert heard[SECOND] == 2.0
    assert heard.get(FIRST, 0) <= 0.4
    assert second.asked == list(SENTENCES)


async def test_a_voice_that_breaks_off_in_the_second_sentence_has_said_the_first() -> None:
    first = ScriptedVoice(FIRST, Speaks(), DiesAfter(0.2))
    second = ScriptedVoice(SECOND, Speaks())
    await seconds_by_voice(chain(first, second), *SENTENCES)
    assert second.asked == [SENTENCES[1]]


async def test_a_voice_that_failed_is_tried_again_after_its_rest() -> None:
    clock = Clock()
    first = ScriptedVoice(FIRST, Refuses(), Refuses(), Speaks())
    voice = chain(first, ScriptedVoice(SECOND, Speaks()), clock=clock)
    assert await seconds_by_voice(voice, SENTENCES[0]) == {SECOND: 1.0}
    clock.now = REST_SECONDS - 1
    assert await seconds_by_voice(voice, SENTENCES[0]) == {SECOND: 1.0}
    clock.now = REST_SECONDS + 1
    assert await seconds_by_voice(voice, SENTENCES[0]) == {FIRST: 1.0}


async def test_when_both_fail_the_session_is_told_once() -> None:
    first, second = ScriptedVoice(FIRST, Refuses()), ScriptedVoice(SECOND, Hangs())
    voice = chain(first, second)
    told: list[TTSError] = []
    voice.on("error", told.append)
    with pytest.raises(APIError):
        await seconds_by_voice(voice, *SENTENCES)
    assert [error.recoverable for error in told] == [False]
    assert first.asked == [SENTENCES[0]] * 2
    assert second.asked == [SENTENCES[0]]


async def test_a_voice_whose_idle_connection_was_closed_keeps_speaking() -> None:
    first, second = ScriptedVoice(FIRST, Refuses(), Speaks()), ScriptedVoice(SECOND, Speaks())
    assert await seconds_by_voice(chain(first, second), *SENTENCES) == {FIRST: 2.0}
    assert second.asked == []


@pytest.mark.parametrize("act", [Refuses(), Hangs(), DiesAfter(0.2)], ids=repr)
async def test_a_voice_that_stands_alone_is_asked_twice(act: Act) -> None:
    only = ScriptedVoice(FIRST, act, Speaks())
    heard = await seconds_by_voice(chain(only), SENTENCES[0])
    assert heard[FIRST] >= 1.0
    assert only.asked == [SENTENCES[0]] * 2


async def test_dots_without_a_word_are_no_failure() -> None:
    only = ScriptedVoice(FIRST, Refuses())
    sound = VoiceChain([only]).synthesize("…")
    async with sound:
        assert [audio.frame.duration async for audio in sound]
    assert only.asked == []


async def test_the_metrics_of_the_voice_that_spoke_reach_the_session() -> None:
    first, second = ScriptedVoice(FIRST, Refuses()), ScriptedVoice(SECOND, Speaks())
    voice = chain(first, second)
    spoken: list[str] = []
    voice.on("metrics_collected", lambda metrics: spoken.append(metrics.metadata.model_name))
    await seconds_by_voice(voice, SENTENCES[0])
    assert spoken == ["voice-2000"]
    assert voice.model == "voice-2000"


async def test_closing_twice_is_harmless() -> None:
    first, second = ScriptedVoice(FIRST, Speaks()), ScriptedVoice(SECOND, Speaks())
    voices = VoiceChain([first, second])
    await voices.aclose()
    await voices.aclose()
    assert first.closed == second.closed == 2


async def test_the_voice_gets_what_is_said_and_the_record_what_is_written() -> None:
    voice = ScriptedVoice(FIRST, Speaks())
    spoken = tts.StreamAdapter(tts=VoiceChain([voice], say=lambda text: text.replace("€5", "five")))
    written = ""
    async with spoken.stream() as stream:
        stream.push_text("It costs €5, installed and working. ")
        stream.end_input()
        async for audio in stream:
            marks = audio.frame.userdata.get(USERDATA_TIMED_TRANSCRIPT, [])
            written += "".join(str(mark) for mark in marks)
    assert voice.asked == ["It costs five, installed and working."]
    assert written.strip() == "It costs €5, installed and working."
