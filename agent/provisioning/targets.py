"""The targets of provisioning: services at which something is set up, each with plan and apply.

A third target would be another class with these two methods, and a line in `targets`.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Protocol

from google.protobuf.json_format import MessageToDict
from livekit.api import LiveKitAPI

from agent.domain.contactability import Rules
from agent.domain.phone_numbers import parse
from agent.provisioning.livekit.apply import apply_sip
from agent.provisioning.livekit.config import (
    SipConfig,
    check_participant,
    load,
    load_participant,
    outbound_trunk_name,
)
from agent.provisioning.livekit.plan import SipPlan, plan_sip
from agent.provisioning.plan import Plan, Service, Step
from agent.provisioning.telnyx.account import Portal
from agent.provisioning.telnyx.apply import apply_portal
from agent.provisioning.telnyx.clicks import clicks
from agent.provisioning.telnyx.parts import PortalWanted
from agent.provisioning.telnyx.plan import plan_portal
from agent.provisioning.telnyx.wanted import open_portal, portal_wanted
from agent.settings import ROOT, Settings, read_environment
from agent.telephony.livekit_api import client
from agent.telephony.trunks import find_outbound_trunk, read_server

SIP_FOLDER = ROOT / "sip_config"

OnStep = Callable[[Step], None]
"""Called with each step when it is done."""


class Target(Protocol):
    """One service that is provisioned."""

    @property
    def service(self) -> Service:
        """Which one."""

    @property
    def place(self) -> str:
        """Where it is, for a heading."""

    async def plan(self, *, prune: bool) -> Plan:
        """What would be done now; nothing is changed. Raises CallError."""

    async def apply(self, on_step: OnStep) -> tuple[str, ...]:
        """Do what the last plan said; returns what the service did not keep, in words.

        Raises CallError; when half-way, saying what is done.
        """


class LiveKitTarget:
    """Trunks and dispatch rule, from the files of a folder."""

    service = Service.LIVEKIT

    def __init__(self, livekit: LiveKitAPI, config: SipConfig, place: str) -> None:
        self.place = place
        self._livekit = livekit
        self._config = config
        self._last: SipPlan | None = None

    async def plan(self, *, prune: bool) -> Plan:
        """Raises LiveKitUnavailable."""
        self._last = plan_sip(self._config, await read_server(self._livekit), prune=prune)
        return self._last.plan

    async def apply(self, on_step: OnStep) -> tuple[str, ...]:
        """Raises Refused and HalfProvisioned; LiveKitUnavailable when it cannot be read again."""
        assert self._last is not None, "plan first"
        await apply_sip(self._livekit, self._last, on_step)
        left = (await self.plan(prune=False)).to_do
        return tuple(
            f"LiveKit took it, but shows {step.part} {step.name!r} otherwise "
            f"({', '.join(one.field for one in step.differences)})"
            for step in left
        )


class TelnyxTarget:
    """Connection, FQDN, outbound profile and number in the portal; nothing is removed there."""

    service = Service.TELNYX

    def __init__(
        self, portal: Portal, wanted: PortalWanted, place: str, *, set_password: bool
    ) -> None:
        self.place = place
        self._portal = portal
        self._wanted = wanted
        self._set_password = set_password
        self._last: Plan | None = None

    async def plan(self, *, prune: bool) -> Plan:
        """Raises PortalError and TelnyxUnavailable."""
        actual = await self._portal.read(self._wanted.phone_number)
        self._last = plan_portal(actual, self._wanted, set_password=self._set_password)
        return self._last

    async def apply(self, on_step: OnStep) -> tuple[str, ...]:
        """Raises PortalError and HalfProvisioned."""
        assert self._last is not None, "plan first"
        return await apply_portal(self._portal, self._last, self._wanted, on_step)


@asynccontextmanager
async def targets(
    settings: Settings,
    rules: Rules,
    folder: Path,
    only: Service | None,
    *,
    set_password: bool = False,
) -> AsyncIterator[tuple[Target, ...]]:
    """The targets to provision, in order: LiveKit, and Telnyx if it has a key; or `only` one.

    `set_password` sends Telnyx our password again, which it cannot be asked for. Raises
    SettingsError and FileError before anything is asked of anybody.
    """
    async with AsyncExitStack() as stack:
        made: list[Target] = []
        if only is not Service.TELNYX:
            settings.need("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET")
            config = load(folder, variables(settings))
            livekit = await stack.enter_async_context(client(settings, failover=False))
            made.append(LiveKitTarget(livekit, config, settings.livekit_url or ""))
        if only is not Service.LIVEKIT and settings.telnyx_api_key:
            wanted = portal_wanted(settings, rules)
            portal = await stack.enter_async_context(open_portal(settings))
            place = settings.telnyx_api_url or "the portal"
            made.append(TelnyxTarget(portal, wanted, place, set_password=set_password))
        yield tuple(made)


def by_hand(settings: Settings, rules: Rules, only: Service | None) -> tuple[str, ...]:
    """What a person clicks in Telnyx's portal, where we have no key to it. Raises SettingsError."""
    if only is Service.LIVEKIT or settings.telnyx_api_key:
        return ()
    return clicks(portal_wanted(settings, rules, placeholders=True))


async def filled_test_call(
    settings: Settings, folder: Path, number: str, country: str | None
) -> dict[str, object]:
    """`sipParticipant.json` filled in, as `lk sip participant create` reads it.

    Raises Refused for an invalid number, SettingsError when the trunk is not there yet, FileError
    when the file names one that is on another server. `country`: whose numbers need no code.
    """
    called = parse(number, country=country)
    settings.need("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET")
    async with client(settings, failover=False) as livekit:
        trunk_id = await find_outbound_trunk(livekit, outbound_trunk_name(folder))
        filled = {**variables(settings), "SIP_OUTBOUND_TRUNK_ID": trunk_id, "CALL_TO": called}
        request = load_participant(folder, filled)
        if request.sip_trunk_id != trunk_id:
            check_participant(folder, request, (await read_server(livekit)).outbound)
    form: dict[str, object] = MessageToDict(request, preserving_proto_field_name=True)
    return form


def variables(settings: Settings) -> Mapping[str, str]:
    """What the `${VARIABLES}` of sip_config/ stand for: settings, and all else that is exported."""
    ours = {
        "PHONE_NUMBER": settings.phone_number,
        "AGENT_NAME": settings.agent_name,
        "TELNYX_SIP_USERNAME": settings.telnyx_sip_username,
        "TELNYX_SIP_PASSWORD": settings.telnyx_sip_password,
    }
    return {**read_environment(), **{name: value for name, value in ours.items() if value}}
