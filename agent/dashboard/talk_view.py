"""A test call as its page shows it: what was said and after which waits, and what came of it."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict

from agent.domain.calls import CallEvent, CallTurn, EventKind, Scalar
from agent.domain.latency import Wait, waits
from agent.store.calls import CallDetail


class View(BaseModel):
    """A part of the answer, made from an object of the rooms below."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class WaitView(View):
    """See `domain.latency.Wait`."""

    recognised: float
    decided: float
    voiced: float
    seconds: float


class TurnView(View):
    """One turn; `wait` only where it answers the caller."""

    speaker: str
    text: str
    wait: WaitView | None


class EvidenceView(View):
    """A fact that decided the outcome. `second`: where it is in the recording; None: not in it."""

    kind: str
    second: float | None


class TalkView(View):
    """The call. `complete`: nothing more will be written of it."""

    id: str
    status: str
    complete: bool
    disposition: str | None
    reason: str | None
    summary: str | None
    duration_s: float | None
    playbook: str
    answers: Mapping[str, Scalar]
    appointment_at: AwareDatetime | None
    callback_at: AwareDatetime | None
    evidence: list[EvidenceView]
    turns: list[TurnView]
    has_recording: bool


def talk_view(detail: CallDetail, recording: Path | None) -> TalkView:
    """The call as it stands now; `recording` is its file, if it is here."""
    record = detail.record
    outcome = record.outcome
    began = _first(detail, EventKind.RECORDING_STARTED)
    return TalkView(
        id=str(record.id),
        status=record.state,
        complete=outcome is not None and _is_complete(detail),
        disposition=outcome.disposition if outcome else None,
        reason=(outcome.reason or None) if outcome else None,
        summary=record.summary,
        duration_s=record.duration_s,
        playbook=record.playbook,
        answers=dict(record.facts.answers),
        appointment_at=record.facts.appointment_at,
        callback_at=record.facts.callback_at,
        evidence=[_evidence(event, began) for event in (outcome.evidence if outcome else ())],
        turns=[
            _turn(turn, wait) for turn, wait in zip(detail.turns, waits(detail.turns), strict=True)
        ],
        has_recording=recording is not None,
    )


def _is_complete(detail: CallDetail) -> bool:
    """The recording and, where somebody spoke, the summary come after the end."""
    kinds = {event.kind for event in detail.events}
    recorded = EventKind.RECORDING_STARTED not in kinds or EventKind.RECORDING_SAVED in kinds
    return recorded and (not detail.turns or EventKind.SUMMARISED in kinds)


def _first(detail: CallDetail, kind: EventKind) -> datetime | None:
    return next((event.at for event in detail.events if event.kind is kind), None)


def _evidence(event: CallEvent, began: datetime | None) -> EvidenceView:
    second = None if began is None else round((event.at - began).total_seconds(), 1)
    return EvidenceView(
        kind=event.kind, second=second if second is not None and second >= 0 else None
    )


def _turn(turn: CallTurn, wait: Wait | None) -> TurnView:
    return TurnView(
        speaker=turn.speaker,
        text=turn.text,
        wait=WaitView.model_validate(wait) if wait else None,
    )
