"""What of a trunk or a rule is not as its file wants it, field by field; secrets are not shown."""

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from agent.provisioning.livekit.config import ConfigEntry
from agent.provisioning.plan import Difference
from agent.telephony.sip_numbers import normalized

NOT_SET = "(not set)"
HIDDEN = "(secret)"
_GIVEN = frozenset({"sip_trunk_id", "sip_dispatch_rule_id", "created_at", "updated_at"})
_SECRETS = frozenset({"auth_password"})
_SHOWN_HEADERS = frozenset({"x-telnyx-username"})

_M = TypeVar("_M", bound=Message)
_Leaves = dict[str, str]


def differences(wanted: ConfigEntry[_M], found: _M) -> tuple[Difference, ...]:
    """Of the fields that the file names, those that differ; numbers and networks by meaning.

    A password that the server masks (`****`) cannot be compared and counts as the same.
    """
    ours, theirs = _by_field(wanted.info), _by_field(found)
    differing: list[Difference] = []
    for field in sorted(wanted.fields - _GIVEN):
        left, right = theirs.get(field, {}), ours.get(field, {})
        for leaf in sorted(left.keys() | right.keys()):
            before, after = left.get(leaf, ""), right.get(leaf, "")
            if before != after and not (field in _SECRETS and _is_masked(before)):
                differing.append(Difference(leaf, _shown(leaf, before), _shown(leaf, after)))
    return tuple(differing)


def only_there(wanted: ConfigEntry[_M], found: _M) -> tuple[str, ...]:
    """Fields that the server has set and the file does not name: they stay as they are."""
    return tuple(sorted(_by_field(found).keys() - wanted.fields - _GIVEN))


def hides_password(found: Message) -> bool:
    """Whether the server told a mask instead of the password."""
    return _is_masked(_by_field(found).get("auth_password", {}).get("auth_password", ""))


def _by_field(message: Message) -> dict[str, _Leaves]:
    """Field → its leaves by their path, as text that is equal when the meaning is."""
    found: dict[str, _Leaves] = {}
    for field, value in MessageToDict(message, preserving_proto_field_name=True).items():
        compared = _COMPARED.get((message.DESCRIPTOR.name, field))
        if leaves := {field: compared(value)} if compared else dict(_leaves(field, value)):
            found[field] = leaves
    return found


def _leaves(path: str, value: object) -> Sequence[tuple[str, str]]:
    if isinstance(value, dict):
        return [leaf for key, inside in value.items() for leaf in _leaves(f"{path}.{key}", inside)]
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return [leaf for n, inside in enumerate(value) for leaf in _leaves(f"{path}[{n}]", inside)]
    if isinstance(value, list):
        return [(path, ", ".join(map(str, value)))]
    return [(path, str(value))]


def _numbers(values: Sequence[str]) -> str:
    return ", ".join(sorted({normalized(value) for value in values}))


def _networks(values: Sequence[str]) -> str:
    return ", ".join(sorted({_network(value) for value in values}))


def _network(value: str) -> str:
    # Without a prefix it means something else: it also matches what a From header claims.
    if "/" not in value:
        return value
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        return value


def _as_a_set(values: Sequence[str]) -> str:
    return ", ".join(sorted(set(values)))


# LiveKit compares an inbound trunk's numbers by meaning; an outbound trunk's are what callees see.
_COMPARED: Mapping[tuple[str, str], Callable[[Sequence[str]], str]] = {
    ("SIPInboundTrunkInfo", "numbers"): _numbers,
    ("SIPInboundTrunkInfo", "allowed_numbers"): _numbers,
    ("SIPInboundTrunkInfo", "allowed_addresses"): _networks,
    ("SIPOutboundTrunkInfo", "numbers"): _as_a_set,
    ("SIPDispatchRuleInfo", "trunk_ids"): _as_a_set,
}


def _is_masked(text: str) -> bool:
    return bool(text) and not text.strip("*•")


def _shown(leaf: str, value: str) -> str:
    if not value:
        return NOT_SET
    field, _, key = leaf.partition(".")
    secret = field in _SECRETS or (field == "headers" and key.lower() not in _SHOWN_HEADERS)
    return HIDDEN if secret else value
