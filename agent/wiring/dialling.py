"""What every process that has to do with outbound calls reads from the settings."""

from agent.domain.attempts import Attempt
from agent.provisioning.livekit.config import outbound_trunk_name
from agent.settings import ROOT, Settings
from agent.telephony.dial import Dial
from agent.wiring.rules import gate_rules

_LAST_WORDS_SECONDS = 60
"""The trunk's own limit lies so far beyond ours: it is for when our process hangs."""


def our_number(settings: Settings) -> str:
    """The number that callees see. Raises SettingsError when it is none."""
    (number,) = gate_rules(settings).own_numbers
    return number


def trunk_name() -> str:
    """The name of the trunk that calls go out by. Raises FileError."""
    return outbound_trunk_name(ROOT / "sip_config")


def dial_of(settings: Settings, attempt: Attempt, trunk_id: str) -> Dial:
    """Whom the call of an attempt dials, and how. Raises SettingsError."""
    return Dial(
        call_id=attempt.call_id,
        trunk_id=trunk_id,
        our_number=our_number(settings),
        number=attempt.request.number,
        room_name=attempt.room_name,
        identity=attempt.participant_identity,
        name=attempt.participant_name,
        ringing_seconds=settings.ringing_seconds,
        max_call_seconds=(
            settings.max_call_minutes * 60 + settings.ringing_seconds + _LAST_WORDS_SECONDS
        ),
    )
