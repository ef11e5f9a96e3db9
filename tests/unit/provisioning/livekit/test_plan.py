"""What is to be done at LiveKit, from what the files want and what a server has."""

from dataclasses import replace

import pytest
from livekit.protocol.agent_dispatch import RoomAgentDispatch
from livekit.protocol.sip import (
    SIPDispatchRule,
    SIPDispatchRuleDirect,
    SIPDispatchRuleInfo,
    SIPInboundTrunkInfo,
    SIPOutboundTrunkInfo,
)

from agent.errors import FileError
from agent.provisioning.livekit.config import SipConfig, load
from agent.provisioning.livekit.guard import OUR_TRUNK
from agent.provisioning.livekit.match import with_trunk
from agent.provisioning.livekit.plan import SipPlan, plan_sip
from agent.provisioning.plan import Action, Difference
from agent.settings import ROOT
from agent.telephony.trunks import SipServer

VARIABLES = {
    "PHONE_NUMBER": "+3226010500",
    "AGENT_NAME": "ai-sales-agent",
    "TELNYX_SIP_USERNAME": "example-user",
    "TELNYX_SIP_PASSWORD": "example-password",
}
CLOSED = ["192.0.2.1/32"]


@pytest.fixture
def config() -> SipConfig:
    return load(ROOT / "sip_config", VARIABLES)


@pytest.fixture
def server(config: SipConfig) -> SipServer:
    """A server that has exactly what our files want."""
    inbound, outbound, rule = (
        SIPInboundTrunkInfo(),
        SIPOutboundTrunkInfo(),
        SIPDispatchRuleInfo(),
    )
    inbound.CopyFrom(config.inbound.info)
    outbound.CopyFrom(config.outbound.info)
    rule.CopyFrom(with_trunk(config.rule, "ST_in").info)
    inbound.sip_trunk_id, outbound.sip_trunk_id = "ST_in", "ST_out"
    rule.sip_dispatch_rule_id = "SDR_1"
    return SipServer((inbound,), (outbound,), (rule,))


def actions(plan: SipPlan) -> list[Action]:
    return [step.action for step in plan.plan.steps]


def changed(plan: SipPlan) -> tuple[Difference, ...]:
    (step,) = plan.plan.to_do
    assert step.action is Action.CHANGE
    return step.differences


def test_an_empty_server_gets_all_three_in_the_order_in_which_they_need_each_other(
    config: SipConfig,
) -> None:
    plan = plan_sip(config, SipServer())
    assert [(step.part, step.action) for step in plan.plan.steps] == [
        ("inbound trunk", Action.CREATE),
        ("dispatch rule", Action.CREATE),
        ("outbound trunk", Action.CREATE),
    ]
    assert plan.plan.warnings == ()


def test_what_is_as_the_files_want_it_is_left(config: SipConfig, server: SipServer) -> None:
    plan = plan_sip(config, server)
    assert actions(plan) == [Action.LEAVE] * 3
    assert [step.id for step in plan.plan.steps] == ["ST_in", "SDR_1", "ST_out"]
    assert plan.plan.warnings == ()


def test_the_same_number_networks_and_order_otherwise_written_are_no_difference(
    config: SipConfig, server: SipServer
) -> None:
    trunk = server.inbound[0]
    trunk.numbers[:] = ["32 2 601 05 00"]
    trunk.allowed_addresses[:] = reversed(list(trunk.allowed_addresses))
    assert actions(plan_sip(config, server)) == [Action.LEAVE] * 3


def test_an_outbound_trunks_number_is_what_callees_see_so_it_is_compared_as_written(
    config: SipConfig, server: SipServer
) -> None:
    server.outbound[0].numbers[:] = ["3226010500"]
    assert changed(plan_sip(config, server)) == (
        Difference("numbers", "3226010500", "+3226010500"),
    )


def test_drift_is_named_field_by_field(config: SipConfig, server: SipServer) -> None:
    server.inbound[0].ringing_timeout.FromSeconds(30)
    server.inbound[0].allowed_addresses[:] = []
    found = {one.field: (one.found, one.wanted) for one in changed(plan_sip(config, server))}
    assert found["ringing_timeout"] == ("30s", "60s")
    assert found["allowed_addresses"][0] == "(not set)"
    assert set(found) == {"ringing_timeout", "allowed_addresses"}


def test_a_password_that_differs_is_told_and_never_shown(
    config: SipConfig, server: SipServer
) -> None:
    server.outbound[0].auth_password = "another-example"
    plan = plan_sip(config, server)
    assert changed(plan) == (Difference("auth_password", "(secret)", "(secret)"),)
    assert "example-password" not in repr(plan.plan)


def test_a_password_that_the_server_masks_counts_as_ours_and_that_is_said(
    config: SipConfig, server: SipServer
) -> None:
    server.outbound[0].auth_password = "****"
    plan = plan_sip(config, server)
    assert actions(plan) == [Action.LEAVE] * 3
    assert "does not tell its password" in plan.plan.steps[2].reason


def test_a_password_that_is_gone_is_a_difference(config: SipConfig, server: SipServer) -> None:
    server.outbound[0].auth_password = ""
    assert changed(plan_sip(config, server)) == (
        Difference("auth_password", "(not set)", "(secret)"),
    )


def test_headers_are_compared_one_by_one_and_only_telnyxs_is_shown(
    config: SipConfig, server: SipServer
) -> None:
    server.outbound[0].headers.clear()
    server.outbound[0].headers["X-Other"] = "something"
    assert changed(plan_sip(config, server)) == (
        Difference("headers.X-Other", "(secret)", "(not set)"),
        Difference("headers.X-Telnyx-Username", "(not set)", "example-user"),
    )


def test_a_rule_that_became_direct_is_told_with_both_kinds(
    config: SipConfig, server: SipServer
) -> None:
    server.rules[0].rule.CopyFrom(
        SIPDispatchRule(dispatch_rule_direct=SIPDispatchRuleDirect(room_name="one"))
    )
    fields = {one.field for one in changed(plan_sip(config, server))}
    assert "rule.dispatch_rule_direct.room_name" in fields
    assert "rule.dispatch_rule_callee.room_prefix" in fields


def test_another_agent_is_told_by_its_place_in_the_list(
    config: SipConfig, server: SipServer
) -> None:
    server.rules[0].room_config.agents.append(RoomAgentDispatch(agent_name="other"))
    assert changed(plan_sip(config, server)) == (
        Difference("room_config.agents[1].agent_name", "other", "(not set)"),
    )


def test_what_only_livekit_has_is_left_and_named(config: SipConfig, server: SipServer) -> None:
    server.inbound[0].allowed_numbers[:] = ["+32470000001"]
    plan = plan_sip(config, server)
    assert actions(plan) == [Action.LEAVE] * 3
    assert "left as it is: allowed_numbers" in plan.plan.steps[0].reason


def test_a_field_that_the_file_sets_to_nothing_is_ours(
    config: SipConfig, server: SipServer
) -> None:
    server.inbound[0].allowed_numbers[:] = ["+32470000001"]
    wanted = replace(config.inbound, fields=config.inbound.fields | {"allowed_numbers"})
    assert changed(plan_sip(replace(config, inbound=wanted), server)) == (
        Difference("allowed_numbers", "+32470000001", "(not set)"),
    )


def test_parts_of_another_name_are_ours_by_what_they_do_and_are_renamed(
    config: SipConfig, server: SipServer
) -> None:
    for part in (server.inbound[0], server.outbound[0], server.rules[0]):
        part.name = "made by hand"
    plan = plan_sip(config, server)
    assert actions(plan) == [Action.CHANGE] * 3
    assert [step.id for step in plan.plan.steps] == ["ST_in", "SDR_1", "ST_out"]
    assert all("another name" in step.reason for step in plan.plan.steps)


def test_a_rule_follows_its_trunk_when_that_was_made_anew(
    config: SipConfig, server: SipServer
) -> None:
    server.inbound[0].sip_trunk_id = "ST_new"
    assert changed(plan_sip(config, server)) == (Difference("trunk_ids", "ST_in", "ST_new"),)


def test_a_second_outbound_trunk_of_our_name_is_told_and_removed_when_asked(
    config: SipConfig, server: SipServer
) -> None:
    second = SIPOutboundTrunkInfo()
    second.CopyFrom(server.outbound[0])
    second.sip_trunk_id, second.address = "ST_second", "other.example"
    # Listed first: the one that is as we want it is kept all the same.
    server = replace(server, outbound=(second, server.outbound[0]))
    plan = plan_sip(config, server)
    assert actions(plan) == [Action.LEAVE] * 3
    assert any("ST_second" in one and "--prune" in one for one in plan.plan.warnings)
    pruned = plan_sip(config, server, prune=True)
    (removal,) = pruned.plan.to_do
    assert (removal.action, removal.id) == (Action.REMOVE, "ST_second")
    assert pruned.plan.warnings == ()


def test_an_outbound_trunk_with_our_number_at_our_address_is_one_too_many(
    config: SipConfig, server: SipServer
) -> None:
    second = SIPOutboundTrunkInfo()
    second.CopyFrom(server.outbound[0])
    second.sip_trunk_id, second.name = "ST_second", "made by hand"
    other = SIPOutboundTrunkInfo(
        sip_trunk_id="ST_other", name="France", address="sip.telnyx.com", numbers=["+33100000000"]
    )
    server = replace(server, outbound=(*server.outbound, second, other))
    plan = plan_sip(config, server, prune=True)
    assert [step.id for step in plan.plan.to_do] == ["ST_second"]


def test_a_trunk_with_our_number_besides_ours_is_in_the_way(
    config: SipConfig, server: SipServer
) -> None:
    second = SIPInboundTrunkInfo(
        sip_trunk_id="ST_second",
        name="made by hand",
        numbers=["3226010500"],
        allowed_addresses=CLOSED,
    )
    plan = plan_sip(config, replace(server, inbound=(second, *server.inbound)))
    (one,) = plan.duplicates
    assert (one.id, one.blocks, one.removable) == ("ST_second", True, True)


def test_a_trunk_of_our_name_with_other_numbers_is_told_and_never_removed(
    config: SipConfig, server: SipServer
) -> None:
    second = SIPInboundTrunkInfo(
        sip_trunk_id="ST_second",
        name=server.inbound[0].name,
        numbers=["+3226010501"],
        allowed_addresses=CLOSED,
    )
    plan = plan_sip(config, replace(server, inbound=(second, *server.inbound)), prune=True)
    assert plan.plan.to_do == ()
    assert any("by hand" in warning for warning in plan.plan.warnings)


def second_rule(server: SipServer, **fields: object) -> SipServer:
    second = SIPDispatchRuleInfo()
    second.CopyFrom(server.rules[0])
    second.sip_dispatch_rule_id, second.name = "SDR_second", "made by hand"
    for name, value in fields.items():
        getattr(second, name)[:] = value
    return replace(server, rules=(second, *server.rules))


def test_another_rule_on_our_trunk_is_removed_when_asked(
    config: SipConfig, server: SipServer
) -> None:
    plan = plan_sip(config, second_rule(server), prune=True)
    assert [step.id for step in plan.plan.to_do] == ["SDR_second"]


@pytest.mark.parametrize("fields", [{"numbers": ["+3226010500"]}, {"trunk_ids": ["ST_in", "ST_b"]}])
def test_a_rule_that_does_more_than_ours_is_told_and_never_removed(
    config: SipConfig, server: SipServer, fields: dict[str, object]
) -> None:
    server = second_rule(server, **fields)
    other = SIPInboundTrunkInfo(
        sip_trunk_id="ST_b", numbers=["+3226010501"], allowed_addresses=CLOSED
    )
    server = replace(server, inbound=(*server.inbound, other))
    plan = plan_sip(config, server, prune=True)
    assert plan.plan.to_do == ()
    assert any("SDR_second" in warning for warning in plan.plan.warnings)


def test_a_rule_of_our_name_whose_trunk_is_gone_is_one_too_many(
    config: SipConfig, server: SipServer
) -> None:
    server = second_rule(server, trunk_ids=["ST_gone"])
    server.rules[0].name = server.rules[1].name
    plan = plan_sip(config, server, prune=True)
    assert [step.id for step in plan.plan.to_do] == ["SDR_second"]


def test_what_lets_strangers_in_is_told_also_where_it_is_not_ours(
    config: SipConfig, server: SipServer
) -> None:
    open_trunk = SIPInboundTrunkInfo(sip_trunk_id="ST_open", numbers=["+3226010501"])
    every_call = SIPDispatchRuleInfo(sip_dispatch_rule_id="SDR_all")
    server = replace(
        server, inbound=(*server.inbound, open_trunk), rules=(*server.rules, every_call)
    )
    told = "\n".join(plan_sip(config, server).plan.warnings)
    assert "ST_open" in told
    assert "calls that no trunk has" in told


def of_trunks(config: SipConfig, *ids: str) -> SipConfig:
    """Our files, the rule for the trunks with these ids."""
    rule = SIPDispatchRuleInfo()
    rule.CopyFrom(config.rule.info)
    rule.trunk_ids[:] = ids
    return replace(config, rule=replace(config.rule, info=rule))


@pytest.mark.parametrize("ids", [("ST_other",), ("ST_other", "ST_third")])
def test_a_rule_of_trunks_that_the_server_does_not_have_is_refused(
    config: SipConfig, server: SipServer, ids: tuple[str, ...]
) -> None:
    server.rules[0].trunk_ids[:] = ids  # it was made like this: nothing differs
    with pytest.raises(FileError) as refused:
        plan_sip(of_trunks(config, *ids), server)
    assert f"this LiveKit has no inbound trunk {', '.join(ids)}" in str(refused.value)
    assert '"${SIP_INBOUND_TRUNK_ID}"' in refused.value.fix


def test_one_trunk_too_many_in_a_rule_is_told(config: SipConfig, server: SipServer) -> None:
    plan = plan_sip(of_trunks(config, OUR_TRUNK, "ST_other"), server)
    (told,) = plan.plan.warnings
    assert "this LiveKit has no inbound trunk ST_other" in told


def test_a_rule_for_another_trunk_than_the_one_with_our_number_is_told(
    config: SipConfig, server: SipServer
) -> None:
    second = SIPInboundTrunkInfo(
        sip_trunk_id="ST_2", name="second", numbers=["+3226010502"], allowed_addresses=CLOSED
    )
    both = replace(server, inbound=(*server.inbound, second))
    (told,) = plan_sip(of_trunks(config, "ST_2"), both).plan.warnings
    assert "the rule is not for the trunk that has our number (ST_in)" in told
    assert plan_sip(of_trunks(config, "ST_in"), both).plan.warnings == ()
