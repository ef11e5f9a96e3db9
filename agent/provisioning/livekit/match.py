"""Which of the server's trunks and rules are ours: by name, else by what they do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from google.protobuf.message import Message
from livekit.protocol.sip import SIPDispatchRuleInfo, SIPInboundTrunkInfo, SIPOutboundTrunkInfo

from agent.provisioning.livekit.config import ConfigEntry, SipConfig
from agent.provisioning.livekit.differences import differences
from agent.provisioning.livekit.guard import OUR_TRUNK
from agent.telephony.sip_numbers import normalized
from agent.telephony.trunks import SipServer

_M = TypeVar("_M", bound=Message)


class SipPart(StrEnum):
    """The three parts, in the order in which they are made."""

    INBOUND = "inbound trunk"
    RULE = "dispatch rule"
    OUTBOUND = "outbound trunk"


@dataclass(frozen=True, slots=True)
class ServerMatch:
    """Which of the server's parts are ours; None: there is none yet."""

    inbound: SIPInboundTrunkInfo | None = None
    rule: SIPDispatchRuleInfo | None = None
    outbound: SIPOutboundTrunkInfo | None = None


def find(config: SipConfig, server: SipServer) -> ServerMatch:
    """Which of the server's parts are ours: by name, else by what they do."""
    numbers = {normalized(number) for number in config.inbound.info.numbers}
    inbound = _best(
        config.inbound,
        server.inbound,
        config.inbound.info.name,
        lambda one: bool(numbers & {normalized(number) for number in one.numbers}),
    )
    rule = with_trunk(config.rule, inbound.sip_trunk_id if inbound else None)
    ours = set(rule.info.trunk_ids) - {OUR_TRUNK}
    outbound = config.outbound.info
    return ServerMatch(
        inbound,
        _best(rule, server.rules, rule.info.name, lambda one: bool(ours & set(one.trunk_ids))),
        _best(
            config.outbound,
            server.outbound,
            outbound.name,
            lambda one: (
                one.address == outbound.address and bool(set(one.numbers) & set(outbound.numbers))
            ),
        ),
    )


def with_trunk(
    rule: ConfigEntry[SIPDispatchRuleInfo], trunk_id: str | None
) -> ConfigEntry[SIPDispatchRuleInfo]:
    """The rule with our inbound trunk's id; as it is while there is none."""
    filled = SIPDispatchRuleInfo()
    filled.CopyFrom(rule.info)
    if trunk_id is not None:
        known = (trunk_id if one == OUR_TRUNK else one for one in rule.info.trunk_ids)
        filled.trunk_ids[:] = list(dict.fromkeys(known))
    return replace(rule, info=filled)


def _best(
    wanted: ConfigEntry[_M],
    candidates: Sequence[_M],
    name: str,
    does_ours: Callable[[_M], bool],
) -> _M | None:
    """The one of our name, else the one that does what ours does; of several the most alike."""
    named = [one for one in candidates if one.name == name]  # type: ignore[attr-defined]
    chosen = named or [one for one in candidates if does_ours(one)]
    return min(
        chosen,
        key=lambda one: (not does_ours(one), len(differences(wanted, one))),
        default=None,
    )
