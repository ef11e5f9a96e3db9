"""From what Telnyx's portal has to what it should have, without a server."""

from dataclasses import replace
from decimal import Decimal

import pytest

from agent.errors import PortalError
from agent.provisioning.plan import Action, Plan
from agent.provisioning.telnyx.clicks import clicks
from agent.provisioning.telnyx.fields import body, differences
from agent.provisioning.telnyx.parts import (
    ActualPart,
    Connection,
    Fqdn,
    Number,
    PortalPart,
    PortalState,
    PortalWanted,
    Profile,
)
from agent.provisioning.telnyx.plan import plan_portal

WANTED = PortalWanted(
    username="example-user",
    password="example-password",
    sip_host="abc123.sip.livekit.cloud",
    webhook_url="https://calls.fernhill.test/api/telnyx/webhooks/call-events",
    phone_number="+3226010500",
    destinations=("BE",),
    daily_spend_limit=Decimal("20"),
)
PROFILE = ActualPart("p1", WANTED.profile)
CONNECTION = ActualPart("c1", WANTED.connection(profile_id="p1"))
FQDN = ActualPart("f1", WANTED.fqdn(connection_id="c1"))
NUMBER = ActualPart("n1", WANTED.number(connection_id="c1"), "active")
DONE = PortalState((PROFILE,), (CONNECTION,), (FQDN,), NUMBER)
EMPTY = PortalState((), (), (), ActualPart("n1", Number(WANTED.phone_number), "active"))


def actions(plan: Plan) -> list[tuple[str, Action]]:
    return [(step.part, step.action) for step in plan.steps]


def drift(plan: Plan) -> list[tuple[str, str, str]]:
    return [(one.field, one.found, one.wanted) for step in plan.steps for one in step.differences]


def test_a_portal_as_wanted_is_left_alone() -> None:
    plan = plan_portal(DONE, WANTED)
    assert {action for _, action in actions(plan)} == {Action.LEAVE}
    assert plan.to_do == ()
    assert plan.warnings == ()


def test_what_needs_an_id_comes_after_what_gives_it() -> None:
    assert actions(plan_portal(EMPTY, WANTED)) == [
        (PortalPart.PROFILE, Action.CREATE),
        (PortalPart.CONNECTION, Action.CREATE),
        (PortalPart.FQDN, Action.CREATE),
        (PortalPart.NUMBER, Action.CHANGE),
    ]


def test_a_connection_that_is_there_gets_its_new_fqdn_first() -> None:
    parts = [step.part for step in plan_portal(replace(DONE, fqdns=()), WANTED).steps]
    assert parts == [PortalPart.PROFILE, PortalPart.FQDN, PortalPart.CONNECTION, PortalPart.NUMBER]


def test_a_profile_that_is_not_there_yet_is_named_in_the_connections_difference() -> None:
    plan = plan_portal(replace(DONE, profiles=()), WANTED)
    assert drift(plan) == [("outbound.outbound_voice_profile_id", "p1", WANTED.profile_name)]


def test_a_number_that_is_taken_from_another_connection_says_so() -> None:
    other = ActualPart("c2", Connection("Old office PBX", user_name="somebody-else"))
    moved = replace(
        DONE,
        connections=(CONNECTION, other),
        number=ActualPart("n1", Number(WANTED.phone_number, "c2"), "active"),
    )
    plan = plan_portal(moved, WANTED)
    assert drift(plan) == [("connection_id", "Old office PBX", WANTED.connection_name)]
    assert plan.to_do[0].reason == "its calls no longer go to 'Old office PBX'"


def test_letter_case_and_order_are_no_drift() -> None:
    changed = replace(
        DONE,
        profiles=(
            ActualPart("p1", replace(WANTED.profile, whitelisted_destinations=("NL", "BE"))),
        ),
        connections=(ActualPart("c1", replace(CONNECTION.part, user_name="Example-User")),),
        fqdns=(ActualPart("f1", replace(FQDN.part, fqdn="ABC123.sip.LiveKit.cloud")),),
    )
    assert plan_portal(changed, replace(WANTED, destinations=("BE", "NL"))).to_do == ()


@pytest.mark.parametrize("amount", ["20", "20.0", "20.00"])
def test_the_same_amount_written_otherwise_is_no_drift(amount: str) -> None:
    profile = replace(WANTED.profile, daily_spend_limit=Decimal(amount))
    assert differences(profile, WANTED.profile) == ()


def test_of_two_connections_of_our_name_the_one_with_the_number_is_ours() -> None:
    nameless = replace(CONNECTION.part, user_name=None)
    twins = (ActualPart("c0", nameless), ActualPart("c1", nameless))
    plan = plan_portal(replace(DONE, connections=twins), WANTED)
    assert {step.id for step in plan.steps if step.part == PortalPart.CONNECTION} == {"c1"}
    (warning,) = plan.warnings
    assert "2 connections named 'LiveKit AI Sales System'" in warning
    assert "id c1" in warning
    assert "c0" in warning


def test_of_two_connections_of_our_name_without_the_number_the_one_with_our_username_is_ours() -> (
    None
):
    twin = ActualPart("c0", replace(CONNECTION.part, user_name="somebody-else"))
    plan = plan_portal(replace(EMPTY, connections=(twin, CONNECTION)), WANTED)
    assert {step.id for step in plan.steps if step.part == PortalPart.CONNECTION} == {"c1"}


def test_of_two_profiles_of_our_name_the_connections_one_is_ours() -> None:
    twin = ActualPart("p0", WANTED.profile)
    plan = plan_portal(replace(DONE, profiles=(twin, PROFILE)), WANTED)
    assert plan.to_do == ()
    assert "remove or rename p0" in plan.warnings[0]


def test_a_second_fqdn_of_the_connection_is_warned_of_and_left() -> None:
    second = ActualPart("f2", Fqdn("c1", "backup.example.com"))
    plan = plan_portal(replace(DONE, fqdns=(second, FQDN)), WANTED)
    assert plan.to_do == ()
    assert "backup.example.com" in plan.warnings[0]


def test_an_fqdn_of_another_connection_is_not_ours() -> None:
    foreign = ActualPart("f9", replace(FQDN.part, connection_id="c9"))
    plan = plan_portal(replace(DONE, fqdns=(foreign,)), WANTED)
    assert (PortalPart.FQDN, Action.CREATE) in actions(plan)


def test_without_a_budget_there_is_a_warning_unless_telnyx_has_a_limit() -> None:
    without = replace(WANTED, daily_spend_limit=None)
    assert "DAILY_BUDGET" in plan_portal(EMPTY, without).warnings[0]
    assert plan_portal(DONE, without).warnings == ()


def test_a_number_that_is_not_active_is_warned_of() -> None:
    waiting = replace(DONE, number=ActualPart("n1", NUMBER.part, "requirement-info-pending"))
    assert "'requirement-info-pending'" in plan_portal(waiting, WANTED).warnings[0]


def test_a_number_that_the_account_has_not_got_is_refused_with_the_way_out() -> None:
    with pytest.raises(PortalError, match=r"no number \+3226010500: buy it"):
        plan_portal(replace(EMPTY, number=None), WANTED)


def test_no_credential_is_in_a_plan_or_in_what_is_clicked() -> None:
    stranger = ActualPart("c1", replace(CONNECTION.part, user_name="somebody-else"))
    plan = plan_portal(replace(DONE, connections=(stranger,)), WANTED, set_password=True)
    assert [one for one in drift(plan) if one[0] in ("user_name", "password")] == [
        ("user_name", "(secret)", "${TELNYX_SIP_USERNAME}"),
        ("password", "(secret)", "(secret)"),
    ]
    told = f"{plan}{clicks(WANTED)}{WANTED!r}"
    assert "example-password" not in told
    assert "somebody-else" not in told
    assert "example-user" not in f"{plan}{clicks(WANTED)}"


def test_a_change_sends_only_what_differs_and_its_neighbours() -> None:
    wanted = WANTED.connection(profile_id="p1", fqdn_id="f1")
    assert body(wanted, frozenset({"inbound.dnis_number_format", "active"})) == {
        "active": True,
        "inbound": {
            "ani_number_format": "+E.164",
            "dnis_number_format": "+e164",
            "default_primary_fqdn_id": "f1",
        },
    }


def test_money_is_text_and_what_is_open_is_left_out() -> None:
    assert body(WANTED.profile)["daily_spend_limit"] == "20.00"
    assert "daily_spend_limit" not in body(Profile("name"))


def test_the_clicks_name_every_value_that_the_plan_would_set() -> None:
    text = "\n".join(clicks(WANTED))
    for value in (
        WANTED.connection_name,
        WANTED.profile_name,
        WANTED.sip_host,
        WANTED.webhook_url,
        WANTED.phone_number,
        "${TELNYX_SIP_USERNAME}",
        "${TELNYX_SIP_PASSWORD}",
        "Allowed destinations: BE,",
        "20.00 USD",
        "TCP",
        "+E.164",
        "step B",
    ):
        assert value in text
