"""The parts of an answer's wait add up to it, whatever the framework measured."""

from uuid import UUID

import pytest

from agent.domain.calls import CallTurn, Speaker
from agent.domain.latency import waits
from tests.facts import NOON


def _turn(speaker: Speaker, *, heard: float | None = None, **metrics: float) -> CallTurn:
    return CallTurn(UUID(int=1), "1", speaker, "-", NOON, NOON, False, heard, metrics)


CALLER, AGENT = Speaker.CALLER, Speaker.AGENT


def test_the_parts_are_those_of_the_callers_turn_before_and_add_up() -> None:
    # 0.3 s until words, 0.8 s until the end of the turn (with those 0.3), 0.05 s of ours.
    asked = _turn(
        CALLER,
        transcription_delay=0.3,
        end_of_turn_delay=0.8,
        on_user_turn_completed_delay=0.05,
    )
    of_caller, wait = waits([asked, _turn(AGENT, heard=1.23)])
    assert of_caller is None
    assert wait is not None
    assert (wait.recognised, wait.seconds) == (0.3, 1.23)
    assert wait.decided == pytest.approx(0.55)
    assert wait.voiced == pytest.approx(0.38)


def test_what_answers_nobody_has_no_wait() -> None:
    assert waits([_turn(AGENT)]) == [None]


def test_a_second_answer_does_not_borrow_the_stages_of_the_first() -> None:
    asked = _turn(CALLER, transcription_delay=0.3, end_of_turn_delay=0.8)
    _, _, second = waits([asked, _turn(AGENT, heard=1.0), _turn(AGENT, heard=2.0)])
    assert second is not None
    assert (second.recognised, second.decided, second.voiced) == (0, 0, 2.0)


@pytest.mark.parametrize(
    "metrics",
    [
        {},
        {"transcription_delay": 9.0},
        {"transcription_delay": -1.0, "end_of_turn_delay": 0.2},
        {"end_of_turn_delay": 9.0},
        {"transcription_delay": 0.9, "end_of_turn_delay": 0.2},
    ],
)
def test_figures_that_contradict_each_other_still_add_up(metrics: dict[str, float]) -> None:
    _, wait = waits([_turn(CALLER, **metrics), _turn(AGENT, heard=1.0)])
    assert wait is not None
    assert wait.seconds == 1.0
    assert min(wait.recognised, wait.decided, wait.voiced) >= 0
