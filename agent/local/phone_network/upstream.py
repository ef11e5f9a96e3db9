"""The real livekit-server behind the front door: what it has stored, and the way into its rooms."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Self, TypeVar

import aiohttp
from livekit import api
from livekit.protocol.room import RoomConfiguration
from livekit.protocol.sip import SIPDispatchRuleInfo, SIPInboundTrunkInfo, SIPOutboundTrunkInfo

from agent.errors import LiveKitUnavailable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Guest:
    """Who a phone is in its room."""

    room_name: str
    identity: str
    name: str
    metadata: str
    attributes: Mapping[str, str]
    room_config: RoomConfiguration | None = None


class Upstream:
    """One livekit-server, `http://host:port`, and a key that it accepts."""

    def __init__(self, url: str, api_key: str, api_secret: str) -> None:
        self.url = url.rstrip("/")
        self._key, self._secret = api_key, api_secret
        self._api: api.LiveKitAPI | None = None

    async def __aenter__(self) -> Self:
        self._api = api.LiveKitAPI(self.url, self._key, self._secret)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._api:
            await self._api.aclose()

    async def inbound_trunks(self) -> list[SIPInboundTrunkInfo]:
        """Every inbound trunk. Raises LiveKitUnavailable, as all of these do."""
        request = api.ListSIPInboundTrunkRequest()
        return list((await _asked(self._sip.list_inbound_trunk(request))).items)

    async def dispatch_rules(self) -> list[SIPDispatchRuleInfo]:
        """Every dispatch rule."""
        request = api.ListSIPDispatchRuleRequest()
        return list((await _asked(self._sip.list_dispatch_rule(request))).items)

    async def outbound_trunk(self, trunk_id: str) -> SIPOutboundTrunkInfo | None:
        """The trunk with this id, if the server has it."""
        request = api.ListSIPOutboundTrunkRequest(trunk_ids=[trunk_id])
        trunks = (await _asked(self._sip.list_outbound_trunk(request))).items
        return next((trunk for trunk in trunks if trunk.sip_trunk_id == trunk_id), None)

    def token(self, guest: Guest) -> str:
        """What livekit-sip puts into its own: a participant of kind SIP that may rename itself."""
        token = (
            api.AccessToken(self._key, self._secret)
            .with_kind("sip")
            .with_identity(guest.identity)
            .with_name(guest.name)
            .with_metadata(guest.metadata)
            .with_attributes(dict(guest.attributes))
            .with_grants(
                api.VideoGrants(room_join=True, room=guest.room_name, can_update_own_metadata=True)
            )
        )
        if guest.room_config is not None:
            token = token.with_room_config(guest.room_config)
        return token.to_jwt()

    @property
    def websocket_url(self) -> str:
        """Where a participant connects."""
        return self.url.replace("http", "ws", 1)

    @property
    def _sip(self) -> "api.sip_service.SipService":
        assert self._api is not None, "used outside its `async with`"
        return self._api.sip


async def _asked(call: Awaitable[T]) -> T:
    try:
        return await call
    except (aiohttp.ClientError, TimeoutError, api.TwirpError) as error:
        raise LiveKitUnavailable(f"livekit-server does not answer its SIP API: {error}") from error
