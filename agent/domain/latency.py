"""What an answer's wait was made of: three parts that add up to it exactly.

The framework measures stages that overlap (the reply is begun while the turn is still being
decided), so their figures cannot be stacked. These can.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.domain.calls import CallTurn, Speaker


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds from the end of the caller's speech to the agent's first sound.

    >>> Wait(recognised=0.3, decided=0.5, voiced=0.4).seconds
    1.2
    """

    recognised: float
    """Until the words were there."""
    decided: float
    """Until it was clear that the caller had finished."""
    voiced: float
    """Until the model's first sentence sounded; part of it was done ahead."""

    @property
    def seconds(self) -> float:
        """The whole wait."""
        return round(self.recognised + self.decided + self.voiced, 3)


def waits(turns: Sequence[CallTurn]) -> list[Wait | None]:
    """One for each turn: None for the caller's, and for what answered nobody (a fixed line)."""
    found: list[Wait | None] = []
    asked: CallTurn | None = None
    for turn in turns:
        if turn.speaker is Speaker.CALLER:
            asked = turn
            found.append(None)
            continue
        found.append(_wait(turn.heard_latency, asked.metrics if asked else {}))
        asked = None
    return found


def _wait(whole: float | None, asked: Mapping[str, float]) -> Wait | None:
    if whole is None:
        return None
    recognised = min(max(asked.get("transcription_delay", 0.0), 0.0), whole)
    until_decided = asked.get("end_of_turn_delay", 0.0) + asked.get(
        "on_user_turn_completed_delay", 0.0
    )
    decided = min(max(until_decided, recognised), whole) - recognised
    return Wait(recognised, decided, whole - recognised - decided)
