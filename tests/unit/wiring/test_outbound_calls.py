"""The installation's own number says which country national forms belong to."""

import pytest

from agent.domain.phone_numbers import parse
from agent.errors import SettingsError
from agent.settings import Settings
from agent.wiring.outbound_calls import gate_rules, home_country


@pytest.mark.parametrize(
    ("ours", "country", "number"),
    [
        ("+33478000000", "FR", "+33478123456"),
        ("+3226010500", "BE", "+32478123456"),
        ("+31201234567", "NL", None),
    ],
)
def test_a_national_form_belongs_to_the_country_of_our_own_number(
    ours: str, country: str, number: str | None
) -> None:
    home = home_country(Settings(phone_number=ours))
    assert home == country
    if number is not None:
        assert parse("04 78 12 34 56", country=home) == number


def test_our_own_number_is_written_with_its_countrys_code() -> None:
    with pytest.raises(SettingsError, match="PHONE_NUMBER: its country is not known"):
        gate_rules(Settings(phone_number="04 78 12 34 56"))
