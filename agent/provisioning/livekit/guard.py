"""What must not be in a trunk or a rule, whoever wrote it: files are refused, servers reported.

Read in livekit/protocol sip/sip.go: entries of allowed_addresses that are malformed are left out,
and a list of which nothing is left allows everybody; an entry also matches the host of the From
header, which the caller writes. A rule without trunk ids takes calls that no trunk has.
"""

import ipaddress
import re
from collections.abc import Sequence
from pathlib import Path

from livekit.protocol.sip import SIPDispatchRuleInfo, SIPInboundTrunkInfo, SIPOutboundTrunkInfo

from agent.edited_files.placeholders import placeholder_in
from agent.edited_files.text import read_text
from agent.errors import FileError

OUR_TRUNK = "<inbound trunk>"
"""Stands in a rule's trunk ids for the inbound trunk of the same folder, whose id LiveKit makes."""

_WIDEST = {4: 8, 6: 16}
"""Networks with a shorter prefix are no list of a carrier's machines."""
_USERNAME_HEADER = "X-Telnyx-Username"


def open_to_anybody(trunk: SIPInboundTrunkInfo) -> str | None:
    """Why anybody on the internet can call in by this trunk; None: not anybody can."""
    if trunk.auth_username and trunk.auth_password:
        return None
    if not trunk.allowed_addresses:
        return "it has neither allowed_addresses nor auth_username and auth_password"
    if len(malformed_addresses(trunk)) == len(trunk.allowed_addresses):
        return "every entry of allowed_addresses is malformed, and LiveKit then allows everybody"
    if wide := [entry for entry in trunk.allowed_addresses if _is_wide(entry)]:
        return f"allowed_addresses holds {', '.join(wide)}: that is the internet"
    return None


def malformed_addresses(trunk: SIPInboundTrunkInfo) -> tuple[str, ...]:
    """Entries of allowed_addresses that LiveKit leaves out, because they are no network."""
    return tuple(entry for entry in trunk.allowed_addresses if _network(entry) is None)


def takes_strangers(rule: SIPDispatchRuleInfo) -> str | None:
    """Why the rule gives rooms and agents to calls that no trunk has; None: it does not."""
    if rule.trunk_ids:
        return None
    return "it has no trunk_ids: it matches every trunk, and calls that no trunk has"


def shares_a_room(rule: SIPDispatchRuleInfo) -> str | None:
    """What two callers at a time meet under this rule; None: each has a room."""
    match rule.rule.WhichOneof("rule"):
        case "dispatch_rule_direct":
            room = rule.rule.dispatch_rule_direct.room_name
            return f"every caller is put into the one room {room!r}: they hear each other"
        case "dispatch_rule_callee" if not rule.rule.dispatch_rule_callee.randomize:
            return "without randomize every caller is put into one room: they hear each other"
        case "dispatch_rule_individual" if rule.rule.dispatch_rule_individual.no_randomness:
            return "with no_randomness a caller who calls again lands in the room of the last call"
    return None


def check_inbound(path: Path, trunk: SIPInboundTrunkInfo) -> tuple[str, ...]:
    """Refuse an inbound trunk that lets anybody in, or whose list is not what it seems.

    Single addresses are written as networks of one (`/32`), which no From header can match.
    Returns warnings. Raises FileError.
    """
    if reason := open_to_anybody(trunk):
        raise refused(
            path,
            "allowed_addresses",
            f"anybody on the internet could call in by this trunk and be talked to at your cost: "
            f"{reason}",
            "put your carrier's addresses into allowed_addresses, as CIDR (Telnyx's are in "
            "docs/provisioning.md)",
        )
    if malformed := malformed_addresses(trunk):
        raise refused(
            path,
            malformed[0],
            f"allowed_addresses: {', '.join(map(repr, malformed))} is no address and no CIDR "
            "network; LiveKit compares a name only with what the caller claims",
            "write addresses like 192.0.2.10/32",
        )
    warnings = []
    for number, entry in enumerate(trunk.allowed_addresses):
        if "/" not in entry:
            trunk.allowed_addresses[number] = str(_network(entry))
            warnings.append(
                f"{path}: allowed_addresses: {entry} is written as "
                f"{trunk.allowed_addresses[number]}; an address without a prefix also matches what "
                "a caller claims in the From header"
            )
    if not trunk.numbers:
        warnings.append(f"{path}: no numbers: every number that the carrier sends is taken")
    return (*warnings, *_strange_numbers(path, trunk.numbers))


def check_rule(path: Path, rule: SIPDispatchRuleInfo) -> tuple[str, ...]:
    """Refuse a rule without a trunk; put OUR_TRUNK where a placeholder stands for it.

    Returns warnings. Raises FileError.
    """
    rule.trunk_ids[:] = [
        known if known == OUR_TRUNK or placeholder_in(known) is None else OUR_TRUNK
        for known in rule.trunk_ids
    ]
    if not any(known.strip() for known in rule.trunk_ids):
        raise refused(
            path,
            "trunk_ids",
            "a rule without a trunk matches every trunk, and calls that no trunk has: internet "
            "scanners would get rooms and agents",
            'write "trunk_ids": ["${SIP_INBOUND_TRUNK_ID}"]; the id is filled in',
        )
    if rule.rule.WhichOneof("rule") is None:
        raise refused(path, "rule", 'no "rule" in it', "take the file from git")
    warnings = []
    if shared := shares_a_room(rule):
        warnings.append(
            f"{path}: {shared}. Use dispatchRuleCallee with randomize, as "
            "sip_config/dispatchRule.json does"
        )
    if rule.numbers or rule.inbound_numbers:
        warnings.append(
            f"{path}: numbers and inbound_numbers of a rule are compared letter by letter with "
            "what the carrier sends, so they often never match; leave them to the trunk"
        )
    return tuple(warnings)


def check_trunk_ids(
    path: Path, rule: SIPDispatchRuleInfo, inbound: Sequence[SIPInboundTrunkInfo], ours: str | None
) -> tuple[str, ...]:
    """Refuse a rule whose trunks the server does not have: it takes it, and callers ring for ever.

    `inbound` are the server's trunks, `ours` the id of the one that has our number. Returns
    warnings. Raises FileError.
    """
    there = {trunk.sip_trunk_id for trunk in inbound}
    named = [one for one in rule.trunk_ids if one != OUR_TRUNK]
    unknown = [one for one in named if one not in there]
    if unknown and len(unknown) == len(rule.trunk_ids):
        raise refused(
            path,
            unknown[0],
            f"this LiveKit has no inbound trunk {', '.join(unknown)}: calls would match no rule, "
            "and callers hear ringing for ever",
            'write "trunk_ids": ["${SIP_INBOUND_TRUNK_ID}"], with that variable unset; the id is '
            "filled in",
        )
    warnings = []
    if unknown:
        warnings.append(f"{path}: this LiveKit has no inbound trunk {', '.join(unknown)}")
    if OUR_TRUNK not in rule.trunk_ids and ours not in rule.trunk_ids:
        warnings.append(
            f"{path}: the rule is not for the trunk that has our number ({ours or 'new'}): its "
            'callers hear ringing. Write "trunk_ids": ["${SIP_INBOUND_TRUNK_ID}"]'
        )
    return tuple(warnings)


def check_outbound(path: Path, trunk: SIPOutboundTrunkInfo) -> tuple[str, ...]:
    """Warnings about an outbound trunk that Telnyx would refuse. Raises FileError: no number."""
    if not trunk.numbers or not trunk.address:
        raise refused(
            path, "numbers", 'no "numbers" or no "address"', "LiveKit takes no trunk without"
        )
    warnings = list(_strange_numbers(path, trunk.numbers))
    named = {name.lower() for name in trunk.headers}
    if "telnyx" in trunk.address.lower() and _USERNAME_HEADER.lower() not in named:
        warnings.append(
            f"{path}: no {_USERNAME_HEADER} in headers: Telnyx may take the first INVITE for "
            "another customer's. Put it into headers; headers_to_attributes only reads answers"
        )
    if trunk.address.lower().startswith(("sip:", "sips:")):
        raise refused(path, "address", "the address begins with sip:", "write host or host:port")
    return tuple(warnings)


def _strange_numbers(path: Path, numbers: Sequence[str]) -> tuple[str, ...]:
    strange = [number for number in numbers if not re.fullmatch(r"\+[1-9]\d{6,14}", number)]
    if not strange:
        return ()
    return (f"{path}: numbers: {', '.join(strange)} is not of the form +3226010500",)


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """As Go's netip reads it: no netmask after the slash."""
    if not entry.rpartition("/")[2].isdigit() and "/" in entry:
        return None
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return None


def _is_wide(entry: str) -> bool:
    network = _network(entry)
    return network is not None and network.prefixlen < _WIDEST[network.version]


def refused(path: Path, text: str, problem: str, fix: str) -> FileError:
    """The error, at the line where `text` first stands in the file."""
    lines = read_text(path).split("\n") if path.is_file() else []
    line = next((number for number, line in enumerate(lines, 1) if text in line), 1)
    return FileError(str(path), line, problem, fix)
