"""What goes in and out under /phone-network/, as JSON. The command line reads these too."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from agent.local.phones.phone import CallStatus, Phone


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PlaceCall(_Model):
    """A simulated customer calls us."""

    caller: str
    callee: str
    scenario: str | dict[str, JsonValue]
    """A scenario's name, or a whole one."""
    ringing_timeout: float = Field(default=180, gt=0)


class NumberAnswers(_Model):
    """Somebody picks up; with a scenario, a simulated customer."""

    does: Literal["answers"]
    after: float = Field(default=0.6, ge=0)
    rings: bool = True
    scenario: str | None = None


class NumberRefuses(_Model):
    """A SIP refusal: one of those recorded."""

    does: Literal["refuses"]
    code: int = 486
    words: str | None = None
    after: float = Field(default=0.5, ge=0)


class NumberDoes(_Model):
    """What needs no details."""

    does: Literal["never_answers", "no_such_carrier", "credentials_refused"]


NumberBehaviour = Annotated[NumberAnswers | NumberRefuses | NumberDoes, Field(discriminator="does")]


class TargetBehaviour(_Model):
    """What a transfer to this target meets."""

    does: Literal["accepts", "refuses", "never_answers"]
    code: int = 603
    words: str | None = None


class WebhookPlan(_Model):
    """Where Telnyx's webhooks go, and what happens to them on the way; no `url`: there are none."""

    url: str | None = None
    lose: float = Field(default=0, ge=0, le=1)
    """The share that is never sent."""
    copies: int = Field(default=1, ge=1, le=100)
    """How often each is delivered."""
    shuffle: bool = False
    delay: float = Field(default=0, ge=0)
    """Seconds until the first try."""


class WebhooksView(WebhookPlan):
    """The plan as it is, the account's key, and how many deliveries were taken."""

    public_key: str
    delivered: int


class CallView(_Model):
    """A call as the network sees it; seconds on the phone's own clock."""

    call_id: str
    room_name: str
    identity: str
    status: CallStatus
    ended_by: Literal["us", "them"] | None = None
    end_reason: str | None = None
    headers: dict[str, str]
    answered: bool
    heard_latencies: list[float]
    agent_stopped_after: list[float]
    first_agent_audio_after: float | None = None
    overlap: float
    longest_silence: float
    dropped_frames: int


class Line(_Model):
    """One line of what POST /phone-network/calls streams."""

    line: Literal["ringing", "event", "result", "ended", "error"]
    call: CallView | None = None
    event: JsonValue = None
    """A CustomerEvent or, in `result`, the CustomerResult, as JSON."""
    message: str | None = None


def view(phone: Phone) -> CallView:
    """The call of `phone`, now."""
    measured = phone.measurements
    first, answered = measured.first_agent_audio_at, measured.answered_at
    return CallView(
        call_id=phone.call_id,
        room_name=phone.room_name,
        identity=phone.identity,
        status=phone.status,
        ended_by=phone.end.by if phone.end else None,
        end_reason=phone.end.reason if phone.end else None,
        headers=phone.headers,
        answered=answered is not None,
        heard_latencies=measured.heard_latencies,
        agent_stopped_after=measured.agent_stopped_after,
        first_agent_audio_after=first - answered if first and answered else None,
        overlap=measured.overlap,
        longest_silence=measured.longest_silence,
        dropped_frames=measured.dropped_frames,
    )
