"""Each way in which trunks, rule and settings can be at odds."""

from dataclasses import replace

import pytest
from livekit.protocol.sip import (
    SIPDispatchRule,
    SIPDispatchRuleDirect,
    SIPDispatchRuleInfo,
    SIPInboundTrunkInfo,
    SIPOutboundTrunkInfo,
)

from agent.doctor.findings import Level
from agent.doctor.routing import RoutingExpected, judge_routing
from agent.provisioning.livekit.records import (
    DispatchRule,
    InboundTrunk,
    OutboundTrunk,
    Rooms,
    SipRecords,
    records_of,
)
from agent.telephony.trunks import SipServer

WANTED = RoutingExpected("+3226010500", "ai-sales-agent", "Out")
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


def faults(records: SipRecords, wanted: RoutingExpected = WANTED) -> list[tuple[str, Level]]:
    found = judge_routing(records, wanted)
    return [(each.code, each.level) for each in found if each.level in (Level.ERROR, Level.WARNING)]


def test_what_belongs_together_is_found_fine() -> None:
    found = judge_routing(FINE, WANTED)
    assert [each.code for each in found] == ["inbound_trunk", "rule", "outbound_trunk"]
    assert {each.level for each in found} == {Level.OK}


def test_a_trunk_without_numbers_takes_ours() -> None:
    assert faults(inbound(numbers=())) == []


E_, W_ = Level.ERROR, Level.WARNING


@pytest.mark.parametrize(
    ("records", "first", "level"),
    [
        (replace(FINE, inbound=()), "no_inbound_trunk", E_),
        (inbound(numbers=("+3226010501",)), "number_without_trunk", E_),
        (replace(FINE, inbound=(IN, replace(IN, id="ST_2"))), "duplicate_inbound_trunk", W_),
        (inbound(open_because="it asks for nothing"), "open_trunk", E_),
        (inbound(malformed_addresses=("sip.telnyx.com",)), "malformed_addresses", W_),
        (inbound(numbers=("3226010500",)), "number_not_e164", E_),
        (replace(FINE, rules=()), "no_rule", E_),
        (rule(trunk_ids=()), "catch_all_rule", E_),
        (rule(trunk_ids=("ST_other",)), "rule_of_other_trunk", E_),
        (rule(rooms=Rooms.DIRECT, shared_room="they hear each other"), "direct_rule", E_),
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
    broken = SipRecords((replace(IN, numbers=("x",), open_because="so"),), (), (RULE,))
    for each in judge_routing(broken, WANTED):
        assert each.level in (Level.OK, Level.UNCHECKED) or each.remedy, each.code


def test_what_matters_is_read_out_of_livekits_messages_and_no_secret() -> None:
    server = SipServer(
        (SIPInboundTrunkInfo(sip_trunk_id="ST_in", name="In", numbers=["+3226010500"]),),
        (
            SIPOutboundTrunkInfo(
                sip_trunk_id="ST_out",
                name="Out",
                address="sip.telnyx.eu",
                auth_username="example-user",
                auth_password="example-password",
                headers_to_attributes={"X-Telnyx-Username": "x"},
            ),
        ),
        (
            SIPDispatchRuleInfo(
                name="Rule",
                rule=SIPDispatchRule(
                    dispatch_rule_direct=SIPDispatchRuleDirect(room_name="one", pin="1234")
                ),
            ),
        ),
    )
    records = records_of(server)
    (trunk,), (out,), (found,) = records.inbound, records.outbound, records.rules
    assert trunk.open_because is not None
    assert (out.username, out.headers, out.headers_to_attributes) == (
        *("example-user", ()),
        ("X-Telnyx-Username",),
    )
    assert (found.rooms, found.asks_for_pin, found.trunk_ids) == (Rooms.DIRECT, True, ())
    assert found.shared_room is not None
    assert "example-password" not in repr(records)


def test_a_trunk_that_a_rule_names_and_nobody_has_is_named() -> None:
    records = replace(FINE, rules=(replace(RULE, trunk_ids=("ST_ofAnotherServer",)),))
    (found,) = [
        each for each in judge_routing(records, WANTED) if each.code == "rule_of_other_trunk"
    ]
    assert "ST_ofAnotherServer in trunk_ids is no trunk of this LiveKit" in found.says
    assert '"${SIP_INBOUND_TRUNK_ID}"' in found.remedy
