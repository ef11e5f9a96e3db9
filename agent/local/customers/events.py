"""What a simulated customer reports: each thing that happens, and how the call went."""

from dataclasses import dataclass
from enum import StrEnum


class EventKind(StrEnum):
    """What happened, as the customer sees it."""

    RINGING = "ringing"
    ANSWERED = "answered"
    HEARD = "heard"
    SAID = "said"
    BARGED_IN = "barged_in"
    PRESSED = "pressed"
    HUNG_UP = "hung_up"
    CALL_ENDED = "call_ended"


@dataclass(frozen=True, slots=True)
class CustomerEvent:
    """`at`: seconds since the customer began to ring. `text`: what was heard, said or pressed.

    `latency`, with the first words of an answer: seconds from the end of the customer's speech to
    the agent's first sound, as heard on the phone.
    """

    at: float
    kind: EventKind
    text: str = ""
    latency: float | None = None


@dataclass(frozen=True, slots=True)
class CustomerResult:
    """How it went. `problem` is empty, or names the step that could not be done, and why."""

    scenario: str
    transcript: tuple[CustomerEvent, ...]
    problem: str
    latencies: tuple[float, ...]
    """Heard latency of each of the agent's answers, seconds."""
    stops: tuple[float, ...]
    """From the start of each barge-in until the agent fell silent, seconds."""

    @property
    def ok(self) -> bool:
        return not self.problem
