"""An attempt: somebody wants a number called. It has calls, of which at most one ever rang.

queued ──claim──► claimed ──one call rang, or a rule said no──► done
   ▲                 │
   └─── nobody was rung: no agent, trunk busy, trunk misconfigured (later, or given up)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random
from uuid import UUID

from agent.domain.contactability import Decision
from agent.domain.identities import PHONE_PREFIX
from agent.domain.phone_numbers import PhoneNumber


class Origin(StrEnum):
    """Who wants the call."""

    API = "api"
    CLI = "cli"
    CAMPAIGN = "campaign"
    CALLBACK = "callback"


class Basis(StrEnum):
    """Why we may call this person, as whoever asked for the call states it. Stored, not judged."""

    EXISTING_CUSTOMER = "existing_customer"
    CONSENT = "consent"
    CALL_REQUESTED = "call_requested"
    UNSTATED = "unstated"
    """Nothing was said; the API's caller answers for it."""


class AttemptState(StrEnum):
    """Where an attempt is."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    """A dialler has it, or one of its calls is going on."""
    DONE = "done"


class AttemptOutcome(StrEnum):
    """How an attempt ended. What came of the call itself is the call's disposition."""

    RANG = "rang"
    """One call was placed: answered or not, it is never placed again."""
    REFUSED = "refused"
    """A rule said no; the reasons are in its gate or last_error."""
    GAVE_UP = "gave_up"
    """Tried as often as makes sense; nobody was ever rung."""
    CANCELLED = "cancelled"


class DialingState(StrEnum):
    """How far one call of an attempt is."""

    DISPATCHED = "dispatched"
    """An agent was asked for; nobody's phone rings."""
    DIALLING = "dialling"
    """The slot is taken. From here on a phone may ring, so the attempt is used up."""
    OVER = "over"


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A call request. None: we choose (room, names, the usual playbook).

    `participant_identity` and `participant_name` are the callee's in the room.
    """

    origin: Origin
    number: PhoneNumber
    basis: Basis
    due_at: datetime
    customer_id: str | None = None
    room_name: str | None = None
    participant_identity: str | None = None
    participant_name: str | None = None
    playbook: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt as it stands. `call_id` is its latest call's id, also before that call exists."""

    id: UUID
    created_at: datetime
    request: CallRequest
    call_id: UUID
    state: AttemptState
    due_at: datetime
    """When it is tried next; the request's own time until something came in between."""
    tries: int
    """Calls that were begun."""
    outcome: AttemptOutcome | None = None
    gate: Decision | None = None
    last_error: str | None = None
    """Why the last try rang nobody: a `Reason` or a rule's name."""
    ended_at: datetime | None = None
    claimed_by: UUID | None = None
    """The dialler that has it now."""

    @property
    def room_name(self) -> str:
        """The room of its latest call: the one asked for, else one of the call's own."""
        return self.request.room_name or f"{ROOM_PREFIX}_{self.call_id}"

    @property
    def participant_identity(self) -> str:
        """The callee's identity in the room. Ours contains no telephone number."""
        return self.request.participant_identity or f"{PHONE_PREFIX}{self.call_id}"

    @property
    def participant_name(self) -> str:
        """The callee's name in the room."""
        return self.request.participant_name or "Customer"


ROOM_PREFIX = "ai-sales-call"


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A request that may be sent again. `answer` is what every repetition is answered with.

    `body_hash` tells a repetition from another request under the same key.
    """

    subject: str
    key: str
    body_hash: str
    status: int
    answer: Mapping[str, str | int | float | bool | None]


MAX_TRIES = 10
"""Calls begun for an attempt without anybody being rung, until it is given up."""
_FIRST_BACKOFF_SECONDS = 5.0
_LONGEST_BACKOFF_SECONDS = 600.0
_BUSY_PAUSE_SECONDS = 1.0
_LONGEST_BUSY_PAUSE_SECONDS = 30.0
_MISCONFIGURED_PAUSE_SECONDS = 30.0
_LONGEST_PAUSE_SECONDS = 900.0


def next_try(tries: int, now: datetime, rng: Random) -> datetime | None:
    """When to try again after `tries` calls that rang nobody; None: give it up.

    Doubles each time, up to ten minutes; spread, so that what failed together comes back apart.
    """
    if tries >= MAX_TRIES:
        return None
    seconds = min(_FIRST_BACKOFF_SECONDS * 2 ** (max(tries, 1) - 1), _LONGEST_BACKOFF_SECONDS)
    return now + timedelta(seconds=seconds * rng.uniform(0.75, 1.25))


def busy_pause(failures_in_a_row: int) -> timedelta:
    """How long no call goes out after the trunk was full; `failures_in_a_row` counts this one."""
    doubled = _BUSY_PAUSE_SECONDS * 2 ** min(failures_in_a_row - 1, 20)
    return timedelta(seconds=min(doubled, _LONGEST_BUSY_PAUSE_SECONDS))


def misconfigured_pause(failures_in_a_row: int) -> timedelta:
    """How long no call goes out after the carrier refused *us*: a person has to look."""
    doubled = _MISCONFIGURED_PAUSE_SECONDS * 2 ** min(failures_in_a_row - 1, 20)
    return timedelta(seconds=min(doubled, _LONGEST_PAUSE_SECONDS))


_PACE = 0.99


def seconds_per_call(calls_per_second: float) -> float:
    """Seconds between two slots of a trunk, 1 % more than 1/CPS.

    Calls go out milliseconds after their slot and wait for each other (see `worker.slot`); the 1 %
    lets them catch up.

    >>> round(seconds_per_call(5), 3)
    0.202
    """
    return 1.0 / (calls_per_second * _PACE)
