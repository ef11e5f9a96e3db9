"""What the phone heard of the agent, and what follows from it: plain arithmetic on times.

Times are seconds of one clock (`time.monotonic()`), durations seconds. Nothing here recognises
words, so that measuring costs the machine nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

LOUD = 250.0
"""Root mean square of a 20 ms frame in which the agent speaks; a quiet line is under 20."""
FRAME_SECONDS = 0.02
STOPPED_SECONDS = 0.4
"""The agent has stopped when it is quiet for so long: more than between two of its words, less
than it needs to answer."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A stretch of the caller's speech, as it went out of the phone."""

    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of one turn of the caller."""

    cut_off: bool
    """The agent spoke before the caller had finished: a pause was taken for the end."""
    latency: float | None
    """End of the caller's speech to the agent's first sound. None: cut off, or no answer."""


def measured_turn(loud: Sequence[float], pieces: Sequence[Spoken]) -> Turn:
    """A turn that the caller spoke in `pieces` while the agent was quiet.

    `loud`: when the frames were heard in which the agent spoke, in order.
    """
    began, ended = pieces[0].began, pieces[-1].ended
    if any(began <= at < ended for at in loud):
        return Turn(cut_off=True, latency=None)
    first = next((at for at in loud if at >= ended), None)
    return Turn(cut_off=False, latency=None if first is None else first - ended)


def stopped_after(loud: Sequence[float], began: float) -> float | None:
    """From the start of the caller's words to the end of the agent's sound, for a barge-in.

    None: the agent was quiet when the caller began, so there was nothing to stop.
    """
    talking = [at for at in loud if at <= began]
    if not talking or began - talking[-1] > STOPPED_SECONDS:
        return None
    last = talking[-1]
    for at in loud:
        if at <= began:
            continue
        if at - last > STOPPED_SECONDS:
            break
        last = at
    return max(0.0, last + FRAME_SECONDS - began)


def percentile(values: Sequence[float], share: float) -> float | None:
    """Nearest rank: one of the values, none invented between two. None without values."""
    if not values:
        return None
    rank = -(-len(values) * share // 1)  # rounded up
    return sorted(values)[max(0, int(rank) - 1)]
