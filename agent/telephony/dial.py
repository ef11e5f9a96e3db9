"""Dialling: one INVITE, its answer or what came instead."""

from dataclasses import dataclass
from uuid import UUID

import aiohttp
import structlog
from google.protobuf.json_format import MessageToDict
from livekit import api

from agent.domain.dispositions import Reason
from agent.domain.phone_numbers import PhoneNumber
from agent.telephony.sip_errors import NotReached, read_error

log = structlog.get_logger(__name__)

CALL_ID_HEADER = "X-Call-Id"
"""In every INVITE of ours: the carrier's webhooks bring it back."""
_MUTE_CARRIER_SECONDS = 32.0
"""livekit-sip waits so long for a carrier's first word, whatever the ringing time (recorded)."""
_ANSWER_MARGIN_SECONDS = 10.0
"""Beyond what LiveKit may take, until LiveKit itself is taken to be away."""


@dataclass(frozen=True, slots=True)
class Dial:
    """Whom to dial, and how. Seconds; `identity` and `name` are the callee's in the room."""

    call_id: UUID
    trunk_id: str
    our_number: str
    number: PhoneNumber
    room_name: str
    identity: str
    name: str
    ringing_seconds: int
    max_call_seconds: int

    @property
    def answer_seconds(self) -> float:
        """How long LiveKit may take to say what came of it."""
        return max(self.ringing_seconds, _MUTE_CARRIER_SECONDS) + _ANSWER_MARGIN_SECONDS


def request_of(dial: Dial) -> api.CreateSIPParticipantRequest:
    """The request to LiveKit. The number is kept out of the participant's identity and name."""
    request = api.CreateSIPParticipantRequest(
        sip_trunk_id=dial.trunk_id,
        sip_number=dial.our_number,
        sip_call_to=dial.number,
        room_name=dial.room_name,
        participant_identity=dial.identity,
        participant_name=dial.name,
        wait_until_answered=True,
        headers={CALL_ID_HEADER: str(dial.call_id)},
    )
    request.ringing_timeout.FromSeconds(dial.ringing_seconds)
    request.max_call_duration.FromSeconds(dial.max_call_seconds)
    return request


def cli_form(dial: Dial) -> dict[str, object]:
    """The request as `lk sip participant create FILE` reads it (sipParticipant.json)."""
    form: dict[str, object] = MessageToDict(request_of(dial), preserving_proto_field_name=True)
    return form


async def originate(livekit: api.LiveKitAPI, dial: Dial) -> NotReached | None:
    """Dial and wait for the answer; None: answered.

    `livekit` must not fail over: a request that is sent again would ring a second time. When no
    answer comes in time the room has to be deleted, the phone may ring on.
    """
    try:
        await livekit.sip.create_sip_participant(request_of(dial), timeout=dial.answer_seconds)
    except api.TwirpError as error:  # SipCallError too
        return read_error(error)
    except (aiohttp.ClientError, TimeoutError) as error:
        # Whether the phone rang is unknown, so it counts as if it had.
        log.error("dial_without_answer", call_id=str(dial.call_id), error=type(error).__name__)
        return NotReached(None, "", Reason.CARRIER_ERROR, None)
    return None
