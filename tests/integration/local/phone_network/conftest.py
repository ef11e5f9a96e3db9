"""A real livekit-server with trunks and rules, the front door before it, and a witness."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from livekit import api
from livekit.protocol.agent_dispatch import RoomAgentDispatch
from livekit.protocol.room import RoomConfiguration
from livekit.protocol.sip import (
    SIPDispatchRule,
    SIPDispatchRuleIndividual,
    SIPDispatchRuleInfo,
    SIPInboundTrunkInfo,
    SIPOutboundTrunkInfo,
)

from agent.local.phone_network.callee import Waits
from agent.local.phone_network.network import PhoneNetwork
from agent.local.phone_network.server import open_door
from agent.local.phone_network.upstream import Upstream
from agent.local.stack.livekit_server import LocalLiveKit
from agent.local.stack.processes import free_port
from agent.local.stack.valkey import LocalValkey
from tests.integration.local.phone_network.witness import Witness

OURS = "+3226010500"
GUARDED = "+3226010599"
CALLEE = "+32479202020"
DEAD_CARRIER_SECONDS = 1.28


@dataclass(frozen=True, slots=True)
class Door:
    """The running front door and what the tests need around it."""

    url: str
    network: PhoneNetwork
    livekit: LocalLiveKit
    lk: api.LiveKitAPI
    """Through the door, as the product does it."""
    trunk_id: str
    inbound_trunk_id: str
    rule_id: str

    def token(self, *, sip: api.SIPGrants | None = None, room: str = "") -> str:
        """A server token; by default with the right to place SIP calls."""
        grants = api.VideoGrants(room_create=True, room_admin=True, room=room)
        return (
            api.AccessToken(self.livekit.api_key, self.livekit.api_secret)
            .with_grants(grants)
            .with_sip_grants(sip if sip is not None else api.SIPGrants(call=True))
            .to_jwt()
        )

    @asynccontextmanager
    async def witness(self, room: str, *, speaks: bool = False) -> AsyncIterator[Witness]:
        """Another participant of `room`, connected through the door, who writes all down."""
        token = (
            api.AccessToken(self.livekit.api_key, self.livekit.api_secret)
            .with_identity("witness")
            .with_grants(api.VideoGrants(room_join=True, room=room))
            .to_jwt()
        )
        witness = Witness()
        await witness.join(self.url.replace("http", "ws"), token)
        if speaks:
            await witness.publish()
        try:
            yield witness
        finally:
            await witness.leave()


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    """One server for all tests here: each uses rooms and numbers of its own."""
    logs: Path = tmp_path_factory.mktemp("phone-network")
    async with (
        LocalValkey(log=logs / "valkey.log") as valkey,
        LocalLiveKit(redis_url=valkey.url, log=logs / "livekit.log") as livekit,
    ):
        upstream = f"http://{livekit.address}"
        key, secret = livekit.api_key, livekit.api_secret
        async with (
            open_door(
                Upstream(upstream, key, secret),
                port=free_port(),
                waits=Waits(scale=DEAD_CARRIER_SECONDS / 32),
                telnyx=False,  # the recording's carrier was a softphone
            ) as opened,
            api.LiveKitAPI(opened.url, key, secret) as lk,
        ):
            outbound = await lk.sip.create_outbound_trunk(
                api.CreateSIPOutboundTrunkRequest(
                    trunk=SIPOutboundTrunkInfo(
                        name="out",
                        address="127.0.0.1:5070",
                        numbers=[OURS],
                        headers={"X-Telnyx-Username": "example-user"},
                    )
                )
            )
            inbound = await lk.sip.create_inbound_trunk(
                api.CreateSIPInboundTrunkRequest(
                    trunk=SIPInboundTrunkInfo(name="in", numbers=[OURS])
                )
            )
            guarded = await lk.sip.create_inbound_trunk(
                api.CreateSIPInboundTrunkRequest(
                    trunk=SIPInboundTrunkInfo(
                        name="guarded",
                        numbers=[GUARDED],
                        auth_username="example-user",
                        auth_password="example-password",
                    )
                )
            )
            rule = await lk.sip.create_dispatch_rule(
                api.CreateSIPDispatchRuleRequest(
                    dispatch_rule=SIPDispatchRuleInfo(
                        name="one room a call",
                        trunk_ids=[inbound.sip_trunk_id, guarded.sip_trunk_id],
                        rule=SIPDispatchRule(
                            dispatch_rule_individual=SIPDispatchRuleIndividual(
                                room_prefix="ai-sales-call-"
                            )
                        ),
                        room_config=RoomConfiguration(
                            agents=[RoomAgentDispatch(agent_name="nobody", metadata="hello")]
                        ),
                    )
                )
            )
            yield Door(
                opened.url,
                opened.network,
                livekit,
                lk,
                outbound.sip_trunk_id,
                inbound.sip_trunk_id,
                rule.sip_dispatch_rule_id,
            )


@pytest_asyncio.fixture(loop_scope="package")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """For raw requests."""
    async with aiohttp.ClientSession() as session:
        yield session
