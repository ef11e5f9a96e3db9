"""Which room a caller gets, by the trunks and rules as livekit-server stores them."""

import pytest
from livekit.protocol.sip import (
    SIPDispatchRule,
    SIPDispatchRuleCallee,
    SIPDispatchRuleDirect,
    SIPDispatchRuleIndividual,
    SIPDispatchRuleInfo,
    SIPInboundTrunkInfo,
)

from agent.local.phone_network.routing import (
    InboundCall,
    carriers_address,
    evaluate,
    match_rule,
    match_trunk,
)

CALL = InboundCall("+32470123456", "+3226010500", "SCL_one", "127.0.0.1", "192.0.2.7")
DIRECT = SIPDispatchRule(dispatch_rule_direct=SIPDispatchRuleDirect(room_name="lobby"))
INDIVIDUAL = SIPDispatchRule(dispatch_rule_individual=SIPDispatchRuleIndividual(room_prefix="call"))
CALLEE = SIPDispatchRule(
    dispatch_rule_callee=SIPDispatchRuleCallee(room_prefix="call", randomize=True)
)


def trunk(trunk_id: str = "ST_1", **fields: list[str]) -> SIPInboundTrunkInfo:
    return SIPInboundTrunkInfo(sip_trunk_id=trunk_id, **fields)  # type: ignore[arg-type]


def rule(
    of: SIPDispatchRule, name: str, trunk_ids: list[str], **fields: list[str]
) -> SIPDispatchRuleInfo:
    return SIPDispatchRuleInfo(
        sip_dispatch_rule_id=name,
        rule=of,
        trunk_ids=trunk_ids,
        **fields,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("number", ["+3226010500", "3226010500", "+32 (2) 601-05 00"])
def test_a_trunks_number_is_compared_in_its_normal_form(number: str) -> None:
    assert match_trunk([trunk(numbers=[number])], CALL) is not None


def test_a_trunk_with_the_number_goes_before_one_without_numbers() -> None:
    named, default = trunk("ST_named", numbers=["+3226010500"]), trunk("ST_default")
    assert match_trunk([default, named], CALL) == named
    assert match_trunk([default, trunk(numbers=["+3226010501"])], CALL) == default
    assert match_trunk([trunk(numbers=["+3226010501"])], CALL) is None


def test_a_trunk_takes_only_the_callers_and_addresses_that_it_allows() -> None:
    assert match_trunk([trunk(allowed_numbers=["+32470123457"])], CALL) is None
    assert match_trunk([trunk(allowed_numbers=["32470123456"])], CALL) is not None
    assert match_trunk([trunk(allowed_addresses=["192.0.2.8"])], CALL) is None
    assert match_trunk([trunk(allowed_addresses=["sip.example", "192.0.2.0/24"])], CALL)


def test_a_list_of_addresses_without_a_well_formed_one_allows_everybody_as_in_the_real_one() -> (
    None
):
    assert match_trunk([trunk(allowed_addresses=["sip.example"])], CALL) is not None


def test_the_carrier_calls_from_an_address_that_the_numbers_trunk_allows() -> None:
    other = trunk(numbers=["+3226010501"], allowed_addresses=["192.0.2.1/32"])
    ours = trunk(numbers=["+3226010500"], allowed_addresses=["sip.example", "192.0.2.8/31"])
    assert carriers_address([other, ours], "3226010500") == "192.0.2.8"
    assert carriers_address([trunk(numbers=["+3226010500"])], "+3226010500") == "127.0.0.1"


def test_a_rule_for_the_trunk_goes_before_one_for_all_trunks() -> None:
    everywhere, here = rule(DIRECT, "all", []), rule(INDIVIDUAL, "here", ["ST_1"])
    assert match_rule([everywhere, here], trunk(), CALL) == here
    assert match_rule([everywhere, here], trunk("ST_2"), CALL) == everywhere
    assert match_rule([everywhere, here], None, CALL) == everywhere
    assert match_rule([here], None, CALL) is None


def test_a_rules_numbers_match_as_written_only() -> None:
    assert match_rule([rule(DIRECT, "a", ["ST_1"], numbers=["3226010500"])], trunk(), CALL) is None
    assert match_rule([rule(DIRECT, "a", ["ST_1"], numbers=["+3226010500"])], trunk(), CALL)
    strangers = rule(DIRECT, "a", ["ST_1"], inbound_numbers=["+32470123457"])
    assert match_rule([strangers], trunk(), CALL) is None


def test_the_more_specific_rule_wins_then_direct_before_individual_before_callee() -> None:
    rules = [
        rule(CALLEE, "callee", ["ST_1"]),
        rule(INDIVIDUAL, "individual", ["ST_1"]),
        rule(DIRECT, "direct", ["ST_1"]),
        rule(CALLEE, "numbers", ["ST_1"], numbers=["+3226010500"]),
    ]
    order = []
    while best := match_rule(rules, trunk(), CALL):
        order.append(best.sip_dispatch_rule_id)
        rules.remove(best)
    assert order == ["numbers", "direct", "individual", "callee"]


def test_a_rule_that_asks_for_a_pin_is_left_out() -> None:
    guarded = SIPDispatchRule(
        dispatch_rule_direct=SIPDispatchRuleDirect(room_name="lobby", pin="1234")
    )
    assert match_rule([rule(guarded, "pin", ["ST_1"])], trunk(), CALL) is None


@pytest.mark.parametrize(
    ("of", "room"),
    [
        (DIRECT, "lobby"),
        (INDIVIDUAL, "call_+32470123456_random"),
        (CALLEE, "call_+3226010500_random"),
        (
            SIPDispatchRule(dispatch_rule_individual=SIPDispatchRuleIndividual(no_randomness=True)),
            "+32470123456",
        ),
        (
            SIPDispatchRule(dispatch_rule_callee=SIPDispatchRuleCallee(room_prefix="call")),
            "call_+3226010500",
        ),
    ],
)
def test_the_rule_names_the_room(of: SIPDispatchRule, room: str) -> None:
    to = evaluate(rule(of, "SDR_1", []), trunk(), CALL, new_id=lambda: "random")
    assert to.room_name == room
    assert to.attributes["sip.ruleID"] == "SDR_1"


def test_a_hidden_number_is_in_no_name_and_no_attribute() -> None:
    hidden = rule(INDIVIDUAL, "SDR_1", [])
    hidden.hide_phone_number = True
    to = evaluate(hidden, trunk(), CALL, new_id=lambda: "random")
    assert (to.room_name, to.name) == ("call_3456_random", "Phone 3456")
    assert "470123456" not in repr(to)
    assert "sip.phoneNumber" not in to.attributes
