"""Whether a call finds its way: trunks, dispatch rule and settings against each other.

Pure: `judge_routing(records, wanted)`. What is wrong here is mostly silent in life: LiveKit takes
it, and a caller hears ringing for ever, or somebody else's conversation.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from agent.doctor.findings import Finding, error, ok, unchecked, warning
from agent.domain.phone_numbers import parse
from agent.errors import Refused
from agent.provisioning.livekit.records import (
    TELNYX_USERNAME_HEADER,
    DispatchRule,
    InboundTrunk,
    OutboundTrunk,
    Rooms,
    SipRecords,
)
from agent.provisioning.plan import Action, Plan
from agent.telephony.sip_numbers import normalized

PROVISION = "python agent.py provision"
_OUR_TRUNK_ID = (
    'write "trunk_ids": ["${SIP_INBOUND_TRUNK_ID}"] into sip_config/dispatchRule.json, '
    f"then {PROVISION}"
)


@dataclass(frozen=True, slots=True)
class RoutingExpected:
    """What the settings and sip_config/ say: our number (E.164), agent and outbound trunk."""

    number: str
    agent_name: str
    outbound_trunk: str
    username: str | None = None
    """Telnyx's name for us; None: not set, so it cannot be compared."""


def judge_routing(records: SipRecords, wanted: RoutingExpected) -> list[Finding]:
    """Every fault, those first that keep all calls away; without faults a line a part."""
    ours = [trunk for trunk in records.inbound if _takes(trunk, wanted.number)]
    rules = _rules_for(records.rules, ours)
    return [
        *(_inbound(records.inbound, ours, wanted) or [_fine_inbound(ours, wanted)]),
        *(_rule_faults(records, ours, rules, wanted) or [_fine_rule(rules)]),
        *(_outbound(records.outbound, wanted) or [ok("outbound_trunk", "calls out have a trunk")]),
    ]


def judge_drift(plan: Plan) -> list[Finding]:
    """What LiveKit has otherwise than sip_config/ says. What is missing there is told above."""
    found = [
        warning(
            "sip_config_drift",
            f"{step.part} {step.name!r} is not as in sip_config/: "
            + ", ".join(one.field for one in step.differences),
            f"{PROVISION} shows both, and asks",
        )
        for step in plan.steps
        if step.action is Action.CHANGE
    ]
    return found or [ok("sip_config", "as in sip_config/")]


def _inbound(
    trunks: Sequence[InboundTrunk], ours: Sequence[InboundTrunk], wanted: RoutingExpected
) -> list[Finding]:
    found: list[Finding] = []
    if not trunks:
        says = "LiveKit has no inbound trunk: nobody can call us"
        found.append(error("no_inbound_trunk", says, PROVISION))
    elif not ours:
        says = (
            f"no inbound trunk has our number {wanted.number}: callers hear ringing for ever, and "
            "nothing is logged anywhere"
        )
        found.append(error("number_without_trunk", says, f"{PROVISION}, or correct PHONE_NUMBER"))
    elif len(ours) > 1:
        names = ", ".join(f"{trunk.name!r} ({trunk.id})" for trunk in ours)
        says = f"{len(ours)} inbound trunks take our number: {names}"
        found.append(warning("duplicate_inbound_trunk", says, f"{PROVISION} --prune"))
    for trunk in trunks:
        found += _openness(trunk)
        found += _bad_numbers(trunk.name, trunk.numbers)
    return found


def _openness(trunk: InboundTrunk) -> Iterator[Finding]:
    """Who may come in by this trunk."""
    remedy = f"put your carrier's networks into allowed_addresses of sip_config, then {PROVISION}"
    if trunk.open_because is not None:
        says = f"trunk {trunk.name!r} lets anybody on the internet in: {trunk.open_because}"
        yield error("open_trunk", says, remedy)
    elif trunk.malformed_addresses:
        listed = ", ".join(trunk.malformed_addresses)
        says = (
            f"trunk {trunk.name!r}: {listed} of allowed_addresses is no network, it lets nobody in"
        )
        yield warning("malformed_addresses", says, remedy)


def _rule_faults(
    records: SipRecords,
    ours: Sequence[InboundTrunk],
    rules: Sequence[DispatchRule],
    wanted: RoutingExpected,
) -> list[Finding]:
    found: list[Finding] = []
    if not records.rules:
        says = "LiveKit has no dispatch rule: whoever calls hears ringing until they give up"
        return [error("no_rule", says, PROVISION)]
    for rule in records.rules:
        if not rule.trunk_ids:
            says = (
                f"rule {rule.name!r} is for calls of any trunk and of none: scanners of the "
                "internet get rooms and agents"
            )
            found.append(error("catch_all_rule", says, f"set trunk_ids: {PROVISION}"))
    if not ours:
        return [*found, unchecked("rule", "no inbound trunk has our number")]
    if not rules:
        trunk = f"trunk {ours[0].name!r} ({ours[0].id})"
        says = f"no dispatch rule is for {trunk}: its callers hear ringing"
        there = {each.id for each in records.inbound}
        if gone := sorted({each for rule in records.rules for each in rule.trunk_ids} - there):
            says += f"; {', '.join(gone)} in trunk_ids is no trunk of this LiveKit"
        return [*found, error("rule_of_other_trunk", says, _OUR_TRUNK_ID)]
    for rule in rules:
        found += _judge_rule(rule, wanted)
    if len(rules) > 1:
        names = ", ".join(f"{rule.name!r} ({rule.id})" for rule in rules)
        says = f"{len(rules)} dispatch rules are for our trunk: {names}"
        found.append(warning("duplicate_rule", says, f"{PROVISION} --prune"))
    return found


def _judge_rule(rule: DispatchRule, wanted: RoutingExpected) -> Iterator[Finding]:
    name = f"rule {rule.name!r}"
    if rule.shared_room is not None:
        says = f"{name}: {rule.shared_room}"
        yield error("direct_rule", says, f"dispatchRuleCallee with randomize: {PROVISION}")
    if not rule.agents:
        says = f"{name} sends no agent: callers hear ringing until they give up"
        yield error("no_agent", says, PROVISION)
    elif wanted.agent_name not in rule.agents:
        says = (
            f"{name} asks for agent {', '.join(rule.agents)}; our workers are {wanted.agent_name}"
        )
        yield error("other_agent", says, f"{PROVISION}, or correct AGENT_NAME")
    if rule.our_numbers and wanted.number not in rule.our_numbers:
        says = (
            f"{name} is for calls to {', '.join(rule.our_numbers)} only, letter by letter: "
            f"{wanted.number} is not among them"
        )
        yield error("rule_of_other_number", says, PROVISION)
    if rule.asks_for_pin:
        says = f"{name} asks callers for a PIN"
        yield error("rule_asks_for_pin", says, f"take pin out of it: {PROVISION}")
    if rule.rooms is Rooms.INDIVIDUAL:
        says = f"{name} names rooms after callers: their numbers are in every log"
        yield warning("number_in_room_name", says, f"dispatchRuleCallee: {PROVISION}")


def _outbound(trunks: Sequence[OutboundTrunk], wanted: RoutingExpected) -> list[Finding]:
    named = [trunk for trunk in trunks if trunk.name == wanted.outbound_trunk]
    if not named:
        says = f"LiveKit has no outbound trunk named {wanted.outbound_trunk!r}: no call goes out"
        return [error("no_outbound_trunk", says, PROVISION)]
    found: list[Finding] = []
    if len(named) > 1:
        ids = ", ".join(trunk.id for trunk in named)
        says = f"{len(named)} outbound trunks are named {wanted.outbound_trunk!r}: {ids}"
        found.append(warning("duplicate_outbound_trunk", says, f"{PROVISION} --prune"))
    for trunk in named:
        found += _judge_outbound(trunk, wanted)
    return found


def _judge_outbound(trunk: OutboundTrunk, wanted: RoutingExpected) -> Iterator[Finding]:
    name = f"outbound trunk {trunk.name!r}"
    if not re.fullmatch(r"[\w.-]+(:\d+)?", trunk.address):
        says = f"{name}: address {trunk.address!r} is no host, like sip.telnyx.eu"
        yield error("outbound_address", says, PROVISION)
    if wanted.number not in trunk.numbers:
        says = f"{name} does not have our number {wanted.number}: the carrier may refuse it"
        yield error("outbound_number", says, f"{PROVISION}, or correct PHONE_NUMBER")
    yield from _bad_numbers(trunk.name, trunk.numbers)
    if "telnyx" not in trunk.address:
        return
    if not trunk.username:
        says = f"{name} has no user name: Telnyx answers 403 or 407"
        yield error(
            "outbound_credentials", says, f"set TELNYX_SIP_USERNAME and …_PASSWORD: {PROVISION}"
        )
    elif wanted.username is not None and trunk.username != wanted.username:
        says = f"{name} has another user name than TELNYX_SIP_USERNAME: Telnyx refuses it"
        yield error("outbound_credentials", says, PROVISION)
    if TELNYX_USERNAME_HEADER not in trunk.headers:
        where = (
            f"{TELNYX_USERNAME_HEADER} is in headers_to_attributes, which only reads the answer"
            if TELNYX_USERNAME_HEADER in trunk.headers_to_attributes
            else f"{TELNYX_USERNAME_HEADER} is not among its headers"
        )
        says = f"{name}: {where}; Telnyx may take our calls for another customer's"
        yield warning("username_header", says, f"put it into headers: {PROVISION}")


def _bad_numbers(trunk: str, numbers: Iterable[str]) -> Iterator[Finding]:
    for number in numbers:
        if not _is_e164(number):
            says = f"trunk {trunk!r}: {number!r} is not in E.164 form, like +3226010500"
            yield error("number_not_e164", says, f"correct PHONE_NUMBER, then {PROVISION}")


def _rules_for(rules: Iterable[DispatchRule], ours: Iterable[InboundTrunk]) -> list[DispatchRule]:
    """The rules that a call by our trunks meets: those for the trunk, else those for all."""
    ids = {trunk.id for trunk in ours}
    return [rule for rule in rules if ids & set(rule.trunk_ids)] or [
        rule for rule in rules if not rule.trunk_ids
    ]


def _takes(trunk: InboundTrunk, number: str) -> bool:
    return not trunk.numbers or normalized(number) in map(normalized, trunk.numbers)


def _is_e164(number: str) -> bool:
    try:
        return number.startswith("+") and parse(number) == number
    except Refused:
        return False


def _fine_inbound(ours: Sequence[InboundTrunk], wanted: RoutingExpected) -> Finding:
    trunk = ours[0]
    count = len(trunk.allowed_addresses)
    guard = f"from {count} networks" if count else "with a password"
    return ok("inbound_trunk", f"{wanted.number} comes in by {trunk.name!r}, {guard} only")


def _fine_rule(rules: Sequence[DispatchRule]) -> Finding:
    return ok("rule", f"a room of its own and {rules[0].agents[0]} for each call")
