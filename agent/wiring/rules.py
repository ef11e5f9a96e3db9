"""The installation's limits, from its settings: for the gate and for the watch over calls."""

from agent.domain.contactability import Rules
from agent.domain.phone_numbers import PhoneNumber, country_of, parse
from agent.domain.suspicion import Thresholds
from agent.errors import Refused, SettingsError
from agent.settings import Settings


def gate_rules(settings: Settings) -> Rules:
    """What the gate goes by. Raises SettingsError for a PHONE_NUMBER that is none."""
    countries = (text.strip().upper() for text in settings.allowed_countries.split(","))
    return Rules(
        allowed_countries=frozenset(country for country in countries if country),
        own_numbers=frozenset({own_number(settings)}),
        calls_per_number_per_day=settings.calls_per_number_per_day,
        daily_budget=settings.daily_budget,
        price_per_minute=settings.price_per_minute,
    )


def own_number(settings: Settings) -> PhoneNumber:
    """The number that customers dial. Raises SettingsError for a PHONE_NUMBER that is none."""
    try:
        return parse(settings.phone_number)
    except Refused as error:
        raise SettingsError(f"PHONE_NUMBER: {error}") from None


def home_country(settings: Settings) -> str | None:
    """Where a number without its country's code belongs: in the country of PHONE_NUMBER.

    None: PHONE_NUMBER is of no country. Raises SettingsError as `own_number` does.
    """
    return country_of(own_number(settings))


def watch_thresholds(settings: Settings) -> Thresholds:
    """Above which figures the watch speaks up, and stops."""
    return Thresholds(minutes_a_day=gate_rules(settings).minutes_a_day)
