"""What the API takes and gives, as pydantic models: the OpenAPI document is made from them.

Unknown fields are refused: a client that misspells `room_name` hears of it at once.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
)

from agent.domain.attempts import AttemptOutcome, AttemptState, Basis
from agent.domain.calls import CallOrigin, CallState, Direction, EventKind, Scalar, Speaker
from agent.domain.dispositions import Disposition
from agent.domain.identities import is_reserved
from agent.domain.suspicion import Pattern, Severity
from agent.telephony.rooms import ParticipantKind

ROOM_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,127}$"
PRINTABLE = r"^[^\x00-\x1f\x7f]+$"

PhoneText = Annotated[str, StringConstraints(min_length=3, max_length=64, pattern=r"^[^\x00]*$")]
Country = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=4,
        description="Of a number without its country's code, like BE; left out: the country of "
        "our own number.",
    ),
]
RoomName = Annotated[str, StringConstraints(pattern=ROOM_NAME)]
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=PRINTABLE)]


def _not_reserved(identity: str) -> str:
    if is_reserved(identity):
        raise ValueError("this identity, or its beginning, is reserved; choose another one")
    return identity


CalleeIdentity = Annotated[ShortText, AfterValidator(_not_reserved)]


class Form(BaseModel):
    """A request's body."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class View(BaseModel):
    """An answer's body, or a part of it; made from the objects of the rooms below."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class OutboundCallForm(Form):
    """A call request. `participant_…` name the callee in the room."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "customer_id": 123,
                    "phone_number": "+32479202020",
                    "room_name": "ai-sales-call",
                    "participant_identity": "ai-sales-agent",
                    "participant_name": "AI Sales Agent",
                }
            ]
        }
    )

    phone_number: PhoneText
    country: Country = None
    customer_id: Annotated[int, Field(ge=-(2**63), lt=2**63)] | ShortText | None = None
    room_name: RoomName | None = None
    participant_identity: CalleeIdentity | None = None
    participant_name: ShortText | None = None
    playbook: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")] | None = None
    basis: Annotated[
        Basis,
        Field(
            strict=False,
            description="Why this person may be called. It is stored with the attempt; who leaves "
            "it out has it recorded as unstated, and answers for it.",
        ),
    ] = Basis.UNSTATED
    again: Annotated[
        bool,
        Field(
            description="Without an Idempotency-Key, an equal request within a minute is answered "
            "like the first and calls nobody. True: it is meant as another call."
        ),
    ] = False


class AcceptedCall(View):
    """The call will be placed as soon as an agent is free."""

    attempt_id: UUID
    call_id: UUID
    room_name: str
    status: Literal["queued"] = "queued"


class GateReason(View):
    """One rule of the gate that forbids the call."""

    rule: str
    why: str


class AttemptView(View):
    """A call request as it stands. `call_id` is its latest call, also before that exists."""

    id: UUID
    created_at: AwareDatetime
    state: AttemptState
    outcome: AttemptOutcome | None
    call_id: UUID
    phone_number: str
    customer_id: str | None
    basis: Basis
    room_name: str
    due_at: AwareDatetime
    tries: int
    reasons: list[GateReason]
    last_error: str | None
    ended_at: AwareDatetime | None


class CallView(View):
    """One call, as in the list. `duration_s` counts from the answer."""

    id: UUID
    created_at: AwareDatetime
    direction: Direction | None
    customer_id: str | None
    from_number: str
    to_number: str
    room_name: str
    status: CallState
    disposition: Disposition | None
    reason: str | None
    duration_s: float | None
    summary: str | None
    answered_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    has_recording: bool
    playbook: str
    language: str
    origin: CallOrigin


class CallPageView(View):
    """Calls, newest first. `next_cursor` is null on the last page."""

    calls: list[CallView]
    next_cursor: str | None


class EventView(View):
    """One fact about a call."""

    at: AwareDatetime
    kind: EventKind
    source: str
    detail: dict[str, Scalar]


class CallDetailView(CallView):
    """A call with what it taught us and what happened in it."""

    answers: dict[str, Scalar]
    appointment_at: AwareDatetime | None
    callback_at: AwareDatetime | None
    events: list[EventView]


class TurnView(View):
    """What one side said, as the other heard it."""

    speaker: Speaker
    text: str
    started_at: AwareDatetime
    ended_at: AwareDatetime
    interrupted: bool


class TranscriptView(View):
    """The words of a call; empty also when they have been deleted after RETENTION_DAYS."""

    call_id: UUID
    turns: list[TurnView]


class ParticipantView(View):
    """One side in a room."""

    identity: str
    name: str
    kind: ParticipantKind
    call_status: str | None
    joined_at: AwareDatetime


class RoomView(View):
    """A room: whether it is open in LiveKit now, who is in it, and its latest call with us."""

    room_name: str
    open: bool
    created_at: AwareDatetime | None
    participants: list[ParticipantView]
    call: CallView | None


class TrunkView(View):
    """A SIP trunk without its credentials."""

    id: str
    name: str
    direction: Direction
    numbers: list[str]
    address: str | None
    transport: str | None
    allowed_addresses: list[str]
    has_credentials: bool


class TrunksView(View):
    """All SIP trunks of the LiveKit server."""

    trunks: list[TrunkView]


class PartView(View):
    """One part of the installation; `detail` says what is wrong, or what there is."""

    name: str
    ok: bool
    detail: str


class SuspicionView(View):
    """A conspicuous pattern in our outbound calls."""

    pattern: Pattern
    severity: Severity
    count: int
    limit: float


class WebhookSourceView(View):
    """Webhooks of one source in this hour and the last one; `unlinked`: no call is known."""

    source: str
    last_received_at: AwareDatetime | None
    received: int
    unlinked: int
    refused: int


class HealthView(View):
    """`ok` when every part is. Suspicious patterns alone do not make it a problem."""

    status: Literal["ok", "problem"]
    parts: list[PartView]
    suspicious: list[SuspicionView]
    webhooks: list[WebhookSourceView]


class OptOutForm(Form):
    """A number that nobody may call any more."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"phone_number": "+32479202020"}]})

    phone_number: PhoneText
    country: Country = None


class OptOutView(View):
    """A number that nobody may call. `source`: who told us."""

    number: str
    scope: str
    source: str
    at: AwareDatetime


class OptOutPageView(View):
    """Opt-outs, newest first."""

    opt_outs: list[OptOutView]
    next_cursor: str | None


class CorrectionForm(Form):
    """An opt-out that was added by mistake."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"phone_number": "+32479202020", "reason": "a record id was imported as a number"}
            ]
        }
    )

    phone_number: PhoneText
    country: Country = None
    reason: Annotated[
        str,
        StringConstraints(
            strip_whitespace=True, min_length=3, max_length=500, pattern=r"^[^\x00]*$"
        ),
    ]


class CorrectionView(View):
    """What stood on the list (`source`, `opted_out_at`), and who removed it, when and why."""

    number: str
    scope: str
    source: str
    opted_out_at: AwareDatetime
    corrected_at: AwareDatetime
    corrected_by: str
    reason: str


class CorrectionListView(View):
    """Corrections, newest first."""

    corrections: list[CorrectionView]


class LineError(View):
    """A line of a file that could not be read as a phone number. Lines count from 1."""

    line: int
    written: str
    detail: str


class ImportView(View):
    """What an import did. Good lines count also when others are bad; `errors` are the first.

    `column` is the heading that was taken; `repeated` are lines whose number stood above.
    """

    column: str
    read: int
    added: int
    repeated: int
    refused: int
    errors: list[LineError]


class StatusView(View):
    """A plain answer for probes."""

    status: Literal["ok", "unavailable"]


class FieldErrorView(View):
    """A field of the request and what is wrong with it."""

    field: str
    detail: str


class ProblemView(View):
    """RFC 9457. `type` is stable; `errors` and `reasons` are there where they help."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[FieldErrorView] = []
    reasons: list[str] = []
