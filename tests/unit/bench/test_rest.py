"""Workers are at rest when they do next to nothing, or on a slow machine always the same."""

import pytest

from tests.bench.processes import Rest


def reached(*shares: float | None) -> bool:
    rest = Rest()
    return [rest.reached(share) for share in shares][-1]


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([0.9, 0.01], True),  # a fast machine: at once
        ([0.06] * 11, False),  # not for long enough
        ([0.06] * 12, True),  # rest costs that much here
        ([0.04, 0.08] * 6, True),  # ticks jump
        ([0.9] * 6 + [0.06] * 6, False),  # still going down
        ([0.9] * 6 + [0.06] * 12, True),
        ([0.06] * 6 + [0.3] * 6, False),  # something has begun
        ([0.8] * 12, False),  # even, but busy
        ([0.06] * 11 + [None, 0.06], False),  # a process came or went: anew
    ],
)
def test_rest_is_next_to_nothing_or_always_the_same(
    shares: list[float | None], expected: bool
) -> None:
    assert reached(*shares) is expected
