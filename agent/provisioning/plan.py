"""What must change at LiveKit and at Telnyx so that calls find their way; and what is fine already.

A plan is made first and shown, in words, then carried out: whoever reads it knows what will happen
to trunks that may carry calls at this very moment.
"""

from dataclasses import dataclass
from enum import StrEnum


class Service(StrEnum):
    """Where the step takes place."""

    LIVEKIT = "LiveKit"
    TELNYX = "Telnyx"


class Action(StrEnum):
    """What is done to a part."""

    CREATE = "create"
    CHANGE = "change"
    LEAVE = "leave"
    """It is as it should be."""
    REMOVE = "remove"
    """One too many; only with --prune, and only after asking."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of a part that is not as our files and settings want it. Secrets say `(secret)`."""

    field: str
    found: str
    wanted: str


@dataclass(frozen=True, slots=True)
class Step:
    """One part of the plan: `part` is what it is (inbound trunk, connection), `name` which one."""

    service: Service
    part: str
    name: str
    action: Action
    id: str | None = None
    """The service's id for it; None for what is yet to be created."""
    differences: tuple[Difference, ...] = ()
    """Why it is changed; empty for every other action."""
    reason: str = ""
    """A sentence for a person, where the action alone does not explain itself."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order in which they are carried out, and what a person should know besides."""

    steps: tuple[Step, ...]
    warnings: tuple[str, ...] = ()

    @property
    def to_do(self) -> tuple[Step, ...]:
        """The steps that change something."""
        return tuple(step for step in self.steps if step.action is not Action.LEAVE)
