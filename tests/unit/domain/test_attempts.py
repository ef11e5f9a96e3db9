"""When an attempt is tried again, and how long a trunk that failed is left alone."""

from datetime import timedelta
from itertools import pairwise
from random import Random

from agent.domain.attempts import (
    MAX_TRIES,
    busy_pause,
    misconfigured_pause,
    next_try,
    seconds_per_call,
)
from tests.facts import NOON


def _waits(seed: int) -> list[float]:
    rng = Random(seed)
    due = [next_try(tries, NOON, rng) for tries in range(1, MAX_TRIES)]
    return [(each - NOON).total_seconds() for each in due if each is not None]


def test_waits_double_up_to_ten_minutes_and_are_spread() -> None:
    waits = _waits(1)
    assert len(waits) == MAX_TRIES - 1
    assert 3.75 <= waits[0] <= 6.25
    assert all(late > early for early, late in pairwise(waits[:7]))
    assert max(waits) <= 600 * 1.25
    assert waits != _waits(2)


def test_an_attempt_is_given_up_after_so_many_tries() -> None:
    assert next_try(MAX_TRIES, NOON, Random(1)) is None
    assert next_try(MAX_TRIES + 1, NOON, Random(1)) is None


def test_a_busy_trunk_pauses_shortly_and_a_refusing_one_long() -> None:
    assert [busy_pause(n).total_seconds() for n in (1, 2, 3)] == [1, 2, 4]
    assert busy_pause(1000) == timedelta(seconds=30)
    assert [misconfigured_pause(n).total_seconds() for n in (1, 2, 3)] == [30, 60, 120]
    assert misconfigured_pause(1000) == timedelta(minutes=15)


def test_slots_lie_so_far_apart_that_no_second_holds_too_many() -> None:
    for rate in (1, 5, 20):
        distance = seconds_per_call(rate)
        assert distance * rate > 1.0
        assert 1 / distance >= 0.98 * rate
