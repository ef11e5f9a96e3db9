"""How the bench reads the times at which calls began."""

import pytest

from tests.bench.pacing import busiest_second, pacing


@pytest.mark.parametrize(
    ("at", "most"),
    [
        ([0.0], 1),
        ([0.0, 0.5, 0.999], 3),
        ([0.0, 0.5, 1.0], 2),  # a second after the first is another second
        ([0.0, 2.0, 2.1, 2.2, 4.0], 3),
    ],
)
def test_the_busiest_second_is_looked_for_in_every_window(at: list[float], most: int) -> None:
    assert busiest_second(at) == most


def test_a_steady_pace_within_the_rate_is_met() -> None:
    found = pacing([index / 19.7 for index in range(400)], [0.001] * 400)
    assert found.share == pytest.approx(0.985)
    assert (found.busiest_second, found.met) == (20, True)


def test_calls_that_come_in_a_bunch_are_a_miss_though_the_rate_is_kept() -> None:
    dials = [index / 19.7 for index in range(400)]
    dials[100:103] = [dials[103]] * 3
    found = pacing(dials, [0.001] * 400)
    assert found.busiest_second == 23
    assert not found.met


def test_calls_that_are_too_slow_are_a_miss() -> None:
    assert not pacing([index / 19.0 for index in range(400)], [0.001] * 400).met
