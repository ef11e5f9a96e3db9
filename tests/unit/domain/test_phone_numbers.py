"""Phone numbers: E.164 or refused, and what a call to them costs."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis.strategies import from_regex, text

from agent.domain.phone_numbers import NumberKind, country_code, country_of, kind_of, parse
from agent.errors import Refused

MEANT = [
    "0479 20 20 20",
    "+32 (0)479 / 20.20.20",
    "0032479202020",
    " +32479202020 ",
    "32479202020",
    "+32 0479 20 20 20",
    "(+32) 479-20-20-20",
    "+00 32 479 20 20 20",
    # What mail programs, web pages and chat leave around and inside a number.
    "\N{LEFT-TO-RIGHT EMBEDDING}+32479202020\N{POP DIRECTIONAL FORMATTING}",
    "\N{LEFT-TO-RIGHT ISOLATE}+32 479 20 20 20\N{POP DIRECTIONAL ISOLATE}",
    "\N{ZERO WIDTH NO-BREAK SPACE}+32479202020\N{ZERO WIDTH SPACE}",
    "+32\N{NO-BREAK SPACE}479\N{NARROW NO-BREAK SPACE}20\N{THIN SPACE}20\t20",
    "+32\N{NON-BREAKING HYPHEN}479\N{EN DASH}20\N{MINUS SIGN}20-20",
    "0479\N{MIDDLE DOT}20\N{MIDDLE DOT}20\N{MIDDLE DOT}20",
    "\N{BLACK TELEPHONE} 0479 20 20 20",
    # Digits of other scripts mean the same digits.
    "\N{FULLWIDTH PLUS SIGN}\uff13\uff12\uff14\uff17\uff19202020",
    "\u0660\u0664\u0667\u0669\u0662\u0660\u0662\u0660\u0662\u0660",
    "+\u0969\u0968479202020",
    "tel:+32-479-20-20-20",
    "TEL:%2B32479202020",
    "whatsapp:+32479202020",
    "callto://+32479202020",
    "GSM: 0479/20.20.20",
    "T\u00e9l. 0479 20 20 20",
    # What a spreadsheet makes of it.
    "'+32479202020",
    "'0479202020",
    '="0479202020"',
    "32479202020.0",
    "32479202020,00",
]


@pytest.mark.parametrize("text", MEANT)
def test_however_it_is_written_a_number_has_one_form(text: str) -> None:
    assert parse(text, country="BE") == "+32479202020"


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("04 78 12 34 56", "FR", "+33478123456"),
        ("04 78 12 34 56", "BE", "+32478123456"),
        ("0612345678", "NL", "+31612345678"),
        ("(0)30 901820", "DE", "+4930901820"),
        ("612 34 56 78", "ES", "+34612345678"),
        ("06 6982 1234", "IT", "+390669821234"),
        ("(212) 555-0123", "US", "+12125550123"),
        ("011 32 479 20 20 20", "US", "+32479202020"),
        ("0032 479 20 20 20", "US", "+32479202020"),
        ("0032 479 20 20 20", None, "+32479202020"),
        ("+44 (0)20 7946 0018", "BE", "+442079460018"),
        ("+39 (0)6 6982 1234", "BE", "+390669821234"),
        ("8 612 34567", "LT", "+37061234567"),
    ],
)
def test_a_national_form_is_read_as_its_country_dials_it(
    text: str, country: str | None, number: str
) -> None:
    assert parse(text, country=country) == number


REFUSED = [
    ("", "the number is missing"),
    ("\N{ZERO WIDTH SPACE} ", "the number is missing"),
    ("-", "no digit"),
    ("hello", "'h' is a letter"),
    ("O470123456", "'O' is a letter"),
    ("0470l23456", "'l' is a letter"),
    ("1-800-FLOWERS", "'F' is a letter"),
    ("0479 20 20 20 (Jan)", "'J' is a letter"),
    ("\u041e470123456", "'\u041e' is a letter"),
    ("+32\N{SUPERSCRIPT TWO}479202020", "U+00B2, superscript two"),
    ("*100#", "U+002A, asterisk"),
    ("+32479202020 ext. 5", "extension (ext. 5)"),
    ("+32479202020;ext=5", "extension (;ext=5)"),
    ("02 601 05 00 toestel 12", "extension (toestel 12)"),
    ("02 601 05 00 x12", "extension (x12)"),
    ("+3226010500,,12#", "extension"),
    ("0479202020 / 0470123456", "two numbers"),
    ("0479202020;0470123456", "two numbers"),
    ("0479.20.20.20\n0470.12.34.56", "two numbers"),
    ("0479202020 0470123456", "two numbers"),
    ("+32479202020+32470123456", "two numbers"),
    ("0479202020 ou 0470123456", "two numbers"),
    ("jan@example.com", "e-mail"),
    ("32479202020@s.whatsapp.net", "e-mail or chat"),
    ("sip:+32479202020", "SIP address"),
    ("https://wa.me/32479202020", "a link"),
    ("4.7E+08", "spreadsheet"),
    ("4,70123E+08", "spreadsheet"),
    ("112", "no number of BE"),
    ("1307", "no number of BE"),
    ("33478123456", "with + before the code of another country"),
    ("+32", "phone number like"),
    ("+999123456789", "no country has this code"),
    ("+324792020", "digits are missing"),
    ("+3247920202020202", "too long"),
    ("0612345678", "no such number"),
    # Ids look like this; a spreadsheet takes the 0 away. Neither is certain.
    ("27123456", "its first 0 is missing"),
    ("479202020", "its first 0 is missing"),
    ("9" * 300, "300 characters"),
]


@pytest.mark.parametrize(("text", "says"), REFUSED, ids=[str(n) for n in range(len(REFUSED))])
def test_what_is_no_dialable_number_is_refused_in_words(text: str, says: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(text, country="BE")
    assert says in str(refused.value)


@pytest.mark.parametrize("text", ["0479 20 20 20", "32479202020", "02 601 05 00"])
def test_without_a_country_no_national_form_is_guessed_at(text: str) -> None:
    with pytest.raises(Refused, match="its country is not known"):
        parse(text)


def test_a_numeric_cell_has_lost_its_first_zero() -> None:
    assert parse("479202020", country="BE", leading_zero_lost=True) == "+32479202020"
    with pytest.raises(Refused):
        parse("27123", country="BE", leading_zero_lost=True)


@settings(deadline=None)
@given(number=from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True), noise=text(max_size=3))
def test_noise_makes_no_other_number_of_a_number(number: str, noise: str) -> None:
    """Whatever stands around a valid number: it is read as that number, or not at all."""
    try:
        wanted = parse(number)
    except Refused:
        return
    if any(character.isdecimal() or character == "+" for character in noise):
        return
    for pasted in (noise + number, number + noise, number[:5] + noise + number[5:]):
        with suppress(Refused):
            assert parse(pasted) == wanted


@pytest.mark.parametrize(
    ("text", "country"),
    [("be", "BE"), (" FR ", "FR"), ("UK", "GB"), ("+32", "BE"), ("0031", "NL"), ("49", "DE")],
)
def test_a_country_is_named_in_two_letters_or_by_its_code(text: str, country: str) -> None:
    assert country_code(text) == country


@pytest.mark.parametrize("text", ["", "XX", "Belgium", "+999", "\u00b2"])
def test_what_is_no_country_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="two letters"):
        country_code(text)


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
