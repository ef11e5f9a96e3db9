"""The phone network: who is called, who calls, and every call that is on."""

import asyncio
import logging
import secrets
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from livekit.protocol.sip import (
    CreateSIPParticipantRequest,
    SIPOutboundTrunkInfo,
    SIPParticipantInfo,
    TransferSIPParticipantRequest,
)

from agent.errors import Refused
from agent.local.phone_network import answers
from agent.local.phone_network.answers import TwirpAnswer
from agent.local.phone_network.behaviours import (
    Answers,
    Behaviour,
    Handler,
    TransferAccepted,
    TransferBehaviour,
    TransferDead,
    TransferRefused,
)
from agent.local.phone_network.callee import Callee, Terms, Waits, ended_within
from agent.local.phone_network.carrier_webhooks import TelnyxWebhooks
from agent.local.phone_network.identifiers import (
    LEG_ID,
    SESSION_ID,
    answered_dialog,
    guid,
    telnyx_ids,
)
from agent.local.phone_network.numbers import normalized
from agent.local.phone_network.ring import ring_and_talk
from agent.local.phone_network.routing import (
    InboundCall,
    carriers_address,
    evaluate,
    match_rule,
    match_trunk,
)
from agent.local.phone_network.upstream import Guest, Upstream
from agent.local.phones.g711 import Law
from agent.local.phones.phone import STATUS, CallStatus, EndOfCall, Phone
from agent.local.telnyx.events import TelnyxLeg

log = logging.getLogger(__name__)

_DAY = 86400.0  # livekit-sip's longest call
_KEPT_CALLS = 1000


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a caller's carrier answers when our trunk asks who it is."""

    username: str
    password: str


class PhoneNetwork:
    """Phones around one livekit-server. Use as `async with`; leaving hangs every phone up."""

    def __init__(
        self,
        upstream: Upstream,
        *,
        waits: Waits | None = None,
        telnyx: bool = True,
        law: Law = Law.A,
        host: str = "127.0.0.1",
        webhooks: TelnyxWebhooks | None = None,
    ) -> None:
        self.calls: list[Phone] = []
        """The latest calls, oldest first, those that are over included."""
        self.default: Behaviour = Answers(after=1.0)
        """What numbers do that nobody set. At first somebody answers and says nothing."""
        self.default_transfer: TransferBehaviour = TransferAccepted()
        self._upstream = upstream
        self._waits = waits or Waits()
        self._telnyx = telnyx
        self._law = law
        self._host = host
        self._webhooks = webhooks
        self._numbers: dict[str, Behaviour] = {}
        self._transfers: dict[str, TransferBehaviour] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        over = [phone.hang_up() for phone in self.calls if phone.end is None]
        await asyncio.gather(*over, return_exceptions=True)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def on_outbound(self, number: str, behaviour: Behaviour) -> None:
        """What happens from now on when we call `number`."""
        self._numbers[normalized(number)] = behaviour

    def on_transfer(self, target: str, behaviour: TransferBehaviour) -> None:
        """What happens when a caller is transferred to `target`, a number or a `sip:` address."""
        self._transfers[_target(target)] = behaviour

    async def place_call(
        self,
        *,
        caller: str,
        callee: str,
        ringing_timeout: float = 180,
        handler: Handler | None = None,
        credentials: Credentials | None = None,
        headers: dict[str, str] | None = None,
        source_ip: str | None = None,
    ) -> Phone:
        """A customer calls us: returns as soon as the phone rings, in the caller's ear.

        The rules that the server has stored decide. A number that none of its trunks has rings
        for ever, without a room or an event: flood protection. `ringing_timeout` (seconds) counts
        unless the trunk has its own. `credentials` are what the carrier presents to a trunk that
        asks; None presents the right ones. `source_ip` is where the INVITE comes from; None is an
        address that the trunk allows. Raises Refused (401) for wrong credentials,
        LiveKitUnavailable.
        """
        trunks = await self._upstream.inbound_trunks()
        address = source_ip or carriers_address(trunks, callee)
        call = InboundCall(caller, callee, guid("SCL_"), self._host, address)
        trunk = match_trunk(trunks, call)
        if trunk and trunk.auth_password and credentials is not None:
            right = Credentials(trunk.auth_username, trunk.auth_password)
            if credentials != right:
                raise Refused("401 Unauthorized: the trunk has other credentials")
        rule = match_rule(await self._upstream.dispatch_rules(), trunk, call)
        if rule is None:
            phone = self._phone(caller, f"sip_{caller}", {STATUS: CallStatus.RINGING})
            log.info("call_rings_for_ever")
            return phone
        to = evaluate(rule, trunk, call)
        attributes = {**to.attributes, **answered_dialog(), STATUS: CallStatus.RINGING}
        if self._telnyx:
            attributes |= telnyx_ids()
        phone = self._phone(
            caller, to.identity, attributes, room_name=to.room_name, headers=headers
        )
        guest = Guest(to.room_name, to.identity, to.name, to.metadata, attributes, to.room_config)
        await self._join(phone, guest)
        self._tell_of(phone, attributes, outbound=False, caller=caller, callee=callee)
        self._own(
            ring_and_talk(
                phone,
                ringing_timeout=to.ringing_timeout or ringing_timeout,
                max_call_duration=to.max_call_duration or _DAY,
                handler=handler,
            ),
            f"inbound {phone.call_id}",
        )
        return phone

    async def dial(
        self, request: CreateSIPParticipantRequest, trunk: SIPOutboundTrunkInfo | None
    ) -> TwirpAnswer | SIPParticipantInfo:
        """CreateSIPParticipant, of a request that livekit-server found in order."""
        ours = request.sip_number or secrets.choice(list(trunk.numbers) if trunk else [""])
        host = trunk.address if trunk else request.trunk.hostname
        attributes = {
            **request.participant_attributes,
            "sip.callID": guid("SCL_"),
            "sip.trunkID": request.sip_trunk_id,
            STATUS: CallStatus.DIALING,
        }
        if not request.hide_phone_number:
            attributes |= {
                "sip.phoneNumber": request.sip_call_to,
                "sip.hostname": host,
                "sip.trunkPhoneNumber": ours,
            }
        identity = request.participant_identity or f"sip_{request.sip_call_to}"
        phone = self._phone(
            request.sip_call_to,
            identity,
            attributes,
            room_name=request.room_name,
            headers={**(trunk.headers if trunk else {}), **request.headers},
        )
        guest = Guest(
            request.room_name,
            identity,
            request.participant_name,
            request.participant_metadata,
            attributes,
        )
        await self._join(phone, guest)
        ids = telnyx_ids() if self._telnyx else {}
        terms = Terms(
            ringing_timeout=_seconds(request, "ringing_timeout") or self._waits.ringing,
            max_call_duration=_seconds(request, "max_call_duration") or _DAY,
            trunk_has_credentials=bool(trunk and trunk.auth_username and trunk.auth_password),
            dtmf=request.dtmf,
            telnyx=ids,
        )
        behaviour = self._numbers.get(normalized(request.sip_call_to), self.default)
        if self._webhooks and self._webhooks.follows(behaviour):
            self._tell_of(phone, ids, outbound=True, caller=ours, callee=request.sip_call_to)
        call = Callee(phone, behaviour, terms, self._waits)
        self._own(call.run(), f"outbound {phone.call_id}")
        if request.wait_until_answered:
            failed = await asyncio.shield(call.answer)
            if failed is not None:
                return failed
        return SIPParticipantInfo(
            participant_id=phone.participant_id,
            participant_identity=identity,
            room_name=request.room_name,
            sip_call_id=phone.call_id,
        )

    def find(self, room_name: str, identity: str) -> Phone | None:
        """The phone that is in this room under this identity now."""
        for phone in reversed(self.calls):
            if (phone.room_name, phone.identity) == (room_name, identity) and phone.end is None:
                return phone
        return None

    async def transfer(
        self, phone: Phone, request: TransferSIPParticipantRequest
    ) -> TwirpAnswer | None:
        """TransferSIPParticipant of a phone of ours; None: the target answered, the phone left."""
        match self._transfers.get(_target(request.transfer_to), self.default_transfer):
            case TransferRefused(code, words):
                return answers.transfer_refused(code, words)
            case TransferDead():
                limit = self._waits.transfer(_seconds(request, "ringing_timeout"))
                await ended_within(phone, limit)
                return answers.TRANSFER_TIMED_OUT
            case TransferAccepted():
                await phone.leave(EndOfCall("us", "transferred"), hangup=True)
                return None

    def _tell_of(
        self, phone: Phone, ids: Mapping[str, str], *, outbound: bool, caller: str, callee: str
    ) -> None:
        """Let Telnyx tell of this call by webhook, as far as this carrier is Telnyx."""
        if self._webhooks is None or SESSION_ID not in ids:
            return
        leg = TelnyxLeg(
            outbound=outbound,
            caller=caller,
            callee=callee,
            session_id=ids[SESSION_ID],
            leg_id=ids[LEG_ID],
            began=datetime.now(UTC),
            headers={
                name: value
                for name, value in phone.headers.items()
                if not name.lower().startswith("x-telnyx")  # who we are is no news to Telnyx
            },
        )
        self._own(self._webhooks.follow(phone, leg), f"webhooks of {phone.call_id}")

    def _phone(
        self,
        number: str,
        identity: str,
        attributes: dict[str, str],
        *,
        room_name: str = "",
        headers: dict[str, str] | None = None,
    ) -> Phone:
        phone = Phone(
            number=number,
            identity=identity,
            attributes=attributes,
            headers=headers,
            room_name=room_name,
            law=self._law,
        )
        over = [old for old in self.calls if old.end is not None]
        for old in over[: max(len(self.calls) + 1 - _KEPT_CALLS, 0)]:
            self.calls.remove(old)
        self.calls.append(phone)
        return phone

    async def _join(self, phone: Phone, guest: Guest) -> None:
        try:
            await phone.join(self._upstream.websocket_url, self._upstream.token(guest))
        except BaseException:
            await phone.leave(EndOfCall("us", "could_not_join"))
            raise

    def _own(self, call: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(call, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("call_failed", exc_info=error, extra={"call": task.get_name()})


def _target(address: str) -> str:
    """`<sip:+32…@host>`, `tel:+32…` and `+32…` are the same target when the number is."""
    bare = address.strip("<>").removeprefix("sips:").removeprefix("sip:").removeprefix("tel:")
    return normalized(bare.split("@")[0])


def _seconds(
    request: CreateSIPParticipantRequest | TransferSIPParticipantRequest, name: str
) -> float | None:
    """A duration of the request; None when it is unset or zero, which LiveKit takes as unset."""
    if not request.HasField(name):
        return None
    duration = getattr(request, name)
    return float(duration.seconds + duration.nanos / 1e9) or None
