"""From what the files want and what the server has, to what is to be done: pure, in words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from google.protobuf.message import Message
from livekit.protocol.sip import SIPInboundTrunkInfo, SIPOutboundTrunkInfo

from agent.provisioning.livekit.config import ConfigEntry, SipConfig
from agent.provisioning.livekit.differences import differences, hides_password, only_there
from agent.provisioning.livekit.duplicates import Duplicate, duplicates
from agent.provisioning.livekit.guard import (
    check_trunk_ids,
    open_to_anybody,
    shares_a_room,
    takes_strangers,
)
from agent.provisioning.livekit.match import ServerMatch, SipPart, find, with_trunk
from agent.provisioning.plan import Action, Plan, Service, Step
from agent.telephony.trunks import SipServer

_M = TypeVar("_M", bound=Message)


@dataclass(frozen=True, slots=True)
class SipPlan:
    """What is to be done at LiveKit: `plan` to be shown, the rest to carry it out."""

    config: SipConfig
    found: ServerMatch
    plan: Plan
    duplicates: tuple[Duplicate, ...] = ()
    """Each is a REMOVE step of `plan` when it was asked for, else a warning."""


def plan_sip(config: SipConfig, server: SipServer, *, prune: bool = False) -> SipPlan:
    """Create, change or leave each part; with `prune` also remove what there is too much of.

    A part is found by its name, else by what it does (its number, its trunk, its address): then it
    was renamed. Raises FileError for a rule whose trunks the server does not have.
    """
    found = find(config, server)
    trunk_id = found.inbound.sip_trunk_id if found.inbound else None
    rule = with_trunk(config.rule, trunk_id)
    about_ids = check_trunk_ids(config.rule.path, config.rule.info, server.inbound, trunk_id)
    steps = [
        _step(SipPart.INBOUND, config.inbound, found.inbound, _id_of_trunk),
        _step(SipPart.RULE, rule, found.rule, lambda one: one.sip_dispatch_rule_id),
        _step(SipPart.OUTBOUND, config.outbound, found.outbound, _id_of_trunk),
    ]
    extra = duplicates(config, found, server)
    removals = [_removal(one) for one in extra if one.removable] if prune else []
    kept = [one for one in extra if not (prune and one.removable)]
    warnings = (*config.warnings, *about_ids, *map(_about, kept), *alarms(server, _ids(found)))
    return SipPlan(config, found, Plan((*steps, *removals), warnings), extra)


def alarms(server: SipServer, ours: Sequence[str] = ()) -> tuple[str, ...]:
    """What on the server lets strangers in or puts callers together, `ours` (ids) left out."""
    told = [
        f"inbound trunk {one.name!r} ({one.sip_trunk_id}) lets anybody call in: {reason}"
        for one in server.inbound
        if one.sip_trunk_id not in ours and (reason := open_to_anybody(one))
    ]
    for rule in server.rules:
        if rule.sip_dispatch_rule_id in ours:
            continue
        for reason in filter(None, (takes_strangers(rule), shares_a_room(rule))):
            told.append(f"dispatch rule {rule.name!r} ({rule.sip_dispatch_rule_id}): {reason}")
    return tuple(f"LiveKit also has {one}" for one in told)


def _step(
    part: SipPart, wanted: ConfigEntry[_M], found: _M | None, id_of: Callable[[_M], str]
) -> Step:
    name: str = wanted.info.name  # type: ignore[attr-defined]  # all three kinds have one
    if found is None:
        return Step(Service.LIVEKIT, part, name, Action.CREATE)
    differing = differences(wanted, found)
    reasons = []
    if any(one.field == "name" for one in differing):
        reasons.append("it has another name but is ours by what it does")
    if theirs := only_there(wanted, found):
        reasons.append(f"set at LiveKit only, left as it is: {', '.join(theirs)}")
    if hides_password(found):
        reasons.append("LiveKit does not tell its password, so that cannot be compared")
    return Step(
        Service.LIVEKIT,
        part,
        name,
        Action.CHANGE if differing else Action.LEAVE,
        id_of(found),
        differing,
        "; ".join(reasons),
    )


def _id_of_trunk(trunk: SIPInboundTrunkInfo | SIPOutboundTrunkInfo) -> str:
    return trunk.sip_trunk_id


def _ids(found: ServerMatch) -> tuple[str, ...]:
    return tuple(
        one
        for one in (
            found.inbound and found.inbound.sip_trunk_id,
            found.rule and found.rule.sip_dispatch_rule_id,
        )
        if one
    )


def _removal(one: Duplicate) -> Step:
    return Step(Service.LIVEKIT, one.part, one.name, Action.REMOVE, one.id, reason=one.reason)


def _about(one: Duplicate) -> str:
    fix = "; `--prune` removes it" if one.removable else ""
    return f"{one.part} {one.name!r} ({one.id}) too: {one.reason}{fix}"
