"""Setting up Telnyx's portal by the official SDK, against the stand-in of its API."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from agent.errors import CallError, HalfProvisioned, PortalError, TelnyxUnavailable
from agent.local.telnyx.faults import Kind, PortalFault
from agent.local.telnyx.server import EXAMPLE_KEY, TelnyxPortal, serve_portal
from agent.provisioning.plan import Action, Plan, Step
from agent.provisioning.telnyx.account import Portal
from agent.provisioning.telnyx.apply import apply_portal
from agent.provisioning.telnyx.parts import PortalPart, PortalWanted
from agent.provisioning.telnyx.plan import plan_portal

OURS = "+3226010500"
WANTED = PortalWanted(
    username="example-user",
    password="example-password",
    sip_host="abc123.sip.livekit.cloud",
    webhook_url="https://calls.fernhill.test/api/telnyx/webhooks/call-events",
    phone_number=OURS,
    destinations=("BE", "NL"),
    daily_spend_limit=Decimal("20"),
)


class Rig:
    """The stand-in, and our side of it."""

    def __init__(self, telnyx: TelnyxPortal, portal: Portal, url: str) -> None:
        self.telnyx = telnyx
        self.portal = portal
        self.url = url
        self.steps: list[Step] = []
        self.remarks: tuple[str, ...] = ()

    async def plan(self, wanted: PortalWanted = WANTED, *, set_password: bool = False) -> Plan:
        state = await self.portal.read(wanted.phone_number)
        return plan_portal(state, wanted, set_password=set_password)

    async def provision(self, wanted: PortalWanted = WANTED) -> Plan:
        plan = await self.plan(wanted)
        self.remarks = await apply_portal(self.portal, plan, wanted, self.steps.append)
        return plan

    def written(self) -> list[str]:
        """What was asked to be created or changed."""
        return [one for one in self.telnyx.requests if not one.startswith("GET")]


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    telnyx = TelnyxPortal([OURS])
    async with (
        serve_portal(telnyx) as url,
        Portal(EXAMPLE_KEY, base_url=url, patience_seconds=5) as portal,
    ):
        yield Rig(telnyx, portal, url)


def actions(plan: Plan) -> dict[str, Action]:
    return {step.part: step.action for step in plan.steps}


async def test_an_empty_account_gets_everything_and_a_second_run_changes_nothing(rig: Rig) -> None:
    plan = await rig.provision()
    assert actions(plan) == {
        PortalPart.PROFILE: Action.CREATE,
        PortalPart.CONNECTION: Action.CREATE,
        PortalPart.FQDN: Action.CREATE,
        PortalPart.NUMBER: Action.CHANGE,
    }
    assert [step.part for step in rig.steps] == list(PortalPart)

    assert rig.remarks == ()
    written = rig.written()
    second = await rig.provision()
    assert second.to_do == ()
    assert second.warnings == ()
    assert rig.written() == written


async def test_telnyx_is_told_what_the_facts_say(rig: Rig) -> None:
    await rig.provision()
    account = rig.telnyx.account
    (profile,) = account.profiles.values()
    (connection,) = account.connections.values()
    (fqdn,) = account.fqdns.values()
    (number,) = account.numbers.values()
    assert profile["name"] == "AI Sales Outbound Profile"
    assert profile["whitelisted_destinations"] == ["BE", "NL"]
    assert (profile["daily_spend_limit"], profile["daily_spend_limit_enabled"]) == ("20.00", True)
    assert connection["connection_name"] == "LiveKit AI Sales System"
    assert (connection["user_name"], connection["password"]) == (WANTED.username, WANTED.password)
    assert connection["transport_protocol"] == "TCP"
    assert connection["webhook_event_url"] == WANTED.webhook_url
    assert connection["webhook_api_version"] == "2"
    assert connection["call_cost_in_webhooks"] is True
    inbound, outbound = connection["inbound"], connection["outbound"]
    assert isinstance(inbound, dict)
    assert isinstance(outbound, dict)
    assert (inbound["ani_number_format"], inbound["dnis_number_format"]) == ("+E.164", "+e164")
    assert outbound["outbound_voice_profile_id"] == profile["id"]
    assert (fqdn["fqdn"], fqdn["port"], fqdn["dns_record_type"]) == (WANTED.sip_host, 5060, "a")
    assert fqdn["connection_id"] == number["connection_id"] == connection["id"]


async def test_what_was_changed_by_hand_is_named_and_mended(rig: Rig) -> None:
    await rig.provision()
    account = rig.telnyx.account
    (profile,) = account.profiles.values()
    (connection,) = account.connections.values()
    (fqdn,) = account.fqdns.values()
    (number,) = account.numbers.values()
    account.save_profile(
        profile, {"whitelisted_destinations": ["BE", "CU"], "daily_spend_limit_enabled": False}
    )
    account.save_connection(
        connection,
        {
            "transport_protocol": "UDP",
            "webhook_event_url": "http://calls.fernhill.test/hook",
            "inbound": {"dnis_number_format": "national", "channel_limit": 7},
            "user_name": "somebody-else",
        },
    )
    account.save_fqdn(fqdn, {"fqdn": "old.sip.livekit.cloud"})
    account.save_number(number, {"connection_id": None})

    plan = await rig.provision()
    drift = {one.field: (one.found, one.wanted) for step in plan.steps for one in step.differences}
    assert drift == {
        "whitelisted_destinations": ("BE, CU", "BE, NL"),
        "daily_spend_limit_enabled": ("no", "yes"),
        "transport_protocol": ("UDP", "TCP"),
        "webhook_event_url": ("http://calls.fernhill.test/hook", WANTED.webhook_url),
        "inbound.dnis_number_format": ("national", "+e164"),
        "user_name": ("(secret)", "${TELNYX_SIP_USERNAME}"),
        "password": ("(secret)", "(secret)"),
        "fqdn": ("old.sip.livekit.cloud", WANTED.sip_host),
        "connection_id": ("(none)", "LiveKit AI Sales System"),
    }
    assert (await rig.plan()).to_do == ()
    # What is not ours stays as it was set by hand.
    assert isinstance(connection["inbound"], dict)
    assert connection["inbound"]["channel_limit"] == 7
    assert len(account.fqdns) == 1


async def test_the_password_is_sent_again_only_when_asked(rig: Rig) -> None:
    await rig.provision()
    rotated = dataclasses.replace(WANTED, password="example-password-2")
    assert (await rig.plan(rotated)).to_do == ()
    plan = await rig.plan(rotated, set_password=True)
    assert "example-password" not in repr(plan)
    await apply_portal(rig.portal, plan, rotated, rig.steps.append)
    (connection,) = rig.telnyx.account.connections.values()
    assert connection["password"] == "example-password-2"
    assert connection["user_name"] == WANTED.username


async def test_a_limit_set_by_hand_stays_where_we_want_none(rig: Rig) -> None:
    await rig.provision()
    without = dataclasses.replace(WANTED, daily_spend_limit=None)
    plan = await rig.plan(without)
    assert plan.to_do == ()
    assert plan.warnings == ()


async def test_parts_beyond_the_first_page_are_found(rig: Rig) -> None:
    account = rig.telnyx.account
    for number in range(5):
        account.save_connection(None, {"connection_name": f"another {number}"})
        account.save_profile(None, {"name": f"another {number}"})
        account.buy(f"+3226010500{number}")  # the filter finds parts of numbers
    account.numbers = dict(reversed(account.numbers.items()))  # ours is on the last page
    async with Portal(EXAMPLE_KEY, base_url=rig.url, page_size=2) as small:
        paged = Rig(rig.telnyx, small, rig.url)
        await paged.provision()
        assert (await paged.plan()).to_do == ()
        assert (await small.number(OURS)) is not None
    assert len(account.connections) == len(account.profiles) == 6


async def test_a_wrong_key_is_one_line_that_says_where_keys_are_made(rig: Rig) -> None:
    async with Portal("another-key", base_url=rig.url) as portal:
        with pytest.raises(PortalError, match=r"does not accept TELNYX_API_KEY.*API Keys") as told:
            await portal.read(OURS)
    assert "another-key" not in str(told.value)


async def test_an_account_that_is_not_verified_is_told_to_be(rig: Rig) -> None:
    rig.telnyx.account.verified = False
    with pytest.raises(PortalError, match="Level 2 verification"):
        await rig.provision()


async def test_a_number_of_somebody_else_stops_before_anything_is_changed(rig: Rig) -> None:
    foreign = dataclasses.replace(WANTED, phone_number="+3226010501")
    with pytest.raises(PortalError, match=r"no number \+3226010501.*buy it.*PHONE_NUMBER"):
        await rig.provision(foreign)
    assert rig.written() == []


async def test_a_username_of_another_connection_stops_before_anything_is_changed(rig: Rig) -> None:
    rig.telnyx.account.save_connection(
        None, {"connection_name": "My LiveKit trunk", "user_name": "Example-User"}
    )
    with pytest.raises(PortalError, match=r"'My LiveKit trunk' has our TELNYX_SIP_USERNAME"):
        await rig.provision()
    assert rig.written() == []


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
async def test_too_many_requests_are_waited_out_for_as_long_as_telnyx_says(
    rig: Rig, method: str
) -> None:
    rig.telnyx.faults.order(
        PortalFault(kind=Kind.TOO_MANY, count=2, method=method, retry_after=0.05)
    )
    began = datetime.now(UTC)
    await rig.provision()
    assert datetime.now(UTC) - began >= timedelta(seconds=0.1)
    assert len(rig.telnyx.account.connections) == 1
    assert (await rig.plan()).to_do == ()


async def test_a_wait_longer_than_our_patience_is_not_begun(rig: Rig) -> None:
    rig.telnyx.faults.order(PortalFault(kind=Kind.TOO_MANY, retry_after=30))
    async with Portal(EXAMPLE_KEY, base_url=rig.url, patience_seconds=2) as portal:
        async with asyncio.timeout(1.5):
            with pytest.raises(TelnyxUnavailable, match="asks for 30 s"):
                await portal.read(OURS)


async def test_a_telnyx_that_does_not_answer_is_given_up(rig: Rig) -> None:
    rig.telnyx.faults.order(PortalFault(kind=Kind.HANG, count=9))
    async with Portal(EXAMPLE_KEY, base_url=rig.url, patience_seconds=0.3) as portal:
        with pytest.raises(TelnyxUnavailable, match="does not answer"):
            await portal.read(OURS)


async def test_reading_is_tried_again_when_telnyx_fails(rig: Rig) -> None:
    rig.telnyx.faults.order(PortalFault(kind=Kind.FAIL, method="GET"))
    assert actions(await rig.plan())[PortalPart.CONNECTION] is Action.CREATE


@pytest.mark.parametrize("kind", [Kind.FAIL, Kind.LIE])
@pytest.mark.parametrize("skip", [0, 1, 2])
async def test_what_failed_half_way_goes_on_in_the_next_run(
    rig: Rig, kind: Kind, skip: int
) -> None:
    rig.telnyx.faults.order(PortalFault(kind=kind, method="POST", skip=skip))
    with pytest.raises(HalfProvisioned, match="run it again") as told:
        await rig.provision()
    done = ["nothing was changed before it", "outbound voice profile", "FQDN connection"][skip]
    assert done in str(told.value)
    assert [step.part for step in rig.steps] == list(PortalPart)[:skip]

    await rig.provision()
    account = rig.telnyx.account
    # Also where it was done and reported as failed: nothing is there twice.
    assert [len(one) for one in (account.profiles, account.connections, account.fqdns)] == [1, 1, 1]
    assert (await rig.plan()).to_do == ()


async def test_what_telnyx_takes_and_does_not_keep_is_told(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rig.telnyx.account, "save_number", lambda there, sent: there)
    await rig.provision()
    (remark,) = rig.remarks
    assert "still shows phone number '+3226010500' otherwise (connection_id)" in remark


async def test_a_check_that_cannot_be_made_does_not_undo_what_is_done(rig: Rig) -> None:
    # The first four requests read, the next four write.
    rig.telnyx.faults.order(PortalFault(kind=Kind.TOO_MANY, skip=8, retry_after=60))
    await rig.provision()
    assert len(rig.steps) == len(PortalPart)
    assert "could not be read again" in rig.remarks[0]


async def test_a_refused_field_is_named_without_what_was_in_it(rig: Rig) -> None:
    short = dataclasses.replace(WANTED, password="example")
    with pytest.raises(PortalError, match=r"refuses to create the FQDN connection") as told:
        await rig.provision(short)
    assert "/password" in str(told.value)
    assert "8 characters" not in str(told.value)  # Telnyx may quote what was sent
    assert "outbound voice profile 'AI Sales Outbound Profile'" in str(told.value)


async def test_a_primary_fqdn_that_points_elsewhere_is_set_to_ours(rig: Rig) -> None:
    await rig.provision()
    account = rig.telnyx.account
    (connection,) = account.connections.values()
    (ours,) = account.fqdns
    other = account.save_fqdn(
        None, {"connection_id": connection["id"], "fqdn": "old.example.com", "dns_record_type": "a"}
    )
    account.save_connection(connection, {"inbound": {"default_primary_fqdn_id": other["id"]}})
    account.fqdns.pop(ours)
    account.save_fqdn(
        None, {"connection_id": connection["id"], "fqdn": "new.example.com", "dns_record_type": "a"}
    )
    plan = await rig.provision()
    (change,) = [one for step in plan.steps for one in step.differences]
    assert (change.found, change.wanted) == ("old.example.com", WANTED.sip_host)
    again = await rig.plan()
    assert again.to_do == ()
    assert [("old.example.com" in one, "new.example.com" in one) for one in again.warnings] == [
        (True, False),
        (False, True),
    ]


async def test_failed_deliveries_and_the_balance_can_be_read(rig: Rig) -> None:
    account = rig.telnyx.account
    account.add_delivery("call.hangup", WANTED.webhook_url, 503)
    account.add_delivery("call.initiated", WANTED.webhook_url, None)
    account.add_delivery("call.answered", WANTED.webhook_url, 200)
    failed = await rig.portal.failed_deliveries(datetime.now(UTC) - timedelta(hours=1))
    assert [(one.event_type, one.url, one.status) for one in failed] == [
        ("call.hangup", WANTED.webhook_url, 503),
        ("call.initiated", WANTED.webhook_url, None),
    ]
    assert await rig.portal.failed_deliveries(datetime.now(UTC) + timedelta(hours=1)) == ()
    balance = await rig.portal.balance()
    assert balance is not None
    assert (balance.available, balance.currency) == (Decimal("25.00"), "USD")


async def test_an_address_where_nobody_listens_is_one_line(rig: Rig) -> None:
    async with Portal(EXAMPLE_KEY, base_url="http://127.0.0.1:9/v2", patience_seconds=1) as portal:
        with pytest.raises(CallError, match="could not read the outbound voice profiles"):
            await portal.read(OURS)
