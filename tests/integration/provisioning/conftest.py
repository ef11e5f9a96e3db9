"""One real livekit-server for all tests of trunks and rules; each finds it without any."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from livekit import api

from agent.local.phone_network.proxy import Proxy
from agent.local.stack.livekit_server import LocalLiveKit
from agent.local.stack.processes import free_port
from agent.local.stack.valkey import LocalValkey
from agent.telephony.trunks import SipServer, read_server


@dataclass
class Server:
    """livekit-server with a Redis behind it and a door before it at which things go wrong."""

    url: str
    api_key: str
    api_secret: str
    livekit: api.LiveKitAPI
    fails: dict[str, bool] = field(default_factory=dict)
    """Method → whether it is carried out before it answers 503; each fails once."""

    @property
    def environment(self) -> dict[str, str]:
        """What a command is told."""
        return {
            "LIVEKIT_URL": self.url,
            "LIVEKIT_API_KEY": self.api_key,
            "LIVEKIT_API_SECRET": self.api_secret,
            "TELNYX_SIP_USERNAME": "example-user",
            "TELNYX_SIP_PASSWORD": "example-password",
        }

    async def has(self) -> SipServer:
        """Everything about SIP that it has stored."""
        return await read_server(self.livekit)

    async def clear(self) -> None:
        """No trunk and no rule."""
        self.fails.clear()
        known = await self.has()
        for rule in known.rules:
            await self.livekit.sip.delete_dispatch_rule(
                api.DeleteSIPDispatchRuleRequest(sip_dispatch_rule_id=rule.sip_dispatch_rule_id)
            )
        for trunk_id in (
            *(one.sip_trunk_id for one in known.inbound),
            *(one.sip_trunk_id for one in known.outbound),
        ):
            await self.delete_trunk(trunk_id)

    async def delete_trunk(self, trunk_id: str) -> None:
        """As somebody does by hand."""
        await self.livekit.sip.delete_trunk(api.DeleteSIPTrunkRequest(sip_trunk_id=trunk_id))


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def shared_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    logs: Path = tmp_path_factory.mktemp("provisioning")
    async with AsyncExitStack() as stack:
        valkey = await stack.enter_async_context(LocalValkey(log=logs / "valkey.log"))
        real = await stack.enter_async_context(
            LocalLiveKit(redis_url=valkey.url, log=logs / "livekit.log")
        )
        fails: dict[str, bool] = {}
        url = await stack.enter_async_context(_door(f"http://{real.address}", fails))
        livekit = await stack.enter_async_context(
            api.LiveKitAPI(url, real.api_key, real.api_secret)
        )
        yield Server(url, real.api_key, real.api_secret, livekit, fails)


@pytest_asyncio.fixture(loop_scope="package")
async def server(shared_server: Server) -> Server:
    """Without trunks and rules."""
    await shared_server.clear()
    return shared_server


@asynccontextmanager
async def _door(upstream: str, fails: dict[str, bool]) -> AsyncIterator[str]:
    async with aiohttp.ClientSession() as session:
        proxy = Proxy(session, upstream)

        async def answer(request: web.Request) -> web.StreamResponse:
            carried_out = fails.pop(request.path.rpartition("/")[2], None)
            if carried_out is None:
                return await proxy.pass_on(request)
            if carried_out:
                await proxy.pass_on(request)
            body = {"code": "unavailable", "msg": "injected"}
            return web.json_response(body, status=503)

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        port = free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            await runner.cleanup()
