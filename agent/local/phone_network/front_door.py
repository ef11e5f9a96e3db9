"""The door that LIVEKIT_URL points at: two SIP calls are answered here, all else goes through.

Who may ask, and whether the request is in order, is not decided here: the real server is asked
the same thing about a trunk or a participant that does not exist. What it finds wrong is passed
back as it said it.
"""

import aiohttp
from aiohttp import web
from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message
from livekit.protocol.sip import (
    CreateSIPParticipantRequest,
    SIPParticipantInfo,
    TransferSIPParticipantRequest,
)

from agent.errors import LiveKitUnavailable
from agent.local.phone_network.answers import TwirpAnswer
from agent.local.phone_network.network import PhoneNetwork
from agent.local.phone_network.proxy import Proxy
from agent.local.phone_network.upstream import Upstream

_NOBODY = "phone-network-asks-whether-this-is-allowed"


class FrontDoor:
    """Give `add_to` an application; its routes then live as long as `session`."""

    def __init__(
        self, network: PhoneNetwork, upstream: Upstream, session: aiohttp.ClientSession
    ) -> None:
        self._network = network
        self._upstream = upstream
        self._proxy = Proxy(session, upstream.url)

    def add_to(self, app: web.Application) -> None:
        """Call it last: it takes every path that is still free."""
        app.router.add_post("/twirp/livekit.SIP/CreateSIPParticipant", self._create)
        app.router.add_post("/twirp/livekit.SIP/TransferSIPParticipant", self._transfer)
        app.router.add_route("*", "/{path:.*}", self._proxy.pass_on)

    async def _create(self, request: web.Request) -> web.StreamResponse:
        asked = CreateSIPParticipantRequest()
        if not await _parsed(request, asked):
            return await self._proxy.pass_on(request)
        probe = CreateSIPParticipantRequest()
        probe.CopyFrom(asked)
        if asked.sip_trunk_id or asked.HasField("trunk") or asked.sip_number:
            probe.sip_trunk_id = _NOBODY
        wrong = await self._found_wrong(request, probe, "requested sip trunk does not exist")
        if wrong is not None:
            return wrong
        try:
            trunk = (
                await self._upstream.outbound_trunk(asked.sip_trunk_id)
                if asked.sip_trunk_id
                else None
            )
            if (trunk is None) == bool(asked.sip_trunk_id):
                return await self._proxy.pass_on(request)  # not found, in the server's own words
            if not asked.sip_number and (trunk is None or not trunk.numbers):
                return await self._proxy.pass_on(request)
            answer = await self._network.dial(asked, trunk)
        except LiveKitUnavailable as error:
            return web.Response(status=502, text=str(error))
        return _answered(request, answer)

    async def _transfer(self, request: web.Request) -> web.StreamResponse:
        asked = TransferSIPParticipantRequest()
        if not await _parsed(request, asked):
            return await self._proxy.pass_on(request)
        phone = self._network.find(asked.room_name, asked.participant_identity)
        if phone is None:
            return await self._proxy.pass_on(request)  # no such participant, or none of ours
        probe = TransferSIPParticipantRequest()
        probe.CopyFrom(asked)
        probe.participant_identity = _NOBODY
        wrong = await self._found_wrong(request, probe, "participant does not exist")
        if wrong is not None:
            return wrong
        return _answered(request, await self._network.transfer(phone, asked))

    async def _found_wrong(
        self, request: web.Request, probe: Message, right: str
    ) -> web.Response | None:
        """What the server says against the request; None when only the made-up id is wrong."""
        body = (
            json_format.MessageToJson(probe).encode()
            if _is_json(request)
            else probe.SerializeToString()
        )
        try:
            answer = await self._proxy.ask(request, body)
        except (aiohttp.ClientConnectionError, TimeoutError):
            return web.Response(status=502, text="the phone network cannot reach livekit-server")
        said = answer.body if isinstance(answer.body, bytes) else b""
        return None if answer.status == 404 and right.encode() in said else answer


def _is_json(request: web.Request) -> bool:
    return request.content_type == "application/json"


async def _parsed(request: web.Request, into: Message) -> bool:
    """Whether the body is what Twirp expects; what is not, the server refuses in its words."""
    body = await request.read()  # kept by aiohttp: it can be passed on afterwards
    try:
        if _is_json(request):
            json_format.Parse(body, into)
        elif request.content_type == "application/protobuf":
            into.ParseFromString(body)
        else:
            return False
    except (DecodeError, json_format.ParseError):
        return False
    return True


def _answered(
    request: web.Request, answer: TwirpAnswer | SIPParticipantInfo | None
) -> web.Response:
    if isinstance(answer, TwirpAnswer):
        return web.Response(
            status=answer.status, body=answer.body, content_type=answer.content_type
        )
    # A transfer that succeeded is answered with an empty message.
    if _is_json(request):
        text = (
            json_format.MessageToJson(answer, preserving_proto_field_name=True) if answer else "{}"
        )
        return web.Response(body=text.encode(), content_type="application/json")
    body = answer.SerializeToString() if answer else b""
    return web.Response(body=body, content_type="application/protobuf")
