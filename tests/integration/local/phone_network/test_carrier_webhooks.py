"""Telnyx's side of the phone network's calls: posted, signed, and as faulty as one wants it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from livekit.protocol.sip import CreateSIPParticipantRequest
from telnyx.lib.webhook_verification import verify_webhook_signature

from agent.local.phone_network.behaviours import CHANNEL_LIMIT, Answers, Refuses
from agent.local.phone_network.carrier_webhooks import TelnyxWebhooks
from agent.local.phone_network.control_models import WebhookPlan, WebhooksView
from agent.local.phone_network.network import PhoneNetwork
from agent.local.phone_network.upstream import Upstream
from agent.local.stack.processes import free_port
from tests.integration.local.phone_network.conftest import OURS, Door

pytestmark = pytest.mark.asyncio(loop_scope="package")


class Receiver:
    """Takes what is posted, and checks it with the official SDK."""

    def __init__(self, webhooks: TelnyxWebhooks) -> None:
        self.webhooks = webhooks
        self.events: list[dict[str, Any]] = []
        self.attempts: list[int] = []
        self.refuse = 0
        self._more = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        verify_webhook_signature(body, request.headers, self.webhooks.account.public_key)
        told = json.loads(body)
        self.attempts.append(told["meta"]["attempt"])
        if self.refuse:
            self.refuse -= 1
            return web.Response(status=503)
        self.events.append(told["data"])
        self._more.set()
        return web.Response()

    def types(self) -> list[str]:
        return [event["event_type"].removeprefix("call.") for event in self.events]

    async def receive(self, count: int) -> list[dict[str, Any]]:
        async with asyncio.timeout(10):
            while len(self.events) < count:
                self._more.clear()
                await self._more.wait()
        return self.events


@asynccontextmanager
async def receiving(webhooks: TelnyxWebhooks) -> AsyncIterator[Receiver]:
    receiver = Receiver(webhooks)
    app = web.Application()
    app.router.add_post("/", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        webhooks.plan = WebhookPlan(url=f"http://127.0.0.1:{port}/")
        yield receiver
    finally:
        await runner.cleanup()


@pytest_asyncio.fixture(loop_scope="package")
async def carrier(door: Door) -> AsyncIterator[SimpleNamespace]:
    """A phone network on Telnyx beside the door's, on the same livekit-server."""
    key, secret = door.livekit.api_key, door.livekit.api_secret
    async with (
        Upstream(f"http://{door.livekit.address}", key, secret) as upstream,
        TelnyxWebhooks(rng=Random(3)) as webhooks,
        PhoneNetwork(upstream, webhooks=webhooks) as network,
        receiving(webhooks) as receiver,
    ):
        yield SimpleNamespace(network=network, webhooks=webhooks, receiver=receiver)


async def test_a_call_that_comes_in_is_told_from_its_ringing_to_its_bill(
    door: Door, carrier: SimpleNamespace
) -> None:
    phone = await carrier.network.place_call(caller="+32470000901", callee=OURS)
    async with door.witness(phone.room_name, speaks=True):
        await phone.wait_active(10)
        await phone.hang_up()
    events = await carrier.receiver.receive(4)
    by_type = {event["event_type"]: event["payload"] for event in events}
    assert set(by_type) == {"call.initiated", "call.answered", "call.hangup", "call.cost"}
    end = by_type["call.hangup"]
    assert (end["from"], end["to"]) == ("+32470000901", OURS)
    assert (end["hangup_source"], end["hangup_cause"]) == ("caller", "normal_clearing")
    assert end["call_session_id"] == phone.attributes["sip.telnyx.callSessionID"]
    assert float(end["call_quality_stats"]["inbound"]["mos"]) > 4


async def test_a_refused_call_of_ours_is_told_with_its_cause_and_our_header(
    carrier: SimpleNamespace,
) -> None:
    carrier.network.on_outbound("+32470000902", Refuses(486, after=0.1))
    await carrier.network.dial(_request("+32470000902"), None)
    events = await carrier.receiver.receive(2)
    end = next(event["payload"] for event in events if event["event_type"] == "call.hangup")
    assert (end["hangup_cause"], end["sip_hangup_cause"]) == ("user_busy", "486")
    assert {"name": "X-Call-Id", "value": "an-id"} in end["custom_headers"]
    assert "call_quality_stats" not in end


async def test_a_call_that_the_carrier_does_not_take_is_not_told(carrier: SimpleNamespace) -> None:
    carrier.network.on_outbound("+32470000903", CHANNEL_LIMIT)
    await carrier.network.dial(_request("+32470000903"), None)
    carrier.network.on_outbound("+32470000904", Refuses(603, after=0.1))
    await carrier.network.dial(_request("+32470000904"), None)
    events = await carrier.receiver.receive(2)
    assert {event["payload"]["to"] for event in events} == {"+32470000904"}


async def test_webhooks_can_be_doubled_shuffled_and_lost(carrier: SimpleNamespace) -> None:
    url = carrier.webhooks.plan.url
    carrier.webhooks.plan = WebhookPlan(url=url, copies=3, shuffle=True)
    carrier.network.on_outbound("+32470000905", Refuses(480, after=0.1))
    await carrier.network.dial(_request("+32470000905"), None)
    events = await carrier.receiver.receive(6)
    assert len({event["id"] for event in events}) == 2
    assert carrier.receiver.types() != sorted(carrier.receiver.types(), reverse=True)
    carrier.webhooks.plan = WebhookPlan(url=url, lose=1)
    await carrier.network.dial(_request("+32470000905"), None)
    carrier.webhooks.plan = WebhookPlan(url=url)
    carrier.network.on_outbound("+32470000906", Answers(after=0))
    await carrier.network.dial(_request("+32470000906"), None)
    await carrier.receiver.receive(8)
    assert carrier.receiver.types()[6:] == ["initiated", "answered"]


async def test_a_webhook_that_nobody_takes_comes_again(carrier: SimpleNamespace) -> None:
    carrier.receiver.refuse = 1
    carrier.network.on_outbound("+32470000907", Answers(after=5))
    dialling = asyncio.create_task(carrier.network.dial(_request("+32470000907"), None))
    await carrier.receiver.receive(1)
    assert carrier.receiver.attempts == [1, 2]
    dialling.cancel()


async def test_the_plan_is_set_and_shown_over_http(door: Door, http: aiohttp.ClientSession) -> None:
    address = f"{door.url}/phone-network/webhooks"
    plan = {"url": "http://127.0.0.1:9/x", "lose": 1.0, "copies": 2}
    async with http.put(address, json=plan) as answer:
        assert answer.status == 204
    async with http.get(address) as answer:
        view = WebhooksView.model_validate_json(await answer.read())
    assert (view.url, view.lose, view.copies) == ("http://127.0.0.1:9/x", 1.0, 2)
    async with http.get(f"{address}/samples") as answer:
        samples = await answer.json()
    assert [sample["event_type"] for sample in samples][-1] == "call.cost"
    for sample in samples:
        verify_webhook_signature(sample["body"], sample["headers"], view.public_key)
    for wrong in ({"lose": 2}, {"copies": 0}, {"nonsense": 1}):
        async with http.put(address, json=wrong) as answer:
            assert answer.status == 400


def _request(number: str) -> CreateSIPParticipantRequest:
    return CreateSIPParticipantRequest(
        sip_trunk_id="ST_x",
        sip_call_to=number,
        sip_number=OURS,
        room_name=f"room-{number[1:]}",
        wait_until_answered=True,
        headers={"X-Call-Id": "an-id"},
    )
