"""What a conversation talks to, kept in memory: facts, telephone line, calendar, clock."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from livekit import rtc

from agent.domain import appointments
from agent.domain.appointments import OpeningHours
from agent.domain.calls import CallEvent, CallTurn, EventKind, Scalar, Speaker
from agent.domain.phone_numbers import PhoneNumber
from agent.errors import Refused
from agent.voice.speech_cache import SAMPLE_RATE, SpeechCache

# A Monday, 10:00 in Brussels.
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Facts:
    """A EventSink that a test can read."""

    def __init__(self) -> None:
        self.events: list[CallEvent] = []
        self.urgent: list[EventKind] = []
        self.turns: list[CallTurn] = []
        self.said: list[str] = []
        """Turns and events in the order in which they came: "agent: …", "event: …"."""

    def record(self, event: CallEvent, *, urgent: bool = False) -> None:
        """Keep a fact."""
        self.events.append(event)
        self.said.append(f"event: {event.kind}")
        if urgent:
            self.urgent.append(event.kind)

    def turn(self, turn: CallTurn) -> None:
        """Keep a turn."""
        self.turns.append(turn)
        self.said.append(f"{turn.speaker}: {turn.text}")

    @property
    def kinds(self) -> list[EventKind]:
        """What happened, in order."""
        return [event.kind for event in self.events]

    def details(self, kind: EventKind) -> list[dict[str, Scalar]]:
        """The details of every fact of this kind."""
        return [dict(event.detail) for event in self.events if event.kind is kind]

    def by(self, speaker: Speaker) -> list[str]:
        """What this side said, turn by turn."""
        return [turn.text for turn in self.turns if turn.speaker is speaker]


class FakeLine:
    """A PhoneLine. `refuses` is what the exchange answers to a transfer."""

    def __init__(self, facts: Facts, *, refuses: str | None = None) -> None:
        self._facts = facts
        self._refuses = refuses
        self.transfers: list[str] = []
        self.hang_ups = 0

    async def hang_up(self) -> None:
        """Put the line down."""
        self.hang_ups += 1
        self._facts.said.append("line: down")

    async def transfer(self, number: PhoneNumber) -> None:
        """Hand over, or refuse as told."""
        self.transfers.append(number)
        if self._refuses is not None:
            raise Refused(self._refuses)


class Rendered(SpeechCache):
    """Has audio for every line: a second of silence."""

    def __init__(self) -> None:
        super().__init__(Path("/nonexistent"), "nobody")

    def seconds(self, line: str) -> float:
        """Every line takes a second."""
        return 1.0

    async def _silence(self) -> AsyncIterator[rtc.AudioFrame]:
        for _ in range(50):
            yield rtc.AudioFrame.create(SAMPLE_RATE, 1, SAMPLE_RATE // 50)

    def frames(self, line: str) -> AsyncIterator[rtc.AudioFrame]:
        """The silence."""
        return self._silence()


class MemoryCalendar(appointments.MemoryCalendar):
    """The product's own, with ids of any kind."""

    def __init__(self, hours: OpeningHours) -> None:
        super().__init__(hours, uuid4)
