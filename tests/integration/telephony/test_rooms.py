"""Rooms and trunks as a real livekit-server tells of them."""

from pathlib import Path

import pytest
from livekit import api
from livekit.protocol.sip import SIPInboundTrunkInfo, SIPOutboundTrunkInfo

from agent.errors import LiveKitUnavailable
from agent.local.stack.livekit_server import LocalLiveKit
from agent.local.stack.valkey import LocalValkey
from agent.telephony.rooms import LiveKitOverview


async def test_rooms_and_trunks_are_told_and_a_room_is_ended_once(tmp_path: Path) -> None:
    async with (
        LocalValkey(log=tmp_path / "valkey.log") as valkey,
        LocalLiveKit(redis_url=valkey.url, log=tmp_path / "livekit.log") as server,
        api.LiveKitAPI(f"http://{server.address}", server.api_key, server.api_secret) as livekit,
    ):
        overview = LiveKitOverview(livekit)
        assert await overview.room("a-room") is None
        assert not await overview.end_room("a-room")
        assert await overview.trunks() == ()
        await livekit.room.create_room(api.CreateRoomRequest(name="a-room"))
        found = await overview.room("a-room")
        assert found is not None
        assert (found.name, found.participants) == ("a-room", ())
        assert await overview.end_room("a-room")
        assert not await overview.end_room("a-room")
        await livekit.sip.create_inbound_trunk(
            api.CreateSIPInboundTrunkRequest(
                trunk=SIPInboundTrunkInfo(name="in", numbers=["+3226010500"])
            )
        )
        await livekit.sip.create_outbound_trunk(
            api.CreateSIPOutboundTrunkRequest(
                trunk=SIPOutboundTrunkInfo(
                    name="out",
                    address="sip.example",
                    numbers=["+3226010500"],
                    auth_username="example-user",
                    auth_password="example-password",
                )
            )
        )
        inbound, outbound = await overview.trunks()
        assert (inbound.name, inbound.inbound, inbound.has_credentials) == ("in", True, False)
        assert (outbound.name, outbound.address, outbound.has_credentials) == (
            *("out", "sip.example"),
            True,
        )
        assert "example-" not in repr((inbound, outbound))
        wrong = api.LiveKitAPI(f"http://{server.address}", "other-key", "example-" * 5)
        async with wrong:
            with pytest.raises(LiveKitUnavailable, match="does not accept LIVEKIT_API_KEY"):
                await LiveKitOverview(wrong).trunks()
    async with api.LiveKitAPI("http://127.0.0.1:1", "key", "example-" * 5) as away:
        with pytest.raises(LiveKitUnavailable, match="does not answer"):
            await LiveKitOverview(away).room("a-room")
