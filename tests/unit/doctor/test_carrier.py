"""Each way in which Telnyx's side can be at odds with our settings."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from agent.doctor.carrier import (
    CarrierWanted,
    judge_balance,
    judge_deliveries,
    judge_portal,
)
from agent.doctor.findings import Finding, Level
from agent.provisioning.telnyx.parts import (
    ActualPart,
    Balance,
    Connection,
    Delivery,
    Fqdn,
    Number,
    PortalState,
    Profile,
)

WEBHOOK = "https://calls.fernhill.test/api/telnyx/webhooks/call-events"
WANTED = CarrierWanted(
    *("+3226010500", ("BE", "FR"), "example-user"),
    *("abc.sip.livekit.cloud", WEBHOOK),
)
PROFILE = Profile("Out", whitelisted_destinations=("BE", "FR"), daily_spend_limit_enabled=True)
CONNECTION = Connection(
    "In", user_name="Example-User", webhook_event_url=WEBHOOK, profile_id="profile"
)
FQDN = Fqdn("connection", "ABC.sip.livekit.cloud")
NUMBER = Number("+3226010500", "connection")


def account(
    *,
    profile: Profile = PROFILE,
    connection: Connection = CONNECTION,
    fqdn: Fqdn = FQDN,
    number: Number | None = NUMBER,
    status: str = "active",
) -> PortalState:
    return PortalState(
        (ActualPart("profile", profile),),
        (ActualPart("connection", connection),),
        (ActualPart("fqdn", fqdn),),
        None if number is None else ActualPart("number", number, status),
    )


def faults(state: PortalState) -> list[tuple[str, Level]]:
    return codes([each for each in judge_portal(state, WANTED) if each.level is not Level.OK])


def codes(findings: list[Finding]) -> list[tuple[str, Level]]:
    return [(each.code, each.level) for each in findings]


def test_an_account_as_provisioned_is_found_fine() -> None:
    assert codes(judge_portal(account(), WANTED)) == [("telnyx", Level.OK)]


E_, W_ = Level.ERROR, Level.WARNING


@pytest.mark.parametrize(
    ("state", "code", "level"),
    [
        (account(number=None), "telnyx_number", E_),
        (account(status="port-pending"), "telnyx_number", E_),
        (account(number=replace(NUMBER, connection_id=None)), "telnyx_number_unassigned", E_),
        (account(number=replace(NUMBER, connection_id="other")), "telnyx_no_connection", E_),
        (account(connection=replace(CONNECTION, active=False)), "telnyx_connection_inactive", E_),
        (account(connection=replace(CONNECTION, user_name="other")), "telnyx_username", E_),
        (account(fqdn=replace(FQDN, connection_id="other")), "telnyx_no_fqdn", E_),
        (account(fqdn=replace(FQDN, fqdn="other.example.com")), "telnyx_fqdn", E_),
        (account(connection=replace(CONNECTION, profile_id=None)), "telnyx_no_profile", E_),
        (account(profile=replace(PROFILE, enabled=False)), "telnyx_profile_disabled", E_),
        (
            account(profile=replace(PROFILE, whitelisted_destinations=("FR",))),
            *("telnyx_destinations", E_),
        ),
        (
            account(profile=replace(PROFILE, whitelisted_destinations=("BE", "FR", "US"))),
            *("telnyx_more_destinations", W_),
        ),
        (
            account(profile=replace(PROFILE, daily_spend_limit_enabled=False)),
            *("telnyx_spend_limit", W_),
        ),
        (
            account(connection=replace(CONNECTION, webhook_event_url=None)),
            *("telnyx_webhook_url", W_),
        ),
        (
            account(connection=replace(CONNECTION, webhook_event_url="http://x.example")),
            *("telnyx_webhook_url", W_),
        ),
        (
            account(connection=replace(CONNECTION, webhook_event_url="https://x.example")),
            *("telnyx_webhook_url", W_),
        ),
        (
            account(connection=replace(CONNECTION, webhook_api_version="1")),
            *("telnyx_webhook_version", W_),
        ),
    ],
)
def test_each_fault_is_named_alone(state: PortalState, code: str, level: Level) -> None:
    assert faults(state) == [(code, level)]


def test_what_is_not_set_here_is_not_compared() -> None:
    other = account(
        connection=replace(CONNECTION, user_name="other", webhook_event_url="https://x.example"),
        fqdn=replace(FQDN, fqdn="other.example.com"),
    )
    wanted = CarrierWanted("+3226010500", ("BE", "FR"))
    assert codes(judge_portal(other, wanted)) == [("telnyx", Level.OK)]


@pytest.mark.parametrize(
    ("available", "level"), [("0.00", E_), ("-3", E_), ("4.99", W_), ("25", Level.OK)]
)
def test_an_empty_account_is_an_error_and_a_nearly_empty_one_a_warning(
    available: str, level: Level
) -> None:
    found = judge_balance(Balance(Decimal(available), "USD"))
    assert codes(found) == [("telnyx_balance", level)]


def test_webhooks_that_did_not_get_through_are_told_with_the_last_answer() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    early = Delivery(now.replace(hour=1), "call.hangup", WEBHOOK, None)
    late = Delivery(now.replace(hour=2), "call.hangup", WEBHOOK, 502)
    (found,) = judge_deliveries([late, early])
    assert (found.code, found.level) == ("telnyx_deliveries", W_)
    assert "2 webhooks" in found.says
    assert "answered 502" in found.says
    assert codes(judge_deliveries([])) == [("telnyx_deliveries", Level.OK)]
