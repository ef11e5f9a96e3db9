"""What a phone measures, from made-up loudness on a made-up clock."""

import pytest

from agent.local.phones.measurements import PhoneMeasurements

LOUD, QUIET = 3000.0, 0.0


class Call:
    """Twenty milliseconds at a time."""

    def __init__(self) -> None:
        self.measured = PhoneMeasurements()
        self.now = 100.0

    def go(self, seconds: float, *, we: bool = False, agent: bool = False) -> "Call":
        for _ in range(round(seconds / 0.02)):
            self.now += 0.02
            self.measured.said(LOUD if we else QUIET, self.now)
            self.measured.heard(LOUD if agent else QUIET, self.now)
        if we:
            self.measured.finished_saying()
        return self


def test_the_reply_is_timed_from_the_end_of_our_words_to_its_first_sound() -> None:
    measured = Call().go(1, we=True).go(0.7).go(1, agent=True).go(0.5).go(1, agent=True).measured
    assert measured.heard_latencies == [pytest.approx(0.72)]


def test_the_greeting_is_no_reply() -> None:
    measured = Call().go(0.4).go(1, agent=True).measured
    assert measured.heard_latencies == []
    assert measured.first_agent_audio_at == pytest.approx(100.42)


def test_speaking_again_before_the_reply_counts_from_the_last_words() -> None:
    measured = Call().go(1, we=True).go(2).go(1, we=True).go(0.5).go(1, agent=True).measured
    assert measured.heard_latencies == [pytest.approx(0.52)]


def test_a_barge_in_is_timed_to_the_agents_last_sound_and_what_it_says_next_is_the_reply() -> None:
    call = Call().go(1, agent=True)
    for _ in range(20):  # both, for 0.4 s
        call.go(0.02, we=True, agent=True)
    call.go(0.6, we=True).go(0.5).go(1, agent=True)
    assert call.measured.agent_stopped_after == [pytest.approx(0.38)]
    assert call.measured.heard_latencies == [pytest.approx(0.52)]
    assert call.measured.overlap == pytest.approx(0.4, abs=0.05)


def test_the_longest_silence_is_one_in_which_neither_speaks() -> None:
    measured = Call().go(1).go(1, we=True).go(3).go(1, agent=True).go(2).measured
    assert measured.longest_silence == pytest.approx(3, abs=0.05)
