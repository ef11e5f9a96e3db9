"""The doctor, put together: what it asks with, opened for one examination."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial

from livekit.api import LiveKitAPI

from agent.doctor.checks import checks
from agent.doctor.examination import ALL_SECONDS, Report, examine
from agent.doctor.parts import DoctorParts
from agent.doctor.questions import Questions
from agent.errors import CallError
from agent.playbook.model import Playbook
from agent.playbook.prompts import load_prompts
from agent.provisioning.telnyx.wanted import open_portal
from agent.settings import Settings
from agent.store.database import Database
from agent.voice.provider_probe import ProviderProbe
from agent.wiring.outbound_calls import gate_rules

_ANY_LANGUAGE = "en"
_TELNYX_PATIENCE = 5.0


async def examine_all(settings: Settings, *, seconds: float = ALL_SECONDS) -> Report:
    """Every check but the call. What goes wrong is in the report, nothing is raised."""
    async with AsyncExitStack() as stack:
        parts = await _parts(settings, stack)
        questions = Questions(parts)
        try:
            return await examine(checks(settings, questions), seconds=seconds)
        finally:
            await questions.forget()


async def _parts(settings: Settings, stack: AsyncExitStack) -> DoctorParts:
    """Closed with the stack; nobody is reached before a question is asked."""
    livekit = LiveKitAPI(
        # Never asked without: the settings are checked before.
        settings.livekit_url or "http://127.0.0.1",
        settings.livekit_api_key or "none",
        settings.livekit_api_secret or "none",
        failover=False,
    )
    stack.push_async_callback(livekit.aclose)
    database = await stack.enter_async_context(Database(settings.database_url or "", max_size=3))
    playbook = _playbook(settings)
    language = playbook.language if isinstance(playbook, Playbook) else _ANY_LANGUAGE
    probe = await stack.enter_async_context(ProviderProbe(settings, language))
    return DoctorParts(
        settings=settings,
        rules=partial(gate_rules, settings),
        playbook=playbook,
        livekit=livekit,
        database=database,
        probe=probe,
        portal=lambda: stack.enter_async_context(
            open_portal(settings, patience_seconds=_TELNYX_PATIENCE)
        ),
        now=partial(datetime.now, UTC),
    )


def _playbook(settings: Settings) -> Playbook | CallError:
    try:
        return load_prompts(settings.prompts_dir, settings.playbook).playbook
    except CallError as error:
        return error
