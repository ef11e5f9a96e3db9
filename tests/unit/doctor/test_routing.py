"""Each way in which trunks, rule and settings can be at odds."""

from dataclasses import replace

import pytest

from agent.doctor.findings import Level
from agent.doctor.routing import Wanted, judge_routing
from agent.telephony.sip_records import (
    DispatchRule,
    InboundTrunk,
    OutboundTrunk,
    Rooms,
    SipRecords,
)

WANTED = Wanted("+3226010500", "ai-sales-agent", "Out")
IN = InboundTrunk("ST_in", "In", ("+3226010500",), ("185.246.41.140/32",))
OUT = OutboundTrunk(
    *("ST_out", "Out", "sip.telnyx.eu", ("+3226010500",)),
    username="example-user",
    headers=("X-Telnyx-Username",),
)
RULE = DispatchRule("SDR_1", "Rule", ("ST_in",), Rooms.CALLEE, ("ai-sales-agent",))
FINE = SipRecords((IN,), (OUT,), (RULE,))


def inbound(**changes: object) -> SipRecords:
    return replace(FINE, inbound=(replace(IN, **changes),))  # type: ignore[arg-type]  # a test's own


def outbound(**changes: object) -> SipRecords:
    return replace(FINE, outbound=(replace(OUT, **changes),))  # type: ignore[arg-type]  # as above


def rule(**changes: object) -> SipRecords:
    return replace(FINE, rules=(replace(RULE, **changes),))  # type: ignore[arg-type]  # as above


def faults(records: SipRecords, wanted: Wanted = WANTED) -> list[tuple[str, Level]]:
    found = judge_routing(records, wanted)
    return [(each.code, each.level) for each in found if each.level in (Level.ERROR, Level.WARNING)]


def test_what_belongs_together_is_found_fine() -> None:
    found = judge_routing(FINE, WANTED)
    assert [each.code for each in found] == ["inbound_trunk", "rule", "outbound_trunk"]
    assert {each.level for each in found} == {Level.OK}


def test_a_password_guards_as_well_as_networks_do() -> None:
    assert faults(inbound(allowed_addresses=(), asks_for_password=True)) == []


def test_a_trunk_without_numbers_takes_ours() -> None:
    assert faults(inbound(numbers=())) == []


E_, W_ = Level.ERROR, Level.WARNING


@pytest.mark.parametrize(
    ("records", "first", "level"),
    [
        (replace(FINE, inbound=()), "no_inbound_trunk", E_),
        (inbound(numbers=("+3226010501",)), "number_without_trunk", E_),
        (replace(FINE, inbound=(IN, replace(IN, id="ST_2"))), "duplicate_inbound_trunk", W_),
        (inbound(allowed_addresses=()), "open_trunk", E_),
        (inbound(allowed_addresses=("0.0.0.0/0",)), "open_trunk", E_),
        (inbound(allowed_addresses=("sip.telnyx.com",)), "malformed_addresses", E_),
        (
            inbound(allowed_addresses=("sip.telnyx.com", "192.0.2.0/24")),
            *("malformed_addresses", W_),
        ),
        (inbound(numbers=("3226010500",)), "number_not_e164", E_),
        (replace(FINE, rules=()), "no_rule", E_),
        (rule(trunk_ids=()), "catch_all_rule", E_),
        (rule(trunk_ids=("ST_other",)), "rule_of_other_trunk", E_),
        (rule(rooms=Rooms.DIRECT, own_room_each=False), "direct_rule", E_),
        (rule(own_room_each=False), "direct_rule", E_),
        (rule(agents=()), "no_agent", E_),
        (rule(agents=("somebody-else",)), "other_agent", E_),
        (rule(our_numbers=("3226010500",)), "rule_of_other_number", E_),
        (rule(asks_for_pin=True), "rule_asks_for_pin", E_),
        (rule(rooms=Rooms.INDIVIDUAL), "number_in_room_name", W_),
        (replace(FINE, rules=(RULE, replace(RULE, id="SDR_2"))), "duplicate_rule", W_),
        (replace(FINE, outbound=()), "no_outbound_trunk", E_),
        (replace(FINE, outbound=(OUT, replace(OUT, id="2"))), "duplicate_outbound_trunk", W_),
        (outbound(address="sip:sip.telnyx.eu"), "outbound_address", E_),
        (outbound(numbers=("+3226010501",)), "outbound_number", E_),
        (outbound(username=""), "outbound_credentials", E_),
        (outbound(headers=()), "username_header", W_),
        (
            outbound(headers=(), headers_to_attributes=("X-Telnyx-Username",)),
            *("username_header", W_),
        ),
    ],
)
def test_each_fault_is_named_first_and_alone(records: SipRecords, first: str, level: Level) -> None:
    assert faults(records) == [(first, level)]


def test_a_header_in_the_wrong_place_is_told_apart_from_one_that_is_missing() -> None:
    wrong = outbound(headers=(), headers_to_attributes=("X-Telnyx-Username",))
    (told,) = (each for each in judge_routing(wrong, WANTED) if each.level is not Level.OK)
    assert "headers_to_attributes, which only reads the answer" in told.says


def test_a_catch_all_rule_beside_a_good_one_is_told() -> None:
    scanners = replace(RULE, id="SDR_2", name="Scanners", trunk_ids=())
    assert faults(replace(FINE, rules=(scanners, RULE))) == [("catch_all_rule", Level.ERROR)]


def test_another_carriers_trunk_needs_no_header_of_telnyx() -> None:
    assert faults(outbound(address="sip.example.net", username="", headers=())) == []


def test_every_fault_says_what_mends_it() -> None:
    broken = SipRecords((replace(IN, numbers=("x",), allowed_addresses=()),), (), (RULE,))
    for each in judge_routing(broken, WANTED):
        assert each.level in (Level.OK, Level.UNCHECKED) or each.remedy, each.code
