"""A healthy installation for the doctor: every part is real, or the local stack's own stand-in.

    async with Hospital(folder, dsn) as hospital:
        report = await hospital.examine()

A fault is made in the part itself (or in the way to it), and undone at the end of its block.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import aiohttp
from aiohttp import web
from livekit import api
from livekit.protocol.sip import (
    DeleteSIPDispatchRuleRequest,
    DeleteSIPTrunkRequest,
    SIPDispatchRuleInfo,
    SIPInboundTrunkInfo,
    SIPOutboundTrunkInfo,
)

from agent.doctor.examination import Report
from agent.local.stack.livekit_server import LocalLiveKit
from agent.local.stack.processes import LOOPBACK, free_port
from agent.local.stack.python_server import PythonServer
from agent.local.stack.valkey import LocalValkey
from agent.local.telnyx.server import EXAMPLE_KEY, TelnyxPortal, serve_portal
from agent.provisioning.livekit.apply import ensure
from agent.provisioning.livekit.config import load
from agent.provisioning.telnyx.apply import apply_portal
from agent.provisioning.telnyx.plan import plan_portal
from agent.provisioning.telnyx.wanted import open_portal, portal_wanted
from agent.settings import ROOT, Settings, load_settings
from agent.store.database import Database
from agent.store.heartbeats import HeartbeatStore, Process, ProcessKind
from agent.telephony.trunks import read_server
from agent.wiring.doctor import examine_all
from agent.wiring.outbound_calls import gate_rules

NUMBER = "+3226010500"


class Hospital:
    """Use as `async with`; made in the loop that uses it."""

    livekit: api.LiveKitAPI
    database: Database
    telnyx: TelnyxPortal

    def __init__(self, folder: Path, dsn: str) -> None:
        self.folder = folder
        self.dsn = dsn
        self.environment: dict[str, str] = {}
        self.living: dict[ProcessKind, dict[str, int | str]] = {
            ProcessKind.WORKER: {"agent": "ai-sales-agent", "free": 2},
            ProcessKind.DIALER: {},
            ProcessKind.API: {},
        }
        self._ids = {kind: uuid4() for kind in ProcessKind}
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        enter = self._open.enter_async_context
        try:
            self.valkey = await enter(LocalValkey(log=self.folder / "valkey.log"))
            self.server = await enter(
                LocalLiveKit(redis_url=self.valkey.url, log=self.folder / "livekit.log")
            )
            key, secret = self.server.api_key, self.server.api_secret
            self.livekit = await enter(api.LiveKitAPI(f"http://{self.server.address}", key, secret))
            providers = await enter(
                PythonServer(
                    "providers",
                    ("-m", "agent.local.providers"),
                    ready_path="/healthz",
                    log=self.folder / "providers.log",
                )
            )
            self.providers = providers.url
            self.http = await enter(aiohttp.ClientSession())
            self.database = await enter(Database(self.dsn))
            self.telnyx = TelnyxPortal([NUMBER])
            telnyx_url = await enter(serve_portal(self.telnyx))
        except BaseException:
            await self._open.aclose()
            raise
        self.environment = {
            "LIVEKIT_URL": self.server.url,
            "LIVEKIT_API_KEY": key,
            "LIVEKIT_API_SECRET": secret,
            "LIVEKIT_SIP_URI": "sip:example.sip.livekit.cloud",
            "DATABASE_URL": self.dsn,
            "OPENAI_BASE_URL": f"{self.providers}/v1",
            "OPENAI_API_KEY": "local-stand-in",
            "DEEPGRAM_BASE_URL": f"{self.providers}/deepgram",
            "DEEPGRAM_API_KEY": "local-stand-in",
            "RECORDINGS_DIR": str(self.folder / "recordings"),
            "TELNYX_API_URL": telnyx_url,
            "TELNYX_API_KEY": EXAMPLE_KEY,
            "TELNYX_SIP_USERNAME": "exampleuser",
            "TELNYX_SIP_PASSWORD": "example-password",
            "TELNYX_PUBLIC_KEY": "example-public-key",
            "PUBLIC_URL": "https://calls.fernhill.test",
            "DAILY_BUDGET": "5000",
        }
        await self.write_trunks()
        await self._write_portal()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._open.aclose()

    def settings(self, **changes: str) -> Settings:
        """Ours with `changes`; an empty value unsets."""
        return load_settings(environ={**self.environment, **changes}, env_file=None)

    async def examine(self, **changes: str) -> Report:
        """Everything, with every process alive that is in `living`."""
        store = HeartbeatStore(self.database)
        now = datetime.now(UTC)
        for kind, detail in self.living.items():
            await store.beat(Process(self._ids[kind], kind, "here", 1, now, detail))
        for kind in set(ProcessKind) - set(self.living):
            await store.leave(self._ids[kind])
        return await examine_all(self.settings(**changes))

    async def write_trunks(self) -> None:
        """As `sip_config/` has them, whatever there was before."""
        server = await read_server(self.livekit)
        for rule in server.rules:
            await self.delete(rule)
        for inbound in server.inbound:
            await self.delete(inbound)
        for outbound in server.outbound:
            await self.delete(outbound)
        await ensure(self.livekit, load(ROOT / "sip_config", self._variables()))

    async def delete(
        self, part: SIPInboundTrunkInfo | SIPOutboundTrunkInfo | SIPDispatchRuleInfo
    ) -> None:
        """Away with it."""
        if isinstance(part, SIPDispatchRuleInfo):
            await self.livekit.sip.delete_dispatch_rule(
                DeleteSIPDispatchRuleRequest(sip_dispatch_rule_id=part.sip_dispatch_rule_id)
            )
        else:
            await self.livekit.sip.delete_trunk(
                DeleteSIPTrunkRequest(sip_trunk_id=part.sip_trunk_id)
            )

    async def create(
        self, part: SIPInboundTrunkInfo | SIPOutboundTrunkInfo | SIPDispatchRuleInfo
    ) -> str:
        """One like it; its id."""
        sip = self.livekit.sip
        match part:
            case SIPInboundTrunkInfo():
                inbound = api.CreateSIPInboundTrunkRequest(trunk=part)
                inbound.trunk.ClearField("sip_trunk_id")
                return (await sip.create_inbound_trunk(inbound)).sip_trunk_id
            case SIPOutboundTrunkInfo():
                outbound = api.CreateSIPOutboundTrunkRequest(trunk=part)
                outbound.trunk.ClearField("sip_trunk_id")
                return (await sip.create_outbound_trunk(outbound)).sip_trunk_id
        rule = api.CreateSIPDispatchRuleRequest(dispatch_rule=part)
        rule.dispatch_rule.ClearField("sip_dispatch_rule_id")
        return (await sip.create_dispatch_rule(rule)).sip_dispatch_rule_id

    async def restart_redis(self) -> None:
        """After it was stopped: empty, at its old place."""
        await self._open.enter_async_context(
            LocalValkey(log=self.folder / "valkey-again.log", port=self.valkey.port)
        )

    async def order(self, **faults: str) -> None:
        """What the providers do from now on: ok, refuse, hang, garbage."""
        async with self.http.put(f"{self.providers}/stand-in/faults", json=faults) as answer:
            assert answer.status == 200, await answer.text()

    async def execute(self, statement: str, *arguments: object) -> None:
        """In the database."""
        async with self.database.connection() as connection:
            await connection.execute(statement, *arguments)

    def _variables(self) -> dict[str, str]:
        return {**self.environment, "PHONE_NUMBER": NUMBER, "AGENT_NAME": "ai-sales-agent"}

    async def _write_portal(self) -> None:
        wanted = portal_wanted(self.settings(), gate_rules(self.settings()))
        async with open_portal(self.settings()) as account:
            plan = plan_portal(await account.read(NUMBER), wanted)
            await apply_portal(account, plan, wanted, lambda _step: None)


@asynccontextmanager
async def a_server_in_the_past(by: timedelta) -> AsyncIterator[str]:
    """Where something answers whose clock is `by` behind."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(
            text="OK", headers={"Date": format_datetime(datetime.now(UTC) - by, usegmt=True)}
        )

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    port = free_port()
    try:
        await web.TCPSite(runner, LOOPBACK, port).start()
        yield f"ws://{LOOPBACK}:{port}"
    finally:
        await runner.cleanup()
