"""The trunks and rules that a LiveKit server has, read at once and with a deadline."""

from dataclasses import dataclass

from livekit.api import LiveKitAPI
from livekit.protocol.sip import (
    ListSIPDispatchRuleRequest,
    ListSIPInboundTrunkRequest,
    ListSIPOutboundTrunkRequest,
    SIPDispatchRuleInfo,
    SIPInboundTrunkInfo,
    SIPOutboundTrunkInfo,
)

from agent.errors import SettingsError
from agent.telephony.livekit_api import asking


@dataclass(frozen=True, slots=True)
class SipServer:
    """Everything about SIP that the server has stored, in the order in which it lists it.

    Passwords are in the messages: show their fields only through `sip_differences`.
    """

    inbound: tuple[SIPInboundTrunkInfo, ...] = ()
    outbound: tuple[SIPOutboundTrunkInfo, ...] = ()
    rules: tuple[SIPDispatchRuleInfo, ...] = ()


async def read_server(livekit: LiveKitAPI) -> SipServer:
    """Ask for all of it. Raises LiveKitUnavailable: no answer, a wrong key, no Redis behind it."""
    async with asking():
        return await list_all(livekit)


async def list_all(livekit: LiveKitAPI) -> SipServer:
    """The same, without a deadline. Raises livekit.api.TwirpError, aiohttp.ClientError."""
    sip = livekit.sip
    inbound = await sip.list_inbound_trunk(ListSIPInboundTrunkRequest())
    outbound = await sip.list_outbound_trunk(ListSIPOutboundTrunkRequest())
    rules = await sip.list_dispatch_rule(ListSIPDispatchRuleRequest())
    return SipServer(tuple(inbound.items), tuple(outbound.items), tuple(rules.items))


async def find_outbound_trunk(livekit: LiveKitAPI, name: str) -> str:
    """The id of the server's trunk of that name.

    Raises SettingsError when it has none, LiveKitUnavailable when it does not say.
    """
    async with asking():
        trunks = (await livekit.sip.list_outbound_trunk(ListSIPOutboundTrunkRequest())).items
    for trunk in trunks:
        if trunk.name == name:
            return trunk.sip_trunk_id
    raise SettingsError(
        f"LiveKit has no outbound trunk named {name!r}: `python agent.py provision` creates it"
    )
