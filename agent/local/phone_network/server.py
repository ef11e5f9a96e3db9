"""The phone network as a server: its parts put together, listening."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from agent.errors import StackError
from agent.local.phone_network.behaviours import Answers
from agent.local.phone_network.callee import Waits
from agent.local.phone_network.carrier_webhooks import TelnyxWebhooks
from agent.local.phone_network.control import Control, RunCustomer, default_customer
from agent.local.phone_network.front_door import FrontDoor
from agent.local.phone_network.network import PhoneNetwork
from agent.local.phone_network.upstream import Upstream
from agent.local.phone_network.webhook_control import WebhookControl

_CALLEE = "picks-up"
"""The scenario of whom we call at a number that nobody set."""


@dataclass(frozen=True, slots=True)
class OpenDoor:
    """A running front door."""

    url: str
    """What LIVEKIT_URL is set to, `http://host:port`."""
    network: PhoneNetwork
    webhooks: TelnyxWebhooks


@asynccontextmanager
async def open_door(
    upstream: Upstream,
    *,
    port: int,
    host: str = "127.0.0.1",
    speech_url: str = "",
    waits: Waits | None = None,
    telnyx: bool = True,
    webhook_url: str | None = None,
    customer: Callable[[], RunCustomer] = default_customer,
) -> AsyncIterator[OpenDoor]:
    """Listen on `host:port` until the block is left; then every phone hangs up.

    `speech_url` is the simulated customers' voices; without them, whom we call at a number that
    nobody set says nothing. Raises StackError when the port is taken.
    """
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(upstream)
        session = await stack.enter_async_context(
            # A room's signalling is one request for a whole call; livekit-server ends it.
            aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=5), auto_decompress=True
            )
        )
        webhooks = await stack.enter_async_context(TelnyxWebhooks(webhook_url))
        network = PhoneNetwork(upstream, waits=waits, telnyx=telnyx, webhooks=webhooks)
        app = web.Application(client_max_size=2**24)
        control = Control(network, upstream, session, speech_url=speech_url, customer=customer)
        control.add_to(app)
        if speech_url:
            network.default = Answers(after=1.0, handler=control.plays(_CALLEE))
        WebhookControl(webhooks).add_to(app)
        FrontDoor(network, upstream, session).add_to(app)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await stack.enter_async_context(network)
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise StackError(
                f"the phone network cannot listen on {host}:{port} ({error.strerror}); "
                "free the port or choose another"
            ) from error
        yield OpenDoor(f"http://{host}:{port}", network, webhooks)
