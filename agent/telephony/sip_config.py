"""`sip_config/*.json`: our trunks and our dispatch rule, and writing them into a LiveKit server.

The files have the LiveKit CLI's own form, so `lk sip … create` accepts them as well, with
`${VARIABLES}` for what differs between installations and for secrets. The server gives trunks and
rules their ids; ours are found by the names in these files.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message
from livekit.api import LiveKitAPI
from livekit.protocol.sip import (
    CreateSIPDispatchRuleRequest,
    CreateSIPInboundTrunkRequest,
    CreateSIPOutboundTrunkRequest,
    CreateSIPParticipantRequest,
    ListSIPDispatchRuleRequest,
    ListSIPInboundTrunkRequest,
    ListSIPOutboundTrunkRequest,
)

from agent.errors import FileError, SettingsError

GIVEN_BY_THE_SERVER = ("SIP_INBOUND_TRUNK_ID", "SIP_OUTBOUND_TRUNK_ID")
"""Variables of the files that only exist once the trunks do; `ensure` fills them in."""

_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_Request = TypeVar("_Request", bound=Message)


@dataclass(frozen=True, slots=True)
class SipConfig:
    """The three things a LiveKit server must know to take and place our calls."""

    inbound: CreateSIPInboundTrunkRequest
    outbound: CreateSIPOutboundTrunkRequest
    rule: CreateSIPDispatchRuleRequest


@dataclass(frozen=True, slots=True)
class SipIds:
    """The ids that a server has for them."""

    inbound_trunk: str
    outbound_trunk: str
    dispatch_rule: str


def load(folder: Path, variables: Mapping[str, str]) -> SipConfig:
    """Read the trunks and the rule; `variables` are the values of the `${VARIABLES}`.

    Raises SettingsError naming a variable without a value, FileError for a file that is missing or
    not what LiveKit understands.
    """
    known = {**dict.fromkeys(GIVEN_BY_THE_SERVER, ""), **variables}
    config = SipConfig(
        inbound=_read(folder / "inboundTrunk.json", CreateSIPInboundTrunkRequest(), known),
        outbound=_read(folder / "outboundTrunk.json", CreateSIPOutboundTrunkRequest(), known),
        rule=_read(folder / "dispatchRule.json", CreateSIPDispatchRuleRequest(), known),
    )
    for name, request, wrapper in (
        ("inboundTrunk.json", config.inbound, "trunk"),
        ("outboundTrunk.json", config.outbound, "trunk"),
        ("dispatchRule.json", config.rule, "dispatch_rule"),
    ):
        # Without the wrapper it parses, to a deprecated form, and the LiveKit CLI refuses it.
        if not request.HasField(wrapper):
            raise FileError(str(folder / name), 1, f'no "{wrapper}"', f'wrap it in "{wrapper}"')
    return config


def load_participant(folder: Path, variables: Mapping[str, str]) -> CreateSIPParticipantRequest:
    """Read the test call, `sipParticipant.json`; errors as in `load`."""
    return _read(folder / "sipParticipant.json", CreateSIPParticipantRequest(), variables)


def outbound_trunk_name(folder: Path) -> str:
    """Under which name the server has the trunk that calls go out by; errors as in `load`."""
    anything: Mapping[str, str] = defaultdict(str)
    path = folder / "outboundTrunk.json"
    return _read(path, CreateSIPOutboundTrunkRequest(), anything).trunk.name


async def find_outbound_trunk(livekit: LiveKitAPI, name: str) -> str:
    """The id of the server's trunk of that name.

    Raises SettingsError when it has none, livekit.api.ServerError when it refuses to say.
    """
    trunks = (await livekit.sip.list_outbound_trunk(ListSIPOutboundTrunkRequest())).items
    found = _id_of(name, ((trunk.name, trunk.sip_trunk_id) for trunk in trunks))
    if found is None:
        raise SettingsError(
            f"LiveKit has no outbound trunk named {name!r}: create it from "
            "sip_config/outboundTrunk.json"
        )
    return found


async def ensure(livekit: LiveKitAPI, config: SipConfig) -> SipIds:
    """Create what the server does not have under our names; leave the rest as it is.

    Running it again creates nothing. Raises livekit.api.ServerError when the server refuses.
    """
    sip = livekit.sip
    trunks_in = (await sip.list_inbound_trunk(ListSIPInboundTrunkRequest())).items
    inbound = _id_of(config.inbound.trunk.name, ((t.name, t.sip_trunk_id) for t in trunks_in))
    if inbound is None:
        inbound = (await sip.create_inbound_trunk(config.inbound)).sip_trunk_id

    # The server takes any number of outbound trunks of one name: look before creating.
    trunks_out = (await sip.list_outbound_trunk(ListSIPOutboundTrunkRequest())).items
    outbound = _id_of(config.outbound.trunk.name, ((t.name, t.sip_trunk_id) for t in trunks_out))
    if outbound is None:
        outbound = (await sip.create_outbound_trunk(config.outbound)).sip_trunk_id

    rules = (await sip.list_dispatch_rule(ListSIPDispatchRuleRequest())).items
    wanted = CreateSIPDispatchRuleRequest()
    wanted.CopyFrom(config.rule)
    # A rule without trunk ids would match every trunk, and the internet's scanners too.
    wanted.dispatch_rule.trunk_ids[:] = [inbound]
    rule = _id_of(wanted.dispatch_rule.name, ((r.name, r.sip_dispatch_rule_id) for r in rules))
    if rule is None:
        rule = (await sip.create_dispatch_rule(wanted)).sip_dispatch_rule_id
    return SipIds(inbound, outbound, rule)


def _id_of(name: str, named: Iterable[tuple[str, str]]) -> str | None:
    return next((number for known, number in named if known == name), None)


def _read(path: Path, request: _Request, variables: Mapping[str, str]) -> _Request:
    try:
        content: object = json.loads(path.read_text())
    except FileNotFoundError:
        raise FileError(str(path), 1, "there is no such file", "take it from git") from None
    except json.JSONDecodeError as error:
        raise FileError(str(path), error.lineno, error.msg, "correct the JSON") from None
    try:
        filled = _fill(content, variables)
    except KeyError as missing:
        raise SettingsError(f"{missing.args[0]} not set: {path} needs it") from None
    try:
        return ParseDict(filled, request)  # type: ignore[arg-type]  # it refuses what is no object
    except ParseError as error:
        raise FileError(str(path), 1, str(error), "see LiveKit's SIP API for the fields") from None


def _fill(content: object, variables: Mapping[str, str]) -> object:
    """`content` with `${VARIABLES}` replaced inside its strings, where no quote can break out."""
    if isinstance(content, str):
        return _VARIABLE.sub(lambda found: variables[found.group(1)], content)
    if isinstance(content, list):
        return [_fill(item, variables) for item in content]
    if isinstance(content, dict):
        return {key: _fill(value, variables) for key, value in content.items()}
    return content
