"""What a server has besides our trunks and our rule that does, or prevents, the same."""

from collections.abc import Iterator
from dataclasses import dataclass

from livekit.protocol.sip import SIPDispatchRuleInfo, SIPInboundTrunkInfo

from agent.provisioning.livekit.config import SipConfig
from agent.provisioning.livekit.match import ServerMatch, SipPart, with_trunk
from agent.telephony.sip_numbers import normalized
from agent.telephony.trunks import SipServer


@dataclass(frozen=True, slots=True)
class Duplicate:
    """One too many."""

    part: SipPart
    id: str
    name: str
    reason: str
    removable: bool = True
    """Nothing but our own calls goes by it, as far as LiveKit tells."""
    blocks: bool = False
    """Ours is refused while it is there; or taken, by an update, and then the two compete."""


def duplicates(config: SipConfig, found: ServerMatch, server: SipServer) -> tuple[Duplicate, ...]:
    """All of them, in the order of their parts. A server without ours can have them too."""
    return (
        *_inbound(config, found, server),
        *_rules(config, found, server),
        *_outbound(config, found, server),
    )


def _inbound(config: SipConfig, found: ServerMatch, server: SipServer) -> Iterator[Duplicate]:
    ours = config.inbound.info
    numbers = _numbers(ours)
    for one in server.inbound:
        if found.inbound is not None and one.sip_trunk_id == found.inbound.sip_trunk_id:
            continue
        if shared := sorted(numbers & _numbers(one)):
            yield Duplicate(
                SipPart.INBOUND,
                one.sip_trunk_id,
                one.name,
                f"it has our number {', '.join(shared)}, which LiveKit takes only once",
                blocks=not (one.allowed_numbers or ours.allowed_numbers),
            )
        elif one.name == ours.name:
            yield Duplicate(
                SipPart.INBOUND,
                one.sip_trunk_id,
                one.name,
                "it has our name and other numbers: rename or delete it by hand",
                removable=False,
            )


def _rules(config: SipConfig, found: ServerMatch, server: SipServer) -> Iterator[Duplicate]:
    if found.inbound is None:
        return
    trunk_id = found.inbound.sip_trunk_id
    ours = with_trunk(config.rule, trunk_id).info
    living = {trunk.sip_trunk_id for trunk in server.inbound}
    for one in server.rules:
        if found.rule is not None and one.sip_dispatch_rule_id == found.rule.sip_dispatch_rule_id:
            continue
        if trunk_id in one.trunk_ids:
            yield _same_trunk(one, ours, {trunk_id, *(set(one.trunk_ids) - living)})
        elif one.name == ours.name:
            gone = bool(one.trunk_ids) and not living & set(one.trunk_ids)
            yield Duplicate(
                SipPart.RULE,
                one.sip_dispatch_rule_id,
                one.name,
                "it has our name, "
                + ("and its trunk is gone" if gone else "for other trunks: rename it by hand"),
                removable=gone,
            )


def _same_trunk(
    one: SIPDispatchRuleInfo, ours: SIPDispatchRuleInfo, cut_off: set[str]
) -> Duplicate:
    """A rule on our trunk; deleting it would touch the trunks in `cut_off` and others."""
    same_calls = (sorted(one.numbers), sorted(one.inbound_numbers), _pin(one)) == (
        *(sorted(ours.numbers), sorted(ours.inbound_numbers), _pin(ours)),
    )
    only_ours = set(one.trunk_ids) <= cut_off
    if not same_calls:
        reason = "it is on our trunk too and takes the calls of its numbers or PIN before ours"
    elif only_ours:
        reason = "it is on our trunk too and takes the same calls"
    else:
        reason = "it is on our trunk too, and on others: take ours out of it by hand"
    return Duplicate(
        SipPart.RULE,
        one.sip_dispatch_rule_id,
        one.name,
        reason,
        removable=same_calls and only_ours,
        blocks=same_calls,
    )


def _outbound(config: SipConfig, found: ServerMatch, server: SipServer) -> Iterator[Duplicate]:
    ours = config.outbound.info
    for one in server.outbound:
        if found.outbound is not None and one.sip_trunk_id == found.outbound.sip_trunk_id:
            continue
        if one.name == ours.name:
            reason = "it has our name, and calls go out by whichever LiveKit lists first"
        elif one.address == ours.address and set(one.numbers) & set(ours.numbers):
            reason = "it has our number at the same address"
        else:
            continue
        yield Duplicate(SipPart.OUTBOUND, one.sip_trunk_id, one.name, reason)


def _numbers(trunk: SIPInboundTrunkInfo) -> set[str]:
    return {normalized(number) for number in trunk.numbers}


def _pin(rule: SIPDispatchRuleInfo) -> str:
    kind = rule.rule.WhichOneof("rule")
    return str(getattr(rule.rule, kind).pin) if kind else ""
