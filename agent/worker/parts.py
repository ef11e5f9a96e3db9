"""What a job is given: everything that one call needs, built inside the job's own loop."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Protocol
from uuid import UUID

from livekit.agents import JobProcess
from livekit.api import LiveKitAPI

from agent.conversation.live_call import EventSink
from agent.domain.appointments import Calendar
from agent.domain.attempts import Attempt
from agent.domain.calls import CallOrigin
from agent.domain.contactability import Rules
from agent.domain.language_choice import LanguageMarks
from agent.domain.speech_rules import SpeechRules
from agent.domain.understanding import Understanding
from agent.playbook.model import Playbook
from agent.store.dialings import DialingStore
from agent.store.trunks import TrunkStore
from agent.telephony.dial import Dial
from agent.telephony.dispatch import BrowserCall, JobMetadata
from agent.voice.pipeline import Pipeline
from agent.voice.speech_cache import SpeechCache
from agent.worker.warm_transfer import TransferLine


class Journal(EventSink, Protocol):
    """A EventSink that can be closed: nothing noted is lost, whatever the database does."""

    async def close(self, deadline_s: float) -> bool:
        """Write what is left. False if it had to be put aside on disk."""
        ...


@dataclass(frozen=True, slots=True)
class OutboundParts:
    """What placing a call needs. `livekit` must not send a request twice: it would ring twice."""

    attempt: Attempt
    trunk: str
    dial: Dial
    dialings: DialingStore
    trunks: TrunkStore
    livekit: LiveKitAPI
    rules: Rules
    seconds_per_call: float
    new_id: Callable[[], UUID]
    rng: Random


@dataclass(frozen=True, slots=True)
class LanguageParts:
    """One language that the call can be held in."""

    playbook: Playbook
    spoken: SpeechCache


@dataclass(frozen=True, slots=True)
class CallParts:
    """The parts of one call, and how to give them back."""

    call_id: UUID
    playbook: Playbook
    understanding: Understanding
    rules: SpeechRules
    pipeline: Pipeline
    spoken: SpeechCache
    journal: Journal
    calendar: Calendar | None
    livekit_secret: str
    """What messages of ours to the agent in its room are signed with."""
    prompts_dir: Path
    recordings_dir: Path
    max_call_seconds: float
    now: Callable[[], datetime]
    close: Callable[[], Awaitable[None]]
    origin: CallOrigin = CallOrigin.PHONE
    person_line: TransferLine | None = None
    """How a caller is put through where the carrier does not do it."""
    outbound: OutboundParts | None = None
    """Only of a call that we place."""
    languages: Mapping[str, LanguageParts] = field(default_factory=dict)
    """All that the call can be held in; empty: in that of `playbook` alone."""
    opening: tuple[str, ...] = ()
    """The languages of the first sentences where nothing is known of the caller."""
    marks: Mapping[str, LanguageMarks] = field(default_factory=dict)
    """By what a language is known."""
    last_language: Callable[[str], Awaitable[str | None]] | None = None
    """The language of the latest call with a number."""


PrepareProcess = Callable[[JobProcess], None]
"""Runs in a new job process before a call comes; must not raise (see `prepare_job_process`)."""

BuildParts = Callable[[JobProcess, JobMetadata | BrowserCall | None, str], Awaitable[CallParts]]
"""Runs when the call has come, in its loop; the order says which call of ours it is, if any, and
the job's id which call it is otherwise.

Both are module-level functions (or functools.partial of one): they are pickled into the process."""
