"""Faults made in the real parts, one at a time: the doctor names the right line first."""

import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta

import pytest
from livekit.protocol.sip import (
    SIPDispatchRule,
    SIPDispatchRuleDirect,
    SIPDispatchRuleInfo,
    SIPInboundTrunkInfo,
    SIPOutboundTrunkInfo,
)

from agent.doctor.findings import Group, Level
from agent.errors import TrunkMisconfigured
from agent.local.stack.livekit_server import LocalLiveKit
from agent.local.stack.processes import LOOPBACK, free_port
from agent.local.telnyx.account import Item
from agent.settings import ROOT
from agent.store.heartbeats import ProcessKind
from agent.store.kill_switch import KillSwitchStore
from agent.store.trunks import TrunkStore
from agent.telephony.trunks import SipServer, read_server
from tests.integration.doctor.hospital import Hospital, a_server_in_the_past

pytestmark = pytest.mark.asyncio(loop_scope="module")

Changes = dict[str, str]
"""Settings that are other than ours, for faults that lie there."""
Fault = Callable[[Hospital], AbstractAsyncContextManager[Changes]]


async def test_a_healthy_installation_is_green(hospital: Hospital) -> None:
    began = time.monotonic()
    report = await hospital.examine()
    assert [line for line in report.lines if line.finding.level is not Level.OK] == []
    assert report.exit_code == 0
    assert {line.group for line in report.lines} == set(Group) - {Group.CALL}
    assert time.monotonic() - began < 15


def setting(**changes: str) -> Fault:
    """A setting is wrong."""

    @asynccontextmanager
    async def fault(_hospital: Hospital) -> AsyncIterator[Changes]:
        yield changes

    return fault


def nobody_listens(variable: str, url: str) -> Fault:
    """A server is down."""

    @asynccontextmanager
    async def fault(_hospital: Hospital) -> AsyncIterator[Changes]:
        yield {variable: url.format(f"{LOOPBACK}:{free_port()}")}

    return fault


@asynccontextmanager
async def recordings_are_a_file(hospital: Hospital) -> AsyncIterator[Changes]:
    path = hospital.folder / "no-folder"
    path.touch()
    yield {"RECORDINGS_DIR": str(path)}


@asynccontextmanager
async def broken_playbook(hospital: Hospital) -> AsyncIterator[Changes]:
    prompts = hospital.folder / "prompts"
    shutil.copytree(ROOT / "prompts", prompts, dirs_exist_ok=True)
    page = prompts / "playbooks" / "default.md"
    page.write_text(page.read_text().replace("company:", "compny:", 1))
    yield {"PROMPTS_DIR": str(prompts)}


@asynccontextmanager
async def migrations_behind(hospital: Hospital) -> AsyncIterator[Changes]:
    await hospital.execute("create table kept as select * from schema_migrations")
    await hospital.execute("delete from schema_migrations where name = '0006_pre_slot_functions'")
    try:
        yield {}
    finally:
        await hospital.execute("delete from schema_migrations")
        await hospital.execute("insert into schema_migrations select * from kept")
        await hospital.execute("drop table kept")


@asynccontextmanager
async def clock_of_a_proxy_is_wrong(_hospital: Hospital) -> AsyncIterator[Changes]:
    async with a_server_in_the_past(timedelta(minutes=5)) as url:
        yield {"LIVEKIT_URL": url}


class _WithoutRedis(LocalLiveKit):
    def _config(self) -> str:
        return "\n".join(
            line
            for line in super()._config().splitlines()
            if not line.startswith(("redis:", "  address:"))
        )


@asynccontextmanager
async def livekit_without_redis(hospital: Hospital) -> AsyncIterator[Changes]:
    key = hospital.server.api_key, hospital.server.api_secret
    log = hospital.folder / "without-redis.log"
    async with _WithoutRedis(redis_url="redis://unused", log=log, key=key) as server:
        yield {"LIVEKIT_URL": server.url}


@asynccontextmanager
async def redis_is_stopped(hospital: Hospital) -> AsyncIterator[Changes]:
    await hospital.valkey.stop()
    try:
        yield {}
    finally:
        await hospital.restart_redis()


def refused(part: str) -> Fault:
    """A provider refuses."""

    @asynccontextmanager
    async def fault(hospital: Hospital) -> AsyncIterator[Changes]:
        await hospital.order(**{part: "refuse"})
        try:
            yield {}
        finally:
            await hospital.order(**{part: "ok"})

    return fault


def in_livekit(change: Callable[[Hospital, SipServer], Awaitable[None]]) -> Fault:
    """Somebody changes what LiveKit has stored."""

    @asynccontextmanager
    async def fault(hospital: Hospital) -> AsyncIterator[Changes]:
        await change(hospital, await read_server(hospital.livekit))
        try:
            yield {}
        finally:
            await hospital.write_trunks()

    return fault


def rule_with(**fields: object) -> Fault:
    """The dispatch rule is another one."""

    async def change(hospital: Hospital, server: SipServer) -> None:
        (rule,) = server.rules
        await hospital.delete(rule)
        for name in fields:
            rule.ClearField(name)
        rule.MergeFrom(SIPDispatchRuleInfo(**fields))  # type: ignore[arg-type]  # any field
        await hospital.create(rule)

    return in_livekit(change)


def inbound_with(**fields: object) -> Fault:
    """The inbound trunk is another one, with its rule."""

    async def change(hospital: Hospital, server: SipServer) -> None:
        (trunk,), (rule,) = server.inbound, server.rules
        await hospital.delete(rule)
        await hospital.delete(trunk)
        for name in fields:
            trunk.ClearField(name)
        trunk.MergeFrom(SIPInboundTrunkInfo(**fields))  # type: ignore[arg-type]  # any field
        rule.trunk_ids[:] = [await hospital.create(trunk)]
        await hospital.create(rule)

    return in_livekit(change)


def outbound_with(**fields: object) -> Fault:
    """The outbound trunk is another one."""

    async def change(hospital: Hospital, server: SipServer) -> None:
        (trunk,) = server.outbound
        await hospital.delete(trunk)
        for name in fields:
            trunk.ClearField(name)
        trunk.MergeFrom(SIPOutboundTrunkInfo(**fields))  # type: ignore[arg-type]  # any field
        await hospital.create(trunk)

    return in_livekit(change)


async def _delete_rule(hospital: Hospital, server: SipServer) -> None:
    await hospital.delete(server.rules[0])


async def _delete_outbound(hospital: Hospital, server: SipServer) -> None:
    await hospital.delete(server.outbound[0])


async def _second_outbound(hospital: Hospital, server: SipServer) -> None:
    await hospital.create(server.outbound[0])


def at_telnyx(shelf: str, **fields: object) -> Fault:
    """Somebody has changed a thing in Telnyx's portal."""

    @asynccontextmanager
    async def fault(hospital: Hospital) -> AsyncIterator[Changes]:
        (item,) = getattr(hospital.telnyx.account, shelf).values()
        before: Item = dict(item)
        item.update(fields)
        try:
            yield {}
        finally:
            item.clear()
            item.update(before)

    return fault


@asynccontextmanager
async def telnyx_is_empty(hospital: Hospital) -> AsyncIterator[Changes]:
    before, hospital.telnyx.account.balance = hospital.telnyx.account.balance, "0.00"
    try:
        yield {}
    finally:
        hospital.telnyx.account.balance = before


@asynccontextmanager
async def deliveries_fail(hospital: Hospital) -> AsyncIterator[Changes]:
    url = "https://calls.fernhill.test/api/telnyx/webhooks/call-events"
    hospital.telnyx.account.add_delivery("call.hangup", url, 502)
    try:
        yield {}
    finally:
        hospital.telnyx.account.deliveries.clear()


def without(kind: ProcessKind) -> Fault:
    """A process is not running."""

    @asynccontextmanager
    async def fault(hospital: Hospital) -> AsyncIterator[Changes]:
        detail = hospital.living.pop(kind)
        try:
            yield {}
        finally:
            hospital.living[kind] = detail

    return fault


@asynccontextmanager
async def dialling_is_stopped(hospital: Hospital) -> AsyncIterator[Changes]:
    switch = KillSwitchStore(hospital.database)
    await switch.stop("a test")
    try:
        yield {}
    finally:
        await switch.resume()


@asynccontextmanager
async def carrier_refuses_us(hospital: Hospital) -> AsyncIterator[Changes]:
    store = TrunkStore(hospital.database)
    await store.ensure("Telnyx Outbound Trunk", 1.0)
    await store.failed("Telnyx Outbound Trunk", TrunkMisconfigured("403 D38"))
    try:
        yield {}
    finally:
        await hospital.execute("delete from trunks")


@asynccontextmanager
async def webhooks_are_not_believed(hospital: Hospital) -> AsyncIterator[Changes]:
    await hospital.execute(
        "insert into webhook_refusals values "
        "('telnyx', 'bad_signature', date_trunc('hour', now()), 3, now())"
    )
    try:
        yield {}
    finally:
        await hospital.execute("delete from webhook_refusals")


DIRECT = SIPDispatchRule(dispatch_rule_direct=SIPDispatchRuleDirect(room_name="one-for-all"))

FAULTS: list[tuple[str, str, Fault]] = [
    ("no database is named", "setting_missing", setting(DATABASE_URL="")),
    ("our number is not E.164", "phone_number", setting(PHONE_NUMBER="+32 2 601 05 00")),
    (
        "an example secret in production",
        "weak_secret",
        setting(ENVIRONMENT="production", OPENAI_API_KEY="example-password"),
    ),
    ("the playbook is broken", "playbook", broken_playbook),
    ("a file is in the place of the recordings", "recordings_dir", recordings_are_a_file),
    (
        "the database is down",
        "database",
        nobody_listens("DATABASE_URL", "postgresql://user:example-password@{}/calls"),
    ),
    ("migrations were not run", "migrations_behind", migrations_behind),
    ("LiveKit is down", "livekit", nobody_listens("LIVEKIT_URL", "ws://{}")),
    ("a clock is wrong", "clock_skew", clock_of_a_proxy_is_wrong),
    ("the secret is another one", "livekit_key", setting(LIVEKIT_API_SECRET="example-" * 5)),
    ("LiveKit runs without Redis", "no_redis", livekit_without_redis),
    ("the chat model refuses", "language_model", refused("chat")),
    ("the voice refuses", "voice", refused("speech")),
    ("the recogniser refuses", "speech_recognition", refused("listen")),
    ("no trunk has our number", "number_without_trunk", inbound_with(numbers=["+3226010501"])),
    ("the trunk lets anybody in", "open_trunk", inbound_with(allowed_addresses=["192.0.2.300"])),
    ("the rule was deleted", "no_rule", in_livekit(_delete_rule)),
    ("the rule is for every trunk", "catch_all_rule", rule_with(trunk_ids=[])),
    ("the rule is the guide's", "direct_rule", rule_with(rule=DIRECT)),
    ("workers are named otherwise", "other_agent", setting(AGENT_NAME="somebody-else")),
    ("the outbound trunk was deleted", "no_outbound_trunk", in_livekit(_delete_outbound)),
    ("there are two outbound trunks", "duplicate_outbound_trunk", in_livekit(_second_outbound)),
    (
        "the header is where it does nothing",
        "username_header",
        outbound_with(headers={}, headers_to_attributes={"X-Telnyx-Username": "user"}),
    ),
    (
        "the carrier's addresses are others",
        "sip_config_drift",
        inbound_with(allowed_addresses=["192.0.2.0/24"]),
    ),
    ("Telnyx's key is wrong", "telnyx_access", setting(TELNYX_API_KEY="example-other")),
    (
        "the number is unassigned",
        "telnyx_number_unassigned",
        at_telnyx("numbers", connection_id=""),
    ),
    (
        "the connection is inactive",
        "telnyx_connection_inactive",
        at_telnyx("connections", active=False),
    ),
    (
        "the profile lacks Belgium",
        "telnyx_destinations",
        at_telnyx("profiles", whitelisted_destinations=["FR"]),
    ),
    (
        "the profile has no limit",
        "telnyx_spend_limit",
        at_telnyx("profiles", daily_spend_limit_enabled=False),
    ),
    (
        "webhooks go in the clear",
        "telnyx_webhook_url",
        at_telnyx("connections", webhook_event_url="http://calls.fernhill.test/x"),
    ),
    ("the account is empty", "telnyx_balance", telnyx_is_empty),
    ("Telnyx's webhooks fail", "telnyx_deliveries", deliveries_fail),
    ("no worker runs", "no_worker", without(ProcessKind.WORKER)),
    ("no dialler runs", "no_dialler", without(ProcessKind.DIALER)),
    ("dialling was stopped", "dialling_stopped", dialling_is_stopped),
    ("the carrier refuses us", "trunk_paused", carrier_refuses_us),
    ("webhooks are not believed", "webhooks_refused", webhooks_are_not_believed),
    # Last: afterwards LiveKit is another one.
    ("Redis has gone", "no_redis", redis_is_stopped),
]


@pytest.mark.parametrize(
    ("code", "fault"),
    [pytest.param(code, fault, id=name) for name, code, fault in FAULTS],
)
async def test_the_fault_is_the_first_line_and_says_what_mends_it(
    hospital: Hospital, code: str, fault: Fault
) -> None:
    async with fault(hospital) as changes:
        report = await hospital.examine(**changes)
    assert report.first is not None
    finding = report.first.finding
    assert finding.code == code, [line for line in report.lines if line.finding.level != "ok"]
    assert finding.remedy or ":" in finding.says, finding
    assert "example-password" not in repr(report)
