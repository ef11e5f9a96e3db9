"""What a dialer is given."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random
from uuid import UUID

from livekit import api

from agent.domain.contactability import Rules
from agent.playbook.model import Playbook
from agent.store.attempts import AttemptStore
from agent.store.dialings import DialingStore


@dataclass(frozen=True, slots=True)
class DialerParts:
    """The parts of one dialer. `playbook` reads one by its name, None the usual one.

    `max_batch`: attempts that it claims at once, so that none waits long for the trunk's slot.
    `ringing_seconds` and `max_call_seconds` tell the reaper what cannot be going on any more.
    """

    id: UUID
    attempts: AttemptStore
    dialings: DialingStore
    livekit: api.LiveKitAPI
    agent_name: str
    trunk: str
    trunk_id: str
    our_number: str
    rules: Rules
    playbook: Callable[[str | None], Playbook]
    max_batch: int
    ringing_seconds: float
    max_call_seconds: float
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    rng: Random
