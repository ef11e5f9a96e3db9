"""Trunks and dispatch rules of a LiveKit server as far as calls depend on them, without secrets.

records = records_of(await read_server(livekit))
"""

from dataclasses import dataclass
from enum import StrEnum

from livekit.protocol.sip import SIPDispatchRuleInfo, SIPInboundTrunkInfo, SIPOutboundTrunkInfo

from agent.provisioning.livekit.guard import malformed_addresses, open_to_anybody, shares_a_room
from agent.telephony.trunks import SipServer

TELNYX_USERNAME_HEADER = "X-Telnyx-Username"
"""Telnyx finds our connection by it; without it in the INVITE, perhaps another customer's."""


class Rooms(StrEnum):
    """How a rule puts callers into rooms."""

    DIRECT = "direct"
    """All of them into one."""
    INDIVIDUAL = "individual"
    """Each into a room of their own, named after their number."""
    CALLEE = "callee"
    """Named after our number."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class InboundTrunk:
    """Whose calls are let in, and for which of our numbers (none: for any)."""

    id: str
    name: str
    numbers: tuple[str, ...]
    allowed_addresses: tuple[str, ...] = ()
    malformed_addresses: tuple[str, ...] = ()
    """Those of them that LiveKit leaves out."""
    open_because: str | None = None
    """Why anybody on the internet can call in by it; None: not anybody can."""


@dataclass(frozen=True, slots=True)
class OutboundTrunk:
    """By which way we call. `username` is the carrier's name for us, empty without one."""

    id: str
    name: str
    address: str
    numbers: tuple[str, ...]
    username: str = ""
    headers: tuple[str, ...] = ()
    """Names of what is sent in the INVITE."""
    headers_to_attributes: tuple[str, ...] = ()
    """Names of what is read from the answer."""


@dataclass(frozen=True, slots=True)
class DispatchRule:
    """What happens to a call that a trunk let in. `trunk_ids` empty: to any call at all."""

    id: str
    name: str
    trunk_ids: tuple[str, ...]
    rooms: Rooms
    agents: tuple[str, ...]
    our_numbers: tuple[str, ...] = ()
    """Only calls to these, compared letter by letter; empty: to all."""
    shared_room: str | None = None
    """What two callers at a time meet; None: each has a room."""
    asks_for_pin: bool = False


@dataclass(frozen=True, slots=True)
class SipRecords:
    """Everything of it, in the server's order."""

    inbound: tuple[InboundTrunk, ...] = ()
    outbound: tuple[OutboundTrunk, ...] = ()
    rules: tuple[DispatchRule, ...] = ()


def records_of(server: SipServer) -> SipRecords:
    """What of it matters to a call."""
    return SipRecords(
        tuple(map(_inbound, server.inbound)),
        tuple(map(_outbound, server.outbound)),
        tuple(map(_rule, server.rules)),
    )


def _inbound(trunk: SIPInboundTrunkInfo) -> InboundTrunk:
    return InboundTrunk(
        id=trunk.sip_trunk_id,
        name=trunk.name,
        numbers=tuple(trunk.numbers),
        allowed_addresses=tuple(trunk.allowed_addresses),
        malformed_addresses=malformed_addresses(trunk),
        open_because=open_to_anybody(trunk),
    )


def _outbound(trunk: SIPOutboundTrunkInfo) -> OutboundTrunk:
    return OutboundTrunk(
        id=trunk.sip_trunk_id,
        name=trunk.name,
        address=trunk.address,
        numbers=tuple(trunk.numbers),
        username=trunk.auth_username,
        headers=tuple(trunk.headers),
        headers_to_attributes=tuple(trunk.headers_to_attributes),
    )


def _rule(info: SIPDispatchRuleInfo) -> DispatchRule:
    rule = info.rule
    kinds = (rule.dispatch_rule_direct, rule.dispatch_rule_individual, rule.dispatch_rule_callee)
    return DispatchRule(
        id=info.sip_dispatch_rule_id,
        name=info.name,
        trunk_ids=tuple(info.trunk_ids),
        rooms=_ROOMS.get(rule.WhichOneof("rule") or "", Rooms.NONE),
        agents=tuple(agent.agent_name for agent in info.room_config.agents),
        our_numbers=tuple(info.numbers),
        shared_room=shares_a_room(info),
        asks_for_pin=any(kind.pin for kind in kinds),
    )


_ROOMS = {
    "dispatch_rule_direct": Rooms.DIRECT,
    "dispatch_rule_individual": Rooms.INDIVIDUAL,
    "dispatch_rule_callee": Rooms.CALLEE,
}
