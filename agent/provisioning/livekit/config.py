"""`sip_config/*.json`: our trunks and our dispatch rule, as files say them.

The files have the LiveKit CLI's own form, so `lk sip … create` accepts them as well, with
`${VARIABLES}` for what differs between installations and for secrets. The server gives trunks and
rules their ids; ours are found by the names in these files. The integration guide's own files, in
its `sip-config/` beside this folder or in ours, are understood too: `sip_guide` says how.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message
from livekit.protocol.sip import (
    CreateSIPParticipantRequest,
    SIPDispatchRuleInfo,
    SIPInboundTrunkInfo,
    SIPOutboundTrunkInfo,
)

from agent.edited_files.json_file import read_json
from agent.edited_files.placeholders import placeholder_in, texts_of
from agent.edited_files.text import read_text
from agent.errors import FileError, SettingsError
from agent.provisioning.livekit import guard, guide
from agent.telephony.sip_numbers import normalized

GIVEN_BY_THE_SERVER = ("SIP_INBOUND_TRUNK_ID", "SIP_OUTBOUND_TRUNK_ID")
"""Variables of the files that only exist once the trunks do."""

INBOUND = "inboundTrunk.json"
RULE = "dispatchRule.json"
OUTBOUND = "outboundTrunk.json"
PARTICIPANT = "sipParticipant.json"

_BELONGS = {
    "auth_username": "${TELNYX_SIP_USERNAME} or the user name of your SIP connection",
    "auth_password": "${TELNYX_SIP_PASSWORD} or the password of your SIP connection",
    "X-Telnyx-Username": "${TELNYX_SIP_USERNAME} or the user name of your SIP connection",
    "numbers": "${PHONE_NUMBER}",
    "sip_number": "${PHONE_NUMBER}",
    "sip_call_to": "${CALL_TO}",
    "sip_trunk_id": "${SIP_OUTBOUND_TRUNK_ID}",
    "agent_name": "${AGENT_NAME}",
    "address": "your carrier's host, like sip.telnyx.com,",
    "allowed_addresses": "your carrier's networks, like 192.0.2.0/30,",
}
"""What is written where an example had a placeholder; keys also in the JSON form of protobuf."""
_BELONGS |= {
    re.sub("_([a-z])", lambda letter: letter.group(1).upper(), name): text
    for name, text in _BELONGS.items()
}

_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_M = TypeVar("_M", bound=Message)


@dataclass(frozen=True, slots=True)
class ConfigEntry(Generic[_M]):
    """One trunk or rule as its file wants it."""

    path: Path
    info: _M
    fields: frozenset[str]
    """The fields that the file names, also those it sets to nothing: only these are ours."""


@dataclass(frozen=True, slots=True)
class SipConfig:
    """The three things a LiveKit server must know to take and place our calls."""

    inbound: ConfigEntry[SIPInboundTrunkInfo]
    outbound: ConfigEntry[SIPOutboundTrunkInfo]
    rule: ConfigEntry[SIPDispatchRuleInfo]
    """Its trunk ids hold guard.OUR_TRUNK where the inbound trunk's own id belongs."""
    warnings: tuple[str, ...] = ()
    """What a person should know of these files before they are used."""


def load(folder: Path, variables: Mapping[str, str]) -> SipConfig:
    """Read the trunks and the rule; `variables` are the values of the `${VARIABLES}`.

    Raises SettingsError naming a variable without a value; FileError for a file that is missing,
    that LiveKit would not understand, or that would let anybody in.
    """
    known = {"SIP_INBOUND_TRUNK_ID": guard.OUR_TRUNK, "SIP_OUTBOUND_TRUNK_ID": "", **variables}
    warnings = list(guide.about_folder(folder))
    inbound = _read(folder, INBOUND, "trunk", SIPInboundTrunkInfo(), known, warnings)
    if guide.is_guides(inbound.path):
        warnings += guide.complete_inbound(inbound.info)
        inbound = ConfigEntry(inbound.path, inbound.info, inbound.fields | {"allowed_addresses"})
    rule = _read(folder, RULE, "dispatch_rule", SIPDispatchRuleInfo(), known, warnings)
    if agent := guide.complete_rule(rule.info, known.get("AGENT_NAME", "")):
        warnings.append(f"{rule.path}: {agent}")
        rule = ConfigEntry(rule.path, rule.info, rule.fields | {"room_config"})
    outbound = _read(folder, OUTBOUND, "trunk", SIPOutboundTrunkInfo(), known, warnings)
    for numbers in (inbound.info.numbers, inbound.info.allowed_numbers, outbound.info.numbers):
        numbers[:] = [normalized(number) for number in numbers]
    warnings += [
        *guard.check_inbound(inbound.path, inbound.info),
        *guard.check_rule(rule.path, rule.info),
        *guard.check_outbound(outbound.path, outbound.info),
    ]
    return SipConfig(inbound, outbound, rule, tuple(warnings))


def load_participant(folder: Path, variables: Mapping[str, str]) -> CreateSIPParticipantRequest:
    """Read the test call, `sipParticipant.json`; errors as in `load`."""
    path = guide.file_of(folder, PARTICIPANT)
    return _parsed(path, _content(path, variables), CreateSIPParticipantRequest())


def check_participant(
    folder: Path,
    request: CreateSIPParticipantRequest,
    outbound: Sequence[SIPOutboundTrunkInfo],
) -> None:
    """Raises FileError when the test call goes by a trunk that the server does not have."""
    if request.sip_trunk_id not in {trunk.sip_trunk_id for trunk in outbound}:
        raise guard.refused(
            guide.file_of(folder, PARTICIPANT),
            "sip_trunk_id",
            f"this LiveKit has no outbound trunk {request.sip_trunk_id}",
            'write "sip_trunk_id": "${SIP_OUTBOUND_TRUNK_ID}"; the id is filled in',
        )


def outbound_trunk_name(folder: Path) -> str:
    """Under which name the server has the trunk that calls go out by; errors as in `load`."""
    anything: Mapping[str, str] = defaultdict(str)
    return _read(folder, OUTBOUND, "trunk", SIPOutboundTrunkInfo(), anything, []).info.name


def _read(
    folder: Path,
    name: str,
    wrapper: str,
    info: _M,
    variables: Mapping[str, str],
    warnings: list[str],
) -> ConfigEntry[_M]:
    path = guide.file_of(folder, name)
    content = _content(path, variables)
    if not isinstance(content, dict):
        raise FileError(str(path), 1, "no JSON object", f'write {{"{wrapper}": {{…}}}}')
    inside, warning = guide.unwrapped(content, wrapper)
    if warning:
        warnings.append(f"{path}: {warning}")
    _parsed(path, inside, info)
    if not isinstance(inside, dict) or not inside.get("name"):
        raise FileError(str(path), 1, f'no "name" in "{wrapper}"', "give it one: it is found by it")
    keys = {str(key) for key in inside}
    fields = {
        field.name for field in info.DESCRIPTOR.fields if {field.name, field.camelcase_name} & keys
    }
    return ConfigEntry(path, info, frozenset(fields))


def _content(path: Path, variables: Mapping[str, str]) -> object:
    written = read_json(read_text(path, missing="take it from git"), str(path))
    for where, text in texts_of(written.values):
        if "trunk_ids" not in where and (left := placeholder_in(text)) is not None:
            field = next(str(part) for part in reversed(where) if isinstance(part, str))
            belongs = _BELONGS.get(field, "what your carrier or server says")
            line = written.line_of(where)
            raise FileError(str(path), line, f'"{field}" holds {left}', f"put {belongs} there")
    try:
        return _fill(written.values, variables)
    except KeyError as missing:
        raise SettingsError(
            f"{missing.args[0]} not set: {path} needs it; export it or put it into .env"
        ) from None


def _parsed(path: Path, content: object, message: _M) -> _M:
    try:
        return ParseDict(content, message)  # type: ignore[arg-type]  # it refuses what is no object
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
