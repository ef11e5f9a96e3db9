"""Facts of calls for tests: short to write, with distinct ids and rising times."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID, uuid4

from agent.domain.calls import CallEvent, CallTurn, EventKind, Scalar, Source, Speaker

NOON = datetime(2026, 9, 14, 12, 0, tzinfo=UTC)
"""A Monday."""


class Story:
    """One call, told fact by fact, a second apart.

    >>> call = Story()
    >>> events = [call.created(), call("answered"), call("ended", after=60)]
    """

    def __init__(self, call_id: UUID | None = None, *, start: datetime = NOON) -> None:
        self.call_id = call_id or uuid4()
        self.now = start
        self._ids = count(1)

    def __call__(
        self,
        kind: str,
        *,
        after: float = 1.0,
        source: Source = Source.WORKER,
        **detail: Scalar,
    ) -> CallEvent:
        """The next fact, `after` seconds after the one before."""
        self.now += timedelta(seconds=after)
        source_id = f"{self.call_id}:{next(self._ids)}"
        return CallEvent(self.call_id, EventKind(kind), self.now, source, source_id, detail)

    def created(
        self, *, direction: str = "inbound", required_questions: str = "", **other: Scalar
    ) -> CallEvent:
        """The first fact of a call; `other` details are as given."""
        caller, ours = "+32479202020", "+3226010500"
        event = self(
            "created",
            direction=direction,
            from_number=caller if direction == "inbound" else ours,
            to_number=ours if direction == "inbound" else caller,
            room_name="ai-sales-call_+3226010500_x",
            playbook="default",
            language="en",
            required_questions=required_questions,
        )
        return replace(event, detail={**event.detail, **other})

    def turn(self, speaker: Speaker, text: str, *, turn_id: str | None = None) -> CallTurn:
        """Something said now, for two seconds."""
        started = self.now
        self.now += timedelta(seconds=2)
        return CallTurn(
            self.call_id,
            turn_id or f"turn-{next(self._ids)}",
            speaker,
            text,
            started,
            self.now,
            heard_latency=0.4 if speaker is Speaker.AGENT else None,
            metrics={"llm": 0.2},
        )
