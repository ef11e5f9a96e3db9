"""What the settings say about calls that we place: read once a process, handed to all who dial."""

from dataclasses import dataclass

from agent.domain.attempts import Attempt
from agent.domain.contactability import Rules
from agent.domain.phone_numbers import PhoneNumber, country_of, parse
from agent.domain.suspicion import Thresholds
from agent.errors import Refused, SettingsError
from agent.provisioning.livekit.config import outbound_trunk_name
from agent.settings import ROOT, Settings
from agent.telephony.dial import Dial

_LAST_WORDS_SECONDS = 60
"""LiveKit's limit for the call is this much longer than ours: it matters only if we hang."""


@dataclass(frozen=True, slots=True)
class OutboundSettings:
    """Who we are to those whom we call, over which trunk, how fast, and what is forbidden.

    `trunk` is a name: sip_config, LiveKit and our table know the trunk by it. Seconds;
    `max_call_seconds` is from the answer to our goodbye.
    """

    our_number: PhoneNumber
    trunk: str
    rules: Rules
    calls_per_second: float
    ringing_seconds: int
    max_call_seconds: int

    @property
    def home_country(self) -> str | None:
        """Where a number without its country's code belongs; None: ours is of no country."""
        return country_of(self.our_number)

    @property
    def thresholds(self) -> Thresholds:
        """Above which figures the watch over our calls reports, and stops."""
        return Thresholds(minutes_a_day=self.rules.minutes_a_day)

    def dial(self, attempt: Attempt, trunk_id: str) -> Dial:
        """Whom the call of an attempt dials, and how. `trunk_id`: LiveKit's, of `trunk`."""
        return Dial(
            call_id=attempt.call_id,
            trunk_id=trunk_id,
            our_number=self.our_number,
            number=attempt.request.number,
            room_name=attempt.room_name,
            identity=attempt.participant_identity,
            name=attempt.participant_name,
            ringing_seconds=self.ringing_seconds,
            max_call_seconds=self.max_call_seconds + self.ringing_seconds + _LAST_WORDS_SECONDS,
        )


def outbound_settings(settings: Settings) -> OutboundSettings:
    """Raises SettingsError if PHONE_NUMBER is not a valid number, FileError for sip_config/."""
    rules = gate_rules(settings)
    (our_number,) = rules.own_numbers
    return OutboundSettings(
        our_number=our_number,
        trunk=outbound_trunk_name(ROOT / "sip_config"),
        rules=rules,
        calls_per_second=settings.trunk_calls_per_second,
        ringing_seconds=settings.ringing_seconds,
        max_call_seconds=settings.max_call_minutes * 60,
    )


def gate_rules(settings: Settings) -> Rules:
    """The gate's limits. Raises SettingsError if PHONE_NUMBER is not a valid number."""
    countries = (text.strip().upper() for text in settings.allowed_countries.split(","))
    return Rules(
        allowed_countries=frozenset(country for country in countries if country),
        own_numbers=frozenset({_own_number(settings)}),
        calls_per_number_per_day=settings.calls_per_number_per_day,
        daily_budget=settings.daily_budget,
        price_per_minute=settings.price_per_minute,
    )


def home_country(settings: Settings) -> str | None:
    """Where a number without its country's code belongs: in the country of PHONE_NUMBER.

    None: PHONE_NUMBER is of no country. Raises SettingsError if it is not a valid number.
    """
    return country_of(_own_number(settings))


def _own_number(settings: Settings) -> PhoneNumber:
    try:
        return parse(settings.phone_number)
    except Refused as error:
        raise SettingsError(f"PHONE_NUMBER: {error}") from None
