"""Which room an inbound call goes to: LiveKit's own rules, applied to what the server has stored.

Read in livekit/protocol sip/sip.go (MatchTrunk, MatchDispatchRule, EvaluateDispatchRule), which
livekit-server runs when its SIP service asks. Calls that ask for a PIN are not played here.
"""

import hashlib
import ipaddress
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from livekit.protocol.room import RoomConfiguration
from livekit.protocol.sip import SIPDispatchRuleInfo, SIPInboundTrunkInfo

from agent.local.phone_network.identifiers import guid
from agent.local.phone_network.numbers import normalized


@dataclass(frozen=True, slots=True)
class InboundCall:
    """What an INVITE says."""

    caller: str
    callee: str
    call_id: str
    host: str
    """Where it comes from, as in its From header."""
    source_ip: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Destination:
    """The room for a call, and who the caller is in it."""

    room_name: str
    identity: str
    name: str
    metadata: str
    attributes: dict[str, str]
    room_config: RoomConfiguration | None
    headers: dict[str, str] = field(default_factory=dict)
    ringing_timeout: float | None = None
    """Seconds; None: the trunk does not say."""
    max_call_duration: float | None = None


def match_trunk(
    trunks: Sequence[SIPInboundTrunkInfo], call: InboundCall
) -> SIPInboundTrunkInfo | None:
    """The trunk that has the called number, else the one trunk without numbers."""
    default: SIPInboundTrunkInfo | None = None
    for trunk in trunks:
        if trunk.allowed_numbers and not _same_number(call.caller, trunk.allowed_numbers):
            continue
        if not _address_allowed(call, trunk.allowed_addresses):
            continue
        if not trunk.numbers:
            default = trunk
        elif _same_number(call.callee, trunk.numbers):
            return trunk
    return default


def carriers_address(trunks: Sequence[SIPInboundTrunkInfo], callee: str) -> str:
    """Where the calls of the carrier come from that has the number: what its trunk allows first."""
    for trunk in trunks:
        if _same_number(callee, trunk.numbers):
            for network in _networks(trunk.allowed_addresses):
                return str(network[0])
    return "127.0.0.1"


def match_rule(
    rules: Sequence[SIPDispatchRuleInfo], trunk: SIPInboundTrunkInfo | None, call: InboundCall
) -> SIPDispatchRuleInfo | None:
    """The rule for this trunk, else the best of the rules for all trunks, else None."""
    # Exact strings, unlike a trunk's numbers: a rule with `3226010500` never matches.
    matching = [
        rule
        for rule in rules
        if (not rule.inbound_numbers or call.caller in rule.inbound_numbers)
        and (not rule.numbers or call.callee in rule.numbers)
        and rule.rule.WhichOneof("rule") is not None
        and not _room_and_pin(rule)[1]
    ]
    specific = [rule for rule in matching if trunk and trunk.sip_trunk_id in rule.trunk_ids]
    default = [rule for rule in matching if not rule.trunk_ids]
    return min(specific or default, key=_priority, default=None)


def evaluate(
    rule: SIPDispatchRuleInfo,
    trunk: SIPInboundTrunkInfo | None,
    call: InboundCall,
    *,
    new_id: Callable[[], str] = guid,
) -> Destination:
    """The room's name and the caller's identity, name and attributes under `rule`."""
    caller, identity = call.caller, f"sip_{call.caller}"
    attributes = {
        **rule.attributes,
        "sip.callID": call.call_id,
        "sip.trunkID": trunk.sip_trunk_id if trunk else "",
        "sip.ruleID": rule.sip_dispatch_rule_id,
    }
    if rule.hide_phone_number:
        identity = f"sip_{hashlib.sha256(call.caller.encode()).digest()[:8].hex()}"
        caller = caller[-4:] if len(caller) > 4 else caller[-1:]
    else:
        attributes |= {
            "sip.phoneNumber": call.caller,
            "sip.hostname": call.host,
            "sip.trunkPhoneNumber": call.callee,
        }
    return Destination(
        room_name=_room_name(rule, caller, call.callee, new_id),
        identity=identity,
        name=f"Phone {caller}",
        metadata=rule.metadata,
        attributes=attributes,
        room_config=rule.room_config if rule.HasField("room_config") else None,
        headers=dict(trunk.headers) if trunk else {},
        ringing_timeout=_seconds(trunk, "ringing_timeout"),
        max_call_duration=_seconds(trunk, "max_call_duration"),
    )


def _room_name(
    rule: SIPDispatchRuleInfo, caller: str, callee: str, new_id: Callable[[], str]
) -> str:
    prefix, _ = _room_and_pin(rule)
    match rule.rule.WhichOneof("rule"):
        case "dispatch_rule_individual":
            number = caller
            random = not rule.rule.dispatch_rule_individual.no_randomness
        case "dispatch_rule_callee":
            number = callee
            random = rule.rule.dispatch_rule_callee.randomize
        case _:
            return prefix
    return "_".join([*([prefix] if prefix else []), number, *([new_id()] if random else [])])


def _room_and_pin(rule: SIPDispatchRuleInfo) -> tuple[str, str]:
    """The room's name or prefix, and the PIN that its callers must enter."""
    match rule.rule.WhichOneof("rule"):
        case "dispatch_rule_direct":
            return rule.rule.dispatch_rule_direct.room_name, rule.rule.dispatch_rule_direct.pin
        case "dispatch_rule_individual":
            individual = rule.rule.dispatch_rule_individual
            return individual.room_prefix, individual.pin
        case _:
            return rule.rule.dispatch_rule_callee.room_prefix, rule.rule.dispatch_rule_callee.pin


def _priority(rule: SIPDispatchRuleInfo) -> tuple[int, str]:
    """Lower goes first: direct, individual, callee; rules that name numbers before others."""
    kinds = ["dispatch_rule_direct", "dispatch_rule_individual", "dispatch_rule_callee"]
    priority = kinds.index(rule.rule.WhichOneof("rule") or kinds[-1])
    priority += 1000 * (not rule.inbound_numbers) + 1000 * (not rule.numbers)
    return priority, _room_and_pin(rule)[0]


def _same_number(number: str, allowed: Sequence[str]) -> bool:
    return any(number == one or normalized(number) == normalized(one) for one in allowed)


def _address_allowed(call: InboundCall, allowed: Sequence[str]) -> bool:
    """Whether the source is in one of `allowed`, or the From header's host is one of them.

    A list of which no entry is well-formed allows everybody, as in the real one: provisioning
    refuses such lists.
    """
    networks = _networks(allowed)
    if not networks:
        return True
    source = ipaddress.ip_address(call.source_ip)
    return call.host in allowed or any(source in network for network in networks)


def _networks(allowed: Sequence[str]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """The well-formed entries; host names are not looked up."""
    networks = []
    for entry in allowed:
        with suppress(ValueError):
            networks.append(ipaddress.ip_network(entry, strict=False))
    return networks


def _seconds(trunk: SIPInboundTrunkInfo | None, name: str) -> float | None:
    if trunk is None or not trunk.HasField(name):
        return None
    seconds = getattr(trunk, name).ToTimedelta().total_seconds()
    return float(seconds) or None
