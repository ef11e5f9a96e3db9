"""Carries a plan out at LiveKit, step by step; what fails half-way is told, and done next time."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from google.protobuf.message import Message
from livekit.api import LiveKitAPI
from livekit.protocol.sip import (
    CreateSIPDispatchRuleRequest,
    CreateSIPInboundTrunkRequest,
    CreateSIPOutboundTrunkRequest,
    DeleteSIPDispatchRuleRequest,
    DeleteSIPTrunkRequest,
)

from agent.errors import HalfProvisioned, LiveKitUnavailable, Refused
from agent.provisioning.livekit.config import ConfigEntry, SipConfig
from agent.provisioning.livekit.match import SipPart, with_trunk
from agent.provisioning.livekit.plan import SipPlan, plan_sip
from agent.provisioning.plan import Action, Step
from agent.telephony.livekit_api import asking
from agent.telephony.trunks import read_server

Told = Callable[[Step], None]
"""Called after each step, which by then has its id."""

_M = TypeVar("_M", bound=Message)


@dataclass(frozen=True, slots=True)
class SipIds:
    """The ids that a server has for our parts."""

    inbound_trunk: str
    outbound_trunk: str
    dispatch_rule: str


def say_nothing(_step: Step) -> None:
    """For callers that show no progress."""


async def ensure(livekit: LiveKitAPI, config: SipConfig) -> SipIds:
    """Create and change without asking and without removing; for servers that are ours alone.

    Running it again changes nothing. Raises as `apply_sip` and `read_server` do.
    """
    return await apply_sip(livekit, plan_sip(config, await read_server(livekit)))


async def apply_sip(livekit: LiveKitAPI, plan: SipPlan, told: Told = say_nothing) -> SipIds:
    """Do the steps of `plan`; a part that exists keeps its id.

    Raises Refused before anything is changed when a duplicate is in the way; HalfProvisioned when
    LiveKit fails at a step: it says what is done and what is not.
    """
    _refuse_blocked(plan)
    steps = _in_order(plan)
    doing = _Doing(livekit, plan)
    for number, step in enumerate(steps):
        try:
            async with asking():
                step_id = await doing.do(step)
        except LiveKitUnavailable as error:
            raise HalfProvisioned(
                f"{error}, at: {words(step)}. Done: {_list(steps[:number])}. "
                f"Not done: {_list(steps[number:])}. Run it again: it goes on where it stopped"
            ) from None
        if step.action is not Action.LEAVE:
            told(replace(step, id=step_id))
    return doing.ids()


def words(step: Step) -> str:
    """The step as a person says it."""
    return f"{step.action} {step.part} {step.name!r}"


class _Doing:
    """One run: the ids become known while it goes on."""

    def __init__(self, livekit: LiveKitAPI, plan: SipPlan) -> None:
        self._sip = livekit.sip
        self._config = plan.config
        self._found = plan.found
        self._ids: dict[str, str] = {}

    def ids(self) -> SipIds:
        return SipIds(
            self._ids[SipPart.INBOUND], self._ids[SipPart.OUTBOUND], self._ids[SipPart.RULE]
        )

    async def do(self, step: Step) -> str:
        """Returns the part's id."""
        if step.action is Action.REMOVE:
            await self._remove(step)
            return step.id or ""
        if step.action is Action.LEAVE:
            done = step.id or ""
        elif step.part == SipPart.INBOUND:
            done = await self._inbound()
        elif step.part == SipPart.RULE:
            done = await self._rule()
        else:
            done = await self._outbound()
        self._ids[step.part] = done
        return done

    async def _inbound(self) -> str:
        wanted, found = self._config.inbound, self._found.inbound
        if found is None:
            request = CreateSIPInboundTrunkRequest(trunk=wanted.info)
            return (await self._sip.create_inbound_trunk(request)).sip_trunk_id
        trunk_id = found.sip_trunk_id
        return (await self._sip.update_inbound_trunk(trunk_id, _over(found, wanted))).sip_trunk_id

    async def _rule(self) -> str:
        # A rule without trunk ids would match every trunk, and the internet's scanners too.
        wanted = with_trunk(self._config.rule, self._ids[SipPart.INBOUND])
        found = self._found.rule
        if found is None:
            request = CreateSIPDispatchRuleRequest(dispatch_rule=wanted.info)
            return (await self._sip.create_dispatch_rule(request)).sip_dispatch_rule_id
        rule_id = found.sip_dispatch_rule_id
        changed = await self._sip.update_dispatch_rule(rule_id, _over(found, wanted))
        return changed.sip_dispatch_rule_id

    async def _outbound(self) -> str:
        wanted, found = self._config.outbound, self._found.outbound
        if found is None:
            request = CreateSIPOutboundTrunkRequest(trunk=wanted.info)
            return (await self._sip.create_outbound_trunk(request)).sip_trunk_id
        trunk_id = found.sip_trunk_id
        return (await self._sip.update_outbound_trunk(trunk_id, _over(found, wanted))).sip_trunk_id

    async def _remove(self, step: Step) -> None:
        assert step.id is not None, "only what exists is removed"
        if step.part == SipPart.RULE:
            await self._sip.delete_dispatch_rule(
                DeleteSIPDispatchRuleRequest(sip_dispatch_rule_id=step.id)
            )
        else:
            await self._sip.delete_trunk(DeleteSIPTrunkRequest(sip_trunk_id=step.id))


def _over(found: _M, wanted: ConfigEntry[_M]) -> _M:
    """What the server has, with the file's fields laid over it; the API replaces the whole."""
    merged, ours = type(found)(), type(found)()
    merged.CopyFrom(found)
    ours.CopyFrom(wanted.info)
    for field in found.DESCRIPTOR.fields:
        (merged if field.name in wanted.fields else ours).ClearField(field.name)
    merged.MergeFrom(ours)
    return merged


def _refuse_blocked(plan: SipPlan) -> None:
    changing = {step.part for step in plan.plan.to_do if step.action is not Action.REMOVE}
    removed = {step.id for step in plan.plan.steps if step.action is Action.REMOVE}
    for one in plan.duplicates:
        if one.blocks and one.part in changing and one.id not in removed:
            fix = "`--prune` removes it" if one.removable else "change it by hand first"
            raise Refused(
                f"{one.part} {one.name!r} ({one.id}) is in the way of ours: {one.reason}; {fix}. "
                "Nothing was changed"
            )


def _in_order(plan: SipPlan) -> tuple[Step, ...]:
    """What is in the way goes first; all else that is removed, only when ours stands."""
    blocking = {one.id for one in plan.duplicates if one.blocks}
    steps = plan.plan.steps
    first = [one for one in steps if one.action is Action.REMOVE and one.id in blocking]
    last = [one for one in steps if one.action is Action.REMOVE and one.id not in blocking]
    return (*first, *(one for one in steps if one.action is not Action.REMOVE), *last)


def _list(steps: tuple[Step, ...]) -> str:
    return ", ".join(words(one) for one in steps if one.action is not Action.LEAVE) or "nothing"
