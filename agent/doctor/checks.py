"""Which checks there are, in order of cause, and what rests on what."""

from collections.abc import Callable, Sequence
from functools import partial

from agent.doctor import settings_checks
from agent.doctor.examination import Check, Look
from agent.doctor.exposure import file_faults, secret_faults
from agent.doctor.findings import Finding, Group
from agent.doctor.questions import Questions
from agent.doctor.webhooks import judge_public_key
from agent.settings import Settings

_PROVIDER_SECONDS = 6.0
_TELNYX_SECONDS = 6.0
"""Its SDK takes a second or two to import."""

CALL_NEEDS = ("playbook", "database", "SIP", "trunks and rule", "workers")
"""The checks without which a call end to end is not tried."""


def checks(settings: Settings, ask: Questions) -> Sequence[Check]:
    """What breaks everything stands first, and what rests on it comes later."""
    key = settings.telnyx_public_key
    return (
        *_settings_checks(settings),
        Check("playbook", Group.SETTINGS, ask.playbook),
        Check("recordings", Group.MACHINE, ask.recordings),
        Check("database", Group.DATABASE, ask.schema, after=("database settings",)),
        Check("connections", Group.DATABASE, ask.connections, after=("database",)),
        Check("LiveKit", Group.LIVEKIT, ask.reach, after=("LiveKit settings",)),
        Check("clock", Group.LIVEKIT, ask.clock, after=("LiveKit",)),
        Check("LiveKit key", Group.LIVEKIT, ask.key, after=("LiveKit", "clock")),
        Check("SIP", Group.LIVEKIT, ask.has_sip, after=("LiveKit key",)),
        _provider("language model", ask.thinks, "OpenAI settings"),
        _provider("voice", ask.speaks, "OpenAI settings"),
        _provider("speech recognition", ask.hears, "Deepgram settings"),
        _provider("speech there and back", ask.round_trip, "voice", "speech recognition"),
        Check("trunks and rule", Group.TRUNKS, ask.routing, after=("SIP", "number")),
        Check("sip_config", Group.TRUNKS, ask.drift, after=("SIP",)),
        _telnyx("Telnyx access", ask.telnyx_access),
        _telnyx("Telnyx set-up", ask.telnyx, "Telnyx access"),
        _telnyx("Telnyx balance", ask.balance, "Telnyx access"),
        _telnyx("Telnyx deliveries", ask.deliveries, "Telnyx access"),
        Check("workers", Group.PROCESSES, ask.workers, after=("database",)),
        Check("dialler and API", Group.PROCESSES, ask.others, after=("database",)),
        Check("dialling", Group.PROCESSES, ask.dialling, after=("database",)),
        Check("public key", Group.WEBHOOKS, _at_once(lambda: judge_public_key(key))),
        Check("webhooks", Group.WEBHOOKS, ask.inbox, after=("database",)),
    )


def _settings_checks(settings: Settings) -> Sequence[Check]:
    return (
        *(
            Check(
                f"{whose} settings",
                Group.SETTINGS,
                _at_once(partial(settings_checks.missing, settings, whose, names)),
            )
            for whose, names in settings_checks.NEEDED.items()
        ),
        Check("number", Group.SETTINGS, _at_once(lambda: settings_checks.judge_numbers(settings))),
        Check("secrets", Group.SETTINGS, _at_once(lambda: _exposure(settings))),
    )


def _exposure(settings: Settings) -> list[Finding]:
    return settings_checks.judge_exposure(settings, secret_faults(settings), file_faults())


def _provider(name: str, look: Look, *after: str) -> Check:
    return Check(name, Group.PROVIDERS, look, after, _PROVIDER_SECONDS)


def _telnyx(name: str, look: Look, *after: str) -> Check:
    return Check(name, Group.TELNYX, look, after, _TELNYX_SECONDS)


def _at_once(judge: Callable[[], list[Finding]]) -> Look:
    """A check that asks nobody."""

    async def look() -> list[Finding]:
        return judge()

    return look
