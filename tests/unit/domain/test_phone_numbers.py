"""Phone numbers: E.164 or refused, and what a call to them costs."""

import pytest

from agent.domain.phone_numbers import NumberKind, country_of, kind_of, parse
from agent.errors import Refused


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0479 20 20 20", "+32479202020"),
        ("+32 (0)479 / 20.20.20", "+32479202020"),
        ("0032479202020", "+32479202020"),
        (" +3226010500 ", "+3226010500"),
        ("+44 20 7946 0018", "+442079460018"),
    ],
)
def test_however_it_is_written_a_number_has_one_form(text: str, number: str) -> None:
    assert parse(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "112",
        "1307",
        "+32",
        "+3247920202020202",
        "+32479202020 ext. 5",
        "+32479202020;ext=5",
        "٠٤٧٩٢٠٢٠٢٠",
        "+3247\N{FULLWIDTH DIGIT NINE}202020",
        "sip:+32479202020@example.com",
    ],
)
def test_what_is_no_dialable_number_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        parse(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("+32479202020", NumberKind.MOBILE),
        ("+3226010500", NumberKind.FIXED),
        ("+3280012345", NumberKind.TOLL_FREE),
        ("+3290012345", NumberKind.PREMIUM),
        ("+33899123456", NumberKind.PREMIUM),
        ("+448701234567", NumberKind.PREMIUM),
        ("+881612345678", NumberKind.SATELLITE),
        ("+88213300655", NumberKind.SATELLITE),
        ("+883510012345", NumberKind.SATELLITE),
        ("+12125550123", NumberKind.FIXED),
    ],
)
def test_premium_and_satellite_numbers_are_known_by_their_numbering_plan(
    text: str, kind: NumberKind
) -> None:
    assert kind_of(parse(text)) is kind
    ordinary = (NumberKind.FIXED, NumberKind.MOBILE, NumberKind.TOLL_FREE)
    assert kind.is_ordinary is (kind in ordinary)


def test_the_country_tells_the_caribbean_from_the_united_states() -> None:
    assert country_of(parse("+18764560000")) == "JM"
    assert country_of(parse("+12125550123")) == "US"
    assert country_of(parse("+881612345678")) is None
