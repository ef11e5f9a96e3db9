"""Where a part that Telnyx has differs from the part that we want, and ours as Telnyx's JSON."""

from dataclasses import fields
from decimal import Decimal

from agent.provisioning.plan import Difference
from agent.provisioning.telnyx.parts import AnyPart, P, Value


def differences(found: P, wanted: P) -> tuple[Difference, ...]:
    """Every field in which `found` is not as `wanted`; what `wanted` leaves open is not looked at.

    >>> differences(Fqdn("1", "old.example.com"), Fqdn("1", "sip.example.com"))
    (Difference(field='fqdn', found='old.example.com', wanted='sip.example.com'),)
    """
    different: list[Difference] = []
    for one in fields(wanted):
        there, ours = getattr(found, one.name), getattr(wanted, one.name)
        any_case = "any_case" in one.metadata
        if ours is None or _comparable(there, any_case) == _comparable(ours, any_case):
            continue
        secret = one.metadata.get("secret")
        different.append(
            Difference(
                one.metadata.get("api", one.name),
                ("(secret)" if there else "(none)") if secret else shown(there),
                secret or shown(ours),
            )
        )
    return tuple(different)


def shown(value: Value) -> str:
    """For a person, on one line."""
    match value:
        case None | () | "":
            return "(none)"
        case bool():
            return "yes" if value else "no"
        case tuple():
            return ", ".join(value)
        case _:
            return str(value)


def body(wanted: AnyPart, only: frozenset[str] | None = None) -> dict[str, object]:
    """`wanted` as Telnyx's JSON, what it leaves open left out.

    `only`: these fields (their `api`), and their neighbours in the same object, for Telnyx does not
    say whether a PATCH of an object keeps what is not named in it.
    """
    objects = None if only is None else {api.split(".")[0] for api in only}
    found: dict[str, object] = {}
    for one in fields(wanted):
        value: Value = getattr(wanted, one.name)
        outer, _, inner = one.metadata.get("api", one.name).partition(".")
        if value is None or (objects is not None and outer not in objects):
            continue
        if not inner:
            found[outer] = _json(value)
            continue
        nested = found.setdefault(outer, {})
        assert isinstance(nested, dict)
        nested[inner] = _json(value)
    return found


def _json(value: Value) -> object:
    match value:
        case Decimal():
            return f"{value:.2f}"  # Telnyx wants money as text
        case tuple():
            return list(value)
        case _:
            return value


def _comparable(value: Value, any_case: bool) -> Value:
    """Telnyx gives lists in an order of its own."""
    if isinstance(value, tuple):
        return tuple(sorted(value))
    return value.casefold() if any_case and isinstance(value, str) else value
