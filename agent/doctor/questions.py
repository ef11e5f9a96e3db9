"""What the doctor asks, and whom: every answer is fetched once and handed to the judge of it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Generic, TypeVar

from agent.doctor import carrier, database, livekit, machine, processes, providers, webhooks
from agent.doctor.findings import Finding, error, ok, unchecked
from agent.doctor.parts import DoctorParts
from agent.doctor.routing import RoutingExpected, judge_drift, judge_routing
from agent.domain.contactability import Rules
from agent.domain.languages import language
from agent.errors import CallError, FileError, SettingsError
from agent.provisioning.livekit.config import load, outbound_trunk_name
from agent.provisioning.livekit.plan import plan_sip
from agent.provisioning.livekit.records import records_of
from agent.provisioning.targets import SIP_FOLDER, variables
from agent.provisioning.telnyx.account import Portal
from agent.provisioning.telnyx.parts import PortalState
from agent.provisioning.telnyx.wanted import portal_wanted
from agent.settings import Settings
from agent.store.connections import connections_needed, usable_connections
from agent.store.heartbeats import HeartbeatStore, Process
from agent.store.kill_switch import KillSwitchStore
from agent.store.migrate import schema_state
from agent.store.trunks import TrunkStore
from agent.store.webhook_freshness import WebhookFreshness
from agent.store.webhook_links import WebhookLinks
from agent.telephony.probe import NoSip, ServerAnswer, ask_for_sip, check_key, reach
from agent.telephony.trunks import SipServer
from agent.voice.model_ends import announced_end
from agent.voice.provider_probe import Trialled
from agent.voice.voices import engines

_REFUSED_FOR = timedelta(days=1)
_HEARD_OFFLINE = "en"
T = TypeVar("T")


class Once(Generic[T]):
    """An answer that several wait for and nobody asks for twice."""

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self._ask = ask
        self._task: asyncio.Task[T] | None = None

    async def answer(self) -> T:
        """It, or the error that it ended in."""
        if self._task is None:
            self._task = asyncio.create_task(self._asked())
        return await asyncio.shield(self._task)

    async def forget(self) -> None:
        """Nobody waits any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _asked(self) -> T:
        return await self._ask()


class Questions:
    """One method a check. Raises CallError for what a person can fix."""

    def __init__(self, parts: DoctorParts) -> None:
        self._parts = parts
        self._settings = parts.settings
        self._telnyx: Once[Portal] = Once(parts.portal)
        self._portal_state: Once[PortalState] = Once(self._read_portal)
        self._reached: Once[ServerAnswer] = Once(
            lambda: reach(parts.settings.livekit_url or "", parts.now)
        )
        self._sip: Once[SipServer | NoSip] = Once(lambda: ask_for_sip(parts.livekit))
        self._spoken: Once[dict[str, Trialled]] = Once(parts.probe.speak_all)
        self._processes: Once[list[Process]] = Once(HeartbeatStore(parts.database).live)

    async def forget(self) -> None:
        """End what is still being asked."""
        for each in (
            self._portal_state,
            self._reached,
            self._sip,
            self._spoken,
            self._processes,
            self._telnyx,
        ):
            await each.forget()

    async def playbook(self) -> list[Finding]:
        """Everything under prompts/ that a call needs."""
        if isinstance(self._parts.playbook, CallError):
            raise self._parts.playbook
        return [ok("playbook", f"playbook {self._parts.playbook.name}")]

    async def recordings(self) -> list[Finding]:
        """RECORDINGS_DIR and its disk."""
        folder = await asyncio.to_thread(machine.look_at, self._settings.recordings_dir)
        return machine.judge_recordings(folder)

    async def schema(self) -> list[Finding]:
        """The database, and its migrations."""
        return database.judge_schema(await schema_state(self._settings.database_url or ""))

    async def connections(self) -> list[Finding]:
        """The database's connections against what the processes that live take."""
        needed = connections_needed(await self._processes.answer())
        return database.judge_connections(await usable_connections(self._parts.database), needed)

    async def reach(self) -> list[Finding]:
        """LiveKit, without a key."""
        return livekit.judge_answer(await self._reached.answer())

    async def clock(self) -> list[Finding]:
        """LiveKit's clock against ours."""
        return livekit.judge_clock(await self._reached.answer())

    async def key(self) -> list[Finding]:
        """LiveKit, with our key."""
        await check_key(self._parts.livekit)
        return [ok("livekit_key", "key accepted")]

    async def has_sip(self) -> list[Finding]:
        """Whether LiveKit tells its trunks."""
        answer = await self._sip.answer()
        return livekit.judge_sip(answer if isinstance(answer, NoSip) else None)

    async def routing(self) -> list[Finding]:
        """Trunks, rule and settings against each other."""
        settings = self._settings
        wanted = RoutingExpected(
            settings.phone_number,
            settings.agent_name,
            outbound_trunk_name(SIP_FOLDER),
            settings.telnyx_sip_username,
        )
        return judge_routing(records_of(await self._sip_server()), wanted)

    async def drift(self) -> list[Finding]:
        """What LiveKit has against sip_config/."""
        try:
            config = load(SIP_FOLDER, variables(self._settings))
        except SettingsError as missing:
            return [unchecked("sip_config", str(missing))]
        except FileError as broken:
            return [_in_file(broken)]
        server = await self._sip_server()
        try:
            return judge_drift(plan_sip(config, server).plan)
        except FileError as broken:
            return [_in_file(broken)]

    async def _sip_server(self) -> SipServer:
        answer = await self._sip.answer()
        assert isinstance(answer, SipServer), "asked after SIP was found to be there"
        return answer

    async def telnyx_access(self) -> list[Finding]:
        """Whether Telnyx tells us anything."""
        if not self._settings.telnyx_api_key:
            return carrier.no_key()
        await self._portal_state.answer()
        return [ok("telnyx_access", "key accepted")]

    async def telnyx(self) -> list[Finding]:
        """Number, connection and profile."""
        wanted = _wanted_of_telnyx(self._settings, self._parts.rules())
        return carrier.judge_portal(await self._portal_state.answer(), wanted)

    async def balance(self) -> list[Finding]:
        """Telnyx's account."""
        return carrier.judge_balance(await (await self._telnyx.answer()).balance())

    async def deliveries(self) -> list[Finding]:
        """Telnyx's webhooks, as Telnyx sees them."""
        account = await self._telnyx.answer()
        since = self._parts.now() - _REFUSED_FOR
        return carrier.judge_deliveries(await account.failed_deliveries(since))

    async def _read_portal(self) -> PortalState:
        account = await self._telnyx.answer()
        return await account.read(min(self._parts.rules().own_numbers))

    async def thinks(self) -> list[Finding]:
        """The language model."""
        answer = await self._parts.probe.think()
        model = self._settings.openai_chat_model
        found = providers.judge_provider("thinks", model, stand_in=answer.stand_in)
        end, today = await self._parts.probe.ends(), self._parts.now().date()
        return found + providers.judge_end("OPENAI_CHAT_MODEL", model, end, today)

    async def speaks(self) -> list[Finding]:
        """The voice."""
        found = []
        for code, answer in (await self._spoken.answer()).items():
            engine = engines(self._settings, code)[0]
            found += providers.judge_provider("speaks", str(engine), stand_in=answer.stand_in)
            if engine.company == "openai":
                model, today = self._settings.openai_speech_model, self._parts.now().date()
                end = announced_end(model)
                found += providers.judge_end("OPENAI_SPEECH_MODEL", model, end, today)
        return found

    async def hears(self) -> list[Finding]:
        """Speech recognition."""
        answer = await self._parts.probe.hear()
        model = self._settings.deepgram_model
        return providers.judge_provider("hears", model, stand_in=answer.stand_in)

    async def round_trip(self) -> list[Finding]:
        """What the voice said, recognised."""
        found = []
        for code, spoken in (await self._spoken.answer()).items():
            if spoken.stand_in and code != _HEARD_OFFLINE:
                continue  # the local stack's recogniser knows no other language
            heard = await self._parts.probe.hear(spoken.pcm, code)
            found += providers.judge_round_trip(language(code).test_phrase, heard.text, code)
        return found

    async def workers(self) -> list[Finding]:
        """Who answers."""
        return processes.judge_workers(await self._processes.answer(), self._settings.agent_name)

    async def others(self) -> list[Finding]:
        """Dialler and API."""
        return processes.judge_others(await self._processes.answer())

    async def dialling(self) -> list[Finding]:
        """The kill switch and the pauses of trunks."""
        switch = await KillSwitchStore(self._parts.database).show()
        trunks = await TrunkStore(self._parts.database).list()
        return processes.judge_dialling(switch, trunks, self._parts.now())

    async def inbox(self) -> list[Finding]:
        """Webhooks against calls."""
        fresh = await WebhookFreshness(self._parts.database).fresh()
        refused = await WebhookLinks(self._parts.database).refused(self._parts.now() - _REFUSED_FOR)
        return webhooks.judge_webhooks(fresh, refused)


def _wanted_of_telnyx(settings: Settings, rules: Rules) -> carrier.CarrierWanted:
    """Raises SettingsError for what Telnyx could not take."""
    wanted = portal_wanted(settings, rules, placeholders=True)
    return carrier.CarrierWanted(
        number=wanted.phone_number,
        countries=wanted.destinations,
        username=settings.telnyx_sip_username,
        sip_host=wanted.sip_host if settings.livekit_sip_uri else None,
        webhook_url=wanted.webhook_url if settings.public_url else None,
    )


def _in_file(broken: FileError) -> Finding:
    """A file of sip_config/ that LiveKit would take, or not, but no call would come by."""
    return error("sip_config", f"{broken.path}:{broken.line}: {broken.problem}", broken.fix)
