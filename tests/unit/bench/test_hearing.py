"""The bench's arithmetic: what was heard when, and what that means."""

import pytest

from tests.bench.hearing import Spoken, Turn, measured_turn, percentile, stopped_after


def talking(began: float, ended: float) -> list[float]:
    """The frames in which the agent is heard."""
    return [began + number * 0.02 for number in range(round((ended - began) / 0.02))]


def test_latency_is_from_the_last_word_to_the_agents_first_sound() -> None:
    loud = [*talking(0, 4), *talking(8.5, 10)]
    assert measured_turn(loud, [Spoken(5, 7.25)]) == Turn(cut_off=False, latency=1.25)


def test_an_agent_that_speaks_into_a_pause_has_cut_the_caller_off() -> None:
    pieces = [Spoken(5, 7), Spoken(7.7, 9)]
    assert measured_turn(talking(7.4, 7.6), pieces) == Turn(cut_off=True, latency=None)
    assert measured_turn(talking(8.2, 9.5), pieces).cut_off
    assert not measured_turn(talking(10, 11), pieces).cut_off


def test_a_turn_without_an_answer_has_no_latency() -> None:
    assert measured_turn(talking(0, 4), [Spoken(5, 7)]) == Turn(cut_off=False, latency=None)


def test_the_agent_has_stopped_when_it_stays_quiet() -> None:
    pause_between_words = [*talking(0, 2.2), *talking(2.4, 2.6)]
    answer_afterwards = talking(5, 6)
    stopped = stopped_after([*pause_between_words, *answer_afterwards], 2.0)
    assert stopped == pytest.approx(0.6)


def test_where_nobody_talks_there_is_nothing_to_stop() -> None:
    assert stopped_after(talking(0, 1), 2.0) is None
    assert stopped_after([], 2.0) is None


def test_percentiles_are_values_that_were_measured() -> None:
    values = [0.5, 0.1, 0.4, 0.2, 0.3]
    assert percentile(values, 0.5) == 0.3
    assert percentile(values, 0.95) == 0.5
    assert percentile([1.0], 0.5) == 1.0
    assert percentile([], 0.5) is None
