"""Trunks and rule in a real livekit-server: made once, changed in place, mended, tidied up."""

import json
import shutil
from pathlib import Path

import pytest
from livekit.protocol.sip import (
    CreateSIPDispatchRuleRequest,
    CreateSIPInboundTrunkRequest,
    CreateSIPOutboundTrunkRequest,
    SIPDispatchRuleInfo,
    SIPInboundTrunkInfo,
)

from agent.errors import HalfProvisioned, Refused
from agent.provisioning.livekit.apply import SipIds, apply_sip, ensure
from agent.provisioning.livekit.config import SipConfig, load
from agent.provisioning.livekit.plan import SipPlan, plan_sip
from agent.provisioning.plan import Action, Difference
from agent.settings import ROOT
from tests.integration.provisioning.conftest import Server

pytestmark = pytest.mark.asyncio(loop_scope="package")

VARIABLES = {
    "PHONE_NUMBER": "+3226010500",
    "AGENT_NAME": "ai-sales-agent",
    "TELNYX_SIP_USERNAME": "example-user",
    "TELNYX_SIP_PASSWORD": "example-password",
}


@pytest.fixture
def config() -> SipConfig:
    return load(ROOT / "sip_config", VARIABLES)


async def planned(server: Server, config: SipConfig, *, prune: bool = False) -> SipPlan:
    return plan_sip(config, await server.has(), prune=prune)


async def run(server: Server, config: SipConfig, *, prune: bool = False) -> SipIds:
    return await apply_sip(server.livekit, await planned(server, config, prune=prune))


async def nothing_is_left_to_do(server: Server, config: SipConfig) -> bool:
    plan = await planned(server, config)
    known = await server.has()
    one_of_each = len(known.inbound) == len(known.outbound) == len(known.rules) == 1
    return one_of_each and not plan.plan.to_do and not plan.plan.warnings


async def test_an_empty_server_gets_one_of_each_and_a_second_run_changes_nothing(
    server: Server, config: SipConfig
) -> None:
    ids = await run(server, config)
    known = await server.has()
    (inbound,), (outbound,), (rule,) = known.inbound, known.outbound, known.rules
    assert ids == SipIds(inbound.sip_trunk_id, outbound.sip_trunk_id, rule.sip_dispatch_rule_id)
    assert list(rule.trunk_ids) == [inbound.sip_trunk_id]
    assert "185.246.41.140/32" in inbound.allowed_addresses
    assert outbound.auth_password == "example-password"
    assert await nothing_is_left_to_do(server, config)
    assert await ensure(server.livekit, config) == ids
    assert await server.has() == known


async def test_a_changed_file_changes_the_trunk_and_keeps_its_id(
    server: Server, config: SipConfig, tmp_path: Path
) -> None:
    ids = await run(server, config)
    folder = Path(shutil.copytree(ROOT / "sip_config", tmp_path / "sip_config"))
    for name, wrapper, change in (
        ("inboundTrunk.json", "trunk", {"ringing_timeout": "45s"}),
        ("outboundTrunk.json", "trunk", {"transport": "SIP_TRANSPORT_TLS"}),
        ("dispatchRule.json", "dispatch_rule", {"metadata": "changed"}),
    ):
        content = json.loads((folder / name).read_text())
        content[wrapper] |= change
        (folder / name).write_text(json.dumps(content))
    changed = load(folder, {**VARIABLES, "TELNYX_SIP_PASSWORD": "another-example"})
    plan = await planned(server, changed)
    assert [step.action for step in plan.plan.steps] == [Action.CHANGE] * 3
    assert await apply_sip(server.livekit, plan) == ids
    known = await server.has()
    assert known.inbound[0].ringing_timeout.seconds == 45
    assert known.outbound[0].auth_password == "another-example"
    assert known.rules[0].metadata == "changed"
    assert await nothing_is_left_to_do(server, changed)


async def test_drift_by_hand_is_named_and_mended_and_what_is_not_ours_stays(
    server: Server, config: SipConfig
) -> None:
    ids = await run(server, config)
    trunk = (await server.has()).inbound[0]
    trunk.allowed_addresses[:] = []
    trunk.allowed_numbers[:] = ["+32470000001"]
    await server.livekit.sip.update_inbound_trunk(ids.inbound_trunk, trunk)
    plan = await planned(server, config)
    (step,) = plan.plan.to_do
    assert [one.field for one in step.differences] == ["allowed_addresses"]
    await apply_sip(server.livekit, plan)
    mended = (await server.has()).inbound[0]
    assert mended.allowed_addresses
    assert list(mended.allowed_numbers) == ["+32470000001"]


async def test_a_trunk_that_was_deleted_comes_back_and_its_rule_follows(
    server: Server, config: SipConfig
) -> None:
    ids = await run(server, config)
    await server.delete_trunk(ids.inbound_trunk)
    plan = await planned(server, config)
    assert [step.action for step in plan.plan.steps] == [
        *(Action.CREATE, Action.CHANGE, Action.LEAVE)
    ]
    again = await apply_sip(server.livekit, plan)
    assert again.dispatch_rule == ids.dispatch_rule
    assert list((await server.has()).rules[0].trunk_ids) == [again.inbound_trunk]


async def test_duplicates_are_named_and_removed_when_asked(
    server: Server, config: SipConfig
) -> None:
    ids = await run(server, config)
    sip = server.livekit.sip
    await sip.create_outbound_trunk(CreateSIPOutboundTrunkRequest(trunk=config.outbound.info))
    plan = await planned(server, config)
    assert plan.plan.to_do == ()
    assert any("--prune" in warning for warning in plan.plan.warnings)
    pruned = await planned(server, config, prune=True)
    (removal,) = pruned.plan.to_do
    assert removal.action is Action.REMOVE
    await apply_sip(server.livekit, pruned)
    assert await nothing_is_left_to_do(server, config)
    assert (await server.has()).inbound[0].sip_trunk_id == ids.inbound_trunk


async def test_a_trunk_and_a_rule_in_the_way_stop_everything_until_they_are_pruned(
    server: Server, config: SipConfig
) -> None:
    """Ours by name has another number; somebody made a second trunk with our number, and a rule."""
    sip = server.livekit.sip
    name = config.inbound.info.name
    closed = ["192.0.2.1/32"]
    old = await sip.create_inbound_trunk(
        CreateSIPInboundTrunkRequest(
            trunk=SIPInboundTrunkInfo(name=name, numbers=["+3226010599"], allowed_addresses=closed)
        )
    )
    await sip.create_inbound_trunk(
        CreateSIPInboundTrunkRequest(
            trunk=SIPInboundTrunkInfo(
                name="by hand", numbers=["+3226010500"], allowed_addresses=closed
            )
        )
    )
    stray = SIPDispatchRuleInfo(name="stray", trunk_ids=[old.sip_trunk_id])
    stray.rule.CopyFrom(config.rule.info.rule)
    ours = SIPDispatchRuleInfo(name=config.rule.info.name, trunk_ids=["ST_gone"])
    ours.rule.CopyFrom(config.rule.info.rule)
    for rule in (stray, ours):
        await sip.create_dispatch_rule(CreateSIPDispatchRuleRequest(dispatch_rule=rule))
    before = await server.has()
    with pytest.raises(Refused, match=r"'by hand'.*--prune.*Nothing was changed"):
        await run(server, config)
    assert await server.has() == before
    ids = await run(server, config, prune=True)
    assert ids.inbound_trunk == old.sip_trunk_id
    assert await nothing_is_left_to_do(server, config)


@pytest.mark.parametrize("carried_out", [False, True], ids=["not carried out", "carried out"])
async def test_a_failure_half_way_says_what_is_done_and_the_next_run_goes_on(
    server: Server, config: SipConfig, carried_out: bool
) -> None:
    server.fails["CreateSIPDispatchRule"] = carried_out
    with pytest.raises(
        HalfProvisioned,
        match=r"injected.*Done: create inbound trunk .*Not done: create dispatch rule .*, "
        r"create outbound trunk .*Run it again",
    ):
        await run(server, config)
    assert len((await server.has()).inbound) == 1
    await run(server, config)
    assert await nothing_is_left_to_do(server, config)


async def test_a_rule_in_the_guides_form_becomes_ours(server: Server, config: SipConfig) -> None:
    """What a person has who followed the guide to the letter."""
    ids = await run(server, config)
    rule = (await server.has()).rules[0]
    rule.rule.dispatch_rule_direct.room_name = "ai-sales-call"
    rule.room_config.ClearField("agents")
    await server.livekit.sip.update_dispatch_rule(ids.dispatch_rule, rule)
    (step,) = (await planned(server, config)).plan.to_do
    assert (
        Difference("rule.dispatch_rule_direct.room_name", "ai-sales-call", "(not set)")
        in step.differences
    )
    await run(server, config)
    assert await nothing_is_left_to_do(server, config)
