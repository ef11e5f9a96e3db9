"""A sound that was made here is found again; any other is not taken for it."""

import numpy as np
import pytest

from agent.local.providers.known_lines import KEPT, KnownLine, KnownLines, clauses
from agent.local.providers.recognition import SAMPLE_RATE, Pcm

RATE = 24_000


def speech(seed: int, seconds: float) -> Pcm:
    """Something like speech: tones that change every tenth of a second, each its own way."""
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(round(seconds * 10)):
        t = np.arange(RATE // 10) / RATE
        tones = sum(np.sin(2 * np.pi * rng.uniform(300, 3300) * t) for _ in range(3))
        parts.append(tones * rng.uniform(300, 4000))
    sound: Pcm = np.concatenate(parts).astype(np.int16)
    return sound


def heard(*sounds: Pcm, gain: float = 0.5, hiss: float = 30.0) -> Pcm:
    """The sounds one after the other, quieter, at the recogniser's rate and with hiss."""
    quiet = np.zeros(RATE // 5, np.int16)
    whole = np.concatenate([quiet, *(part for sound in sounds for part in (sound, quiet))])
    at = np.arange(len(whole) * SAMPLE_RATE // RATE) * (RATE / SAMPLE_RATE)
    line = np.interp(at, np.arange(len(whole)), whole.astype(np.float64) * gain)
    noise = np.random.default_rng(0).normal(0, hiss, len(line))
    pcm: Pcm = np.clip(line + noise, -32768, 32767).astype(np.int16)
    return pcm


HELLO, PRICE, NO = speech(1, 0.6), speech(2, 1.5), speech(3, 0.4)


@pytest.fixture
def known() -> KnownLines:
    lines = KnownLines()
    lines.remember("Goedemorgen,", "nl", HELLO, RATE)
    lines.remember("wat kost de batterij?", "nl", PRICE, RATE)
    lines.remember("Nee.", "nl", NO, RATE)
    return lines


def test_clauses_are_found_in_the_order_in_which_they_were_said(known: KnownLines) -> None:
    found = known.find(heard(HELLO, PRICE))
    assert found == KnownLine("Goedemorgen, wat kost de batterij?", "nl")
    assert known.find(heard(PRICE, HELLO)) == KnownLine("wat kost de batterij? Goedemorgen,", "nl")
    assert known.find(heard(NO)) == KnownLine("Nee.", "nl")


@pytest.mark.parametrize("gain", [0.1, 1.0])
def test_a_quiet_line_is_found_as_a_loud_one(known: KnownLines, gain: float) -> None:
    assert known.find(heard(PRICE, gain=gain)) == KnownLine("wat kost de batterij?", "nl")


@pytest.mark.parametrize("seed", range(10, 16))
def test_other_speech_is_not_taken_for_a_known_line(known: KnownLines, seed: int) -> None:
    assert known.find(heard(speech(seed, 2.0))) is None


def test_a_known_word_in_unknown_speech_is_a_coincidence(known: KnownLines) -> None:
    assert known.find(heard(NO, speech(20, 3.0))) is None


def test_silence_and_a_part_of_a_clause_are_unknown(known: KnownLines) -> None:
    assert known.find(np.zeros(SAMPLE_RATE, np.int16)) is None
    assert known.find(heard(PRICE[: len(PRICE) // 3])) is None
    assert KnownLines().find(heard(PRICE)) is None


def test_the_oldest_lines_are_forgotten() -> None:
    lines = KnownLines()
    lines.remember("first", "fr", HELLO, RATE)
    for seed in range(KEPT):
        lines.remember(str(seed), "fr", speech(100 + seed, 0.3), RATE)
    assert lines.find(heard(HELLO)) is None


def test_a_line_is_cut_where_a_voice_breathes() -> None:
    assert clauses("Oui, je suis là.  Et vous ?") == ["Oui,", "je suis là.", "Et vous ?"]
    assert clauses(" ") == []
