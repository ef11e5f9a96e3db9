"""From what Telnyx's portal has to what it should have: a plan, made without touching anything."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from agent.errors import PortalError
from agent.provisioning.plan import Action, Difference, Plan, Service, Step
from agent.provisioning.telnyx.fields import differences, shown
from agent.provisioning.telnyx.parts import (
    ActualPart,
    AnyPart,
    Connection,
    Fqdn,
    Number,
    P,
    PortalPart,
    PortalState,
    PortalWanted,
    Profile,
)

CREDENTIAL_FIELD = "password"
NOT_YET = "(not yet created)"
"""In place of an id in a difference."""


def plan_portal(state: PortalState, wanted: PortalWanted, *, set_password: bool = False) -> Plan:
    """What to create, change and leave so that `state` becomes `wanted`.

    Parts are found by their names, the FQDN by its connection. The password is never compared;
    `set_password` sends ours again (after it was changed in the settings or in the portal).
    Raises PortalError where only a person can go on: the account has not our number, or another
    connection has our username.
    """
    chosen = _choose(state, wanted)
    _check(state, chosen, wanted)
    profile = _step(PortalPart.PROFILE, chosen.profile, wanted.profile)
    connection = _connection(state, chosen, wanted, set_password=set_password)
    fqdn = _fqdn(chosen, wanted)
    number = _number(state, chosen, wanted)
    # A new connection comes before its FQDN; one that is there may have to name a new FQDN.
    middle = (connection, fqdn) if connection.action is Action.CREATE else (fqdn, connection)
    return Plan((profile, *middle, number), _warnings(state, chosen, wanted))


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which of the account's parts are ours."""

    profile: ActualPart[Profile] | None
    connection: ActualPart[Connection] | None
    fqdn: ActualPart[Fqdn] | None
    number: ActualPart[Number] | None


def _choose(state: PortalState, wanted: PortalWanted) -> Chosen:
    number = state.number
    connections = [
        one for one in state.connections if one.part.connection_name == wanted.connection_name
    ]
    # Of several with our name, that which carries the calls now.
    connections.sort(
        key=lambda one: (
            number is None or number.part.connection_id != one.id,
            one.part.user_name != wanted.username,
        )
    )
    connection = connections[0] if connections else None
    profiles = [one for one in state.profiles if one.part.name == wanted.profile_name]
    profiles.sort(key=lambda one: connection is None or connection.part.profile_id != one.id)
    fqdns = _fqdns_of(state, connection)
    ours = [one for one in fqdns if one.part.fqdn.casefold() == wanted.sip_host.casefold()]
    # The only one, with another host: the project moved. Of several, none is ours to change.
    fqdn = ours[0] if ours else fqdns[0] if len(fqdns) == 1 else None
    return Chosen(profiles[0] if profiles else None, connection, fqdn, number)


def _fqdns_of(
    state: PortalState, connection: ActualPart[Connection] | None
) -> list[ActualPart[Fqdn]]:
    if connection is None:
        return []
    return [one for one in state.fqdns if one.part.connection_id == connection.id]


def _check(state: PortalState, chosen: Chosen, wanted: PortalWanted) -> None:
    if chosen.number is None:
        raise PortalError(
            f"this Telnyx account has no number {wanted.phone_number}: buy it in the portal "
            "(Numbers, Buy Numbers), or set PHONE_NUMBER to one that is yours"
        )
    for other in state.connections:
        same = (other.part.user_name or "").casefold() == wanted.username.casefold()
        if same and (chosen.connection is None or other.id != chosen.connection.id):
            raise PortalError(
                f"Telnyx's connection {other.part.connection_name!r} has our TELNYX_SIP_USERNAME, "
                f"and a username is for one connection only: rename that one to "
                f"{wanted.connection_name!r} in the portal, or choose another TELNYX_SIP_USERNAME"
            )


def _connection(
    state: PortalState, chosen: Chosen, wanted: PortalWanted, *, set_password: bool
) -> Step:
    found = chosen.connection
    profile_id = chosen.profile.id if chosen.profile else NOT_YET
    fqdn_id = None
    if found is not None and found.part.primary_fqdn_id:
        fqdn_id = chosen.fqdn.id if chosen.fqdn else NOT_YET
    step = _step(
        PortalPart.CONNECTION, found, wanted.connection(profile_id=profile_id, fqdn_id=fqdn_id)
    )
    names = {one.id: one.part.name for one in state.profiles}
    names |= {one.id: one.part.fqdn for one in state.fqdns}
    named = tuple(
        replace(
            one,
            found=names.get(one.found, one.found),
            wanted=_wanted_name(one, names, wanted),
        )
        for one in step.differences
    )
    if found is None or not (set_password or any(one.field == "user_name" for one in named)):
        return replace(step, differences=named)
    # Credentials are set together: Telnyx would keep the password of the username before.
    password = Difference(CREDENTIAL_FIELD, "(secret)", "(secret)")
    return replace(step, action=Action.CHANGE, differences=(*named, password))


def _wanted_name(one: Difference, names: dict[str, str], wanted: PortalWanted) -> str:
    if one.wanted == NOT_YET:
        profile = one.field.startswith("outbound.")
        return wanted.profile_name if profile else wanted.sip_host
    return names.get(one.wanted, one.wanted)


def _fqdn(chosen: Chosen, wanted: PortalWanted) -> Step:
    connection_id = chosen.connection.id if chosen.connection else NOT_YET
    return _step(PortalPart.FQDN, chosen.fqdn, wanted.fqdn(connection_id=connection_id))


def _number(state: PortalState, chosen: Chosen, wanted: PortalWanted) -> Step:
    connection_id = chosen.connection.id if chosen.connection else NOT_YET
    step = _step(PortalPart.NUMBER, chosen.number, wanted.number(connection_id=connection_id))
    if not step.differences:
        return step
    names = {one.id: one.part.connection_name for one in state.connections}
    (one,) = step.differences
    before = names.get(one.found, one.found)
    moved = replace(one, found=before, wanted=wanted.connection_name)
    reason = "" if before == shown(None) else f"its calls no longer go to {before!r}"
    return replace(step, differences=(moved,), reason=reason)


def _step(part: PortalPart, found: ActualPart[P] | None, wanted: P) -> Step:
    name = _name(wanted)
    if found is None:
        return Step(Service.TELNYX, part, name, Action.CREATE)
    changes = differences(found.part, wanted)
    action = Action.CHANGE if changes else Action.LEAVE
    return Step(Service.TELNYX, part, name, action, found.id, changes)


def _name(part: AnyPart) -> str:
    match part:
        case Profile():
            return part.name
        case Connection():
            return part.connection_name
        case Fqdn():
            return part.fqdn
        case Number():
            return part.phone_number


def _warnings(state: PortalState, chosen: Chosen, wanted: PortalWanted) -> tuple[str, ...]:
    found: list[str] = []
    if chosen.connection is not None:
        found += _twins(
            "connections",
            wanted.connection_name,
            chosen.connection.id,
            (
                one.id
                for one in state.connections
                if one.part.connection_name == wanted.connection_name
            ),
        )
    if chosen.profile is not None:
        found += _twins(
            "profiles",
            wanted.profile_name,
            chosen.profile.id,
            (one.id for one in state.profiles if one.part.name == wanted.profile_name),
        )
    ours = chosen.fqdn.id if chosen.fqdn else None
    found += [
        f"the connection has a second FQDN, {one.part.fqdn} (id {one.id}): Telnyx may send calls "
        "there; remove it in the portal unless it is your failover"
        for one in _fqdns_of(state, chosen.connection)
        if one.id != ours
    ]
    if wanted.daily_spend_limit is None and not (
        chosen.profile and chosen.profile.part.daily_spend_limit_enabled
    ):
        found.append(
            "Telnyx has no daily spend limit for these calls: set DAILY_BUDGET (cents), so that "
            "stolen credentials cannot cost more than that in a day"
        )
    if chosen.number is not None and chosen.number.remark not in ("", "active"):
        found.append(
            f"Telnyx has the number as {chosen.number.remark!r}, not active: see Numbers, My "
            "Numbers in the portal for what is missing"
        )
    return tuple(found)


def _twins(kind: str, name: str, kept: str, ids: Iterable[str]) -> list[str]:
    others = [one for one in ids if one != kept]
    if not others:
        return []
    return [
        f"Telnyx has {len(others) + 1} {kind} named {name!r}; this plan is about id {kept}: "
        f"remove or rename {', '.join(others)} in the portal"
    ]
