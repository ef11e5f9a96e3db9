"""Carrying out a plan for Telnyx's portal, step by step; a next run goes on where one failed."""

from collections.abc import Callable

from agent.errors import HalfProvisioned, PortalError, TelnyxUnavailable
from agent.provisioning.plan import Action, Plan, Service, Step
from agent.provisioning.telnyx.account import Portal
from agent.provisioning.telnyx.parts import AnyPart, Connection, Number, PortalPart, PortalWanted
from agent.provisioning.telnyx.plan import CREDENTIAL_FIELD, plan_portal


async def apply_portal(
    portal: Portal, plan: Plan, wanted: PortalWanted, on_step: Callable[[Step], None]
) -> tuple[str, ...]:
    """Create and change what `plan` says; `on_step` is called after each step that is done.

    Steps of other services and what is to be left are passed over. Raises PortalError or
    HalfProvisioned, saying what is done already: a new plan goes on from there.

    Returns what is to be told to a person: what Telnyx took but does not show afterwards.
    """
    ids: dict[str, str] = {}
    done: list[Step] = []
    for step in plan.steps:
        if step.service is not Service.TELNYX:
            continue
        if step.id is not None:
            ids[step.part] = step.id
    for step in plan.to_do:
        if step.service is not Service.TELNYX:
            continue
        try:
            ids[step.part] = await _carry_out(portal, step, wanted, ids)
        except PortalError as error:
            raise PortalError(f"{error}{_so_far(done)}") from None
        except TelnyxUnavailable as error:
            raise HalfProvisioned(f"{error}{_so_far(done)}") from None
        done.append(step)
        on_step(step)
    return await _not_kept(portal, wanted) if done else ()


async def _not_kept(portal: Portal, wanted: PortalWanted) -> tuple[str, ...]:
    """What the portal still shows otherwise, read again."""
    try:
        left = plan_portal(await portal.read(wanted.phone_number), wanted).to_do
    except (PortalError, TelnyxUnavailable) as error:
        return (f"all is done, but it could not be read again: {error}",)
    remarks: list[str] = []
    for step in left:
        fields = ", ".join(one.field for one in step.differences) or "not there"
        remarks.append(
            f"Telnyx took it, but still shows {step.part} {step.name!r} otherwise ({fields}): run "
            "it again in a minute; if it stays, set it in the portal"
        )
    return tuple(remarks)


async def _carry_out(portal: Portal, step: Step, wanted: PortalWanted, ids: dict[str, str]) -> str:
    """Do it; the id of the part."""
    part = _part(step, wanted, ids)
    secret = wanted.password
    if step.action is Action.CREATE and not isinstance(part, Number):
        return await portal.create(part, secret if isinstance(part, Connection) else "")
    assert step.action is Action.CHANGE, step
    assert step.id is not None, step
    only = {one.field for one in step.differences}
    with_secret = CREDENTIAL_FIELD in only
    if with_secret:
        only |= {"user_name"}
    await portal.change(step.id, part, frozenset(only), secret if with_secret else "")
    return step.id


def _part(step: Step, wanted: PortalWanted, ids: dict[str, str]) -> AnyPart:
    """The part as it should be, now that the ids of those before it are known."""
    match PortalPart(step.part):
        case PortalPart.PROFILE:
            return wanted.profile
        case PortalPart.CONNECTION:
            return wanted.connection(
                profile_id=ids[PortalPart.PROFILE], fqdn_id=ids.get(PortalPart.FQDN)
            )
        case PortalPart.FQDN:
            return wanted.fqdn(connection_id=ids[PortalPart.CONNECTION])
        case PortalPart.NUMBER:
            return wanted.number(connection_id=ids[PortalPart.CONNECTION])


def _so_far(done: list[Step]) -> str:
    if not done:
        return "; nothing was changed before it"
    names = ", ".join(f"{step.part} {step.name!r}" for step in done)
    return f"; done before it: {names}; run it again to go on from there"
