"""One call while it is going on: what its conversation knows, and whom it may use."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from agent.conversation.certainty import Certainty
from agent.conversation.spoken_language import SpokenLanguage
from agent.domain.appointments import Calendar
from agent.domain.calls import CallEvent, CallTurn, Direction, EventKind, Scalar, Source
from agent.domain.phone_numbers import PhoneNumber
from agent.domain.speech_rules import SpeechRules
from agent.domain.understanding import Understanding
from agent.playbook.model import Playbook
from agent.voice.heard_text import HeardText
from agent.voice.recorder import CallRecorder
from agent.voice.speech_cache import SpeechCache


class EventSink(Protocol):
    """Where events of a call go. Never blocks and never raises on the call's loop."""

    def record(self, event: CallEvent, *, urgent: bool = False) -> None:
        """Keep an event; `urgent` ones are written at once."""
        ...

    def turn(self, turn: CallTurn) -> None:
        """Keep what somebody said."""
        ...


class PhoneLine(Protocol):
    """The telephone side of this one call."""

    async def hang_up(self) -> None:
        """End the call for everybody. Doing it twice is harmless."""
        ...

    async def transfer(self, number: PhoneNumber) -> None:
        """Cold transfer; when it returns the caller has left us. Raises Refused."""
        ...


DialPerson = Callable[[PhoneNumber], Awaitable[None]]
"""Dial a person into the call and leave the two alone; raises Refused if that cannot be done."""


@dataclass(slots=True)
class LiveCall:
    """The state of one conversation. Everything that must outlive the call is noted as an event."""

    id: UUID
    direction: Direction
    caller_number: str
    playbook: Playbook
    understanding: Understanding
    rules: SpeechRules
    events: EventSink
    phone: PhoneLine
    spoken: SpeechCache
    recorder: CallRecorder
    now: Callable[[], datetime]
    calendar: Calendar | None = None
    warm_transfer: DialPerson | None = None
    """The other way to a person, where the carrier refuses a cold transfer."""
    heard: HeardText = field(default_factory=HeardText)
    certainty: Certainty = field(default_factory=Certainty)
    answers: dict[str, Scalar] = field(default_factory=dict)
    opted_out: bool = False
    ending: bool = False
    """We are saying goodbye: nothing new is started."""
    handing_over: bool = False
    """A transfer is under way: the caller's leaving is not a hang-up."""
    _noted: dict[EventKind, int] = field(default_factory=dict)

    def speak_in(self, language: SpokenLanguage) -> None:
        """The call goes on in this language: its lines, and the sound of them."""
        self.playbook = language.playbook
        self.spoken = language.spoken

    def note(self, kind: EventKind, *, urgent: bool = False, **detail: Scalar) -> None:
        """Record that something happened now.

        Its source id is made of the call, the kind and a running number, so an event that is
        written twice is one event.
        """
        number = self._noted.get(kind, 0)
        self._noted[kind] = number + 1
        self.events.record(
            CallEvent(
                call_id=self.id,
                kind=kind,
                at=self.now(),
                source=Source.WORKER,
                source_id=f"{self.id}:{kind}:{number}",
                detail=detail,
            ),
            urgent=urgent,
        )

    def noted(self, kind: EventKind) -> int:
        """How many such events were recorded in this call."""
        return self._noted.get(kind, 0)

    def opt_out(self, heard_by: str, rule: str | None = None) -> None:
        """The caller does not want to be called again: kept at once, whatever happens next."""
        if self.opted_out:
            return
        self.opted_out = True
        why: dict[str, Scalar] = {"rule": rule} if rule else {}
        self.note(
            EventKind.OPTED_OUT, urgent=True, heard_by=heard_by, number=self.caller_number, **why
        )
