"""Trunks and dispatch rules as a LiveKit server has them, without their secrets.

records = await read_sip_records(livekit)
"""

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from livekit import api
from livekit.protocol.sip import (
    ListSIPDispatchRuleRequest,
    ListSIPInboundTrunkRequest,
    ListSIPOutboundTrunkRequest,
    SIPDispatchRuleInfo,
    SIPInboundTrunkInfo,
    SIPOutboundTrunkInfo,
)

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
    asks_for_password: bool = False


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
    own_room_each: bool = True
    """False: a second call to the same number comes into the first one's room."""
    asks_for_pin: bool = False


@dataclass(frozen=True, slots=True)
class SipRecords:
    """Everything of it, in the server's order."""

    inbound: tuple[InboundTrunk, ...] = ()
    outbound: tuple[OutboundTrunk, ...] = ()
    rules: tuple[DispatchRule, ...] = ()


async def read_sip_records(livekit: api.LiveKitAPI) -> SipRecords:
    """Ask the server. Raises livekit.api.TwirpError, aiohttp.ClientError."""
    inbound, outbound, rules = await asyncio.gather(
        livekit.sip.list_inbound_trunk(ListSIPInboundTrunkRequest()),
        livekit.sip.list_outbound_trunk(ListSIPOutboundTrunkRequest()),
        livekit.sip.list_dispatch_rule(ListSIPDispatchRuleRequest()),
    )
    return SipRecords(
        tuple(map(_inbound, inbound.items)),
        tuple(map(_outbound, outbound.items)),
        tuple(map(_rule, rules.items)),
    )


def _inbound(trunk: SIPInboundTrunkInfo) -> InboundTrunk:
    return InboundTrunk(
        id=trunk.sip_trunk_id,
        name=trunk.name,
        numbers=tuple(trunk.numbers),
        allowed_addresses=tuple(trunk.allowed_addresses),
        asks_for_password=bool(trunk.auth_username or trunk.auth_password),
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
    direct, individual, callee = (
        *(rule.dispatch_rule_direct, rule.dispatch_rule_individual),
        rule.dispatch_rule_callee,
    )
    rooms = {
        "dispatch_rule_direct": Rooms.DIRECT,
        "dispatch_rule_individual": Rooms.INDIVIDUAL,
        "dispatch_rule_callee": Rooms.CALLEE,
    }.get(rule.WhichOneof("rule") or "", Rooms.NONE)
    own_room = {
        Rooms.DIRECT: False,
        # Without randomness the room is the caller's: their next call finds the last one's end.
        Rooms.INDIVIDUAL: True,
        Rooms.CALLEE: callee.randomize,
        Rooms.NONE: True,
    }
    return DispatchRule(
        id=info.sip_dispatch_rule_id,
        name=info.name,
        trunk_ids=tuple(info.trunk_ids),
        rooms=rooms,
        agents=tuple(agent.agent_name for agent in info.room_config.agents),
        our_numbers=tuple(info.numbers),
        own_room_each=own_room[rooms],
        asks_for_pin=bool(direct.pin or individual.pin or callee.pin),
    )
