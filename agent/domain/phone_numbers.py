"""Phone numbers in E.164, and what kind of number they are.

>>> parse("0479 20 20 20", country="BE")
'+32479202020'
>>> kind_of(parse("+32 90 212 345"))
<NumberKind.PREMIUM: 'premium'>
"""

import re
from enum import StrEnum
from typing import NewType

import phonenumbers
from phonenumbers import PhoneNumberType

from agent.domain.pasted_numbers import SAY_HOW, digits_of
from agent.errors import Refused

PhoneNumber = NewType("PhoneNumber", str)
"""A valid number as `+` and 7 to 15 ASCII digits. Made by `parse` only."""


class NumberKind(StrEnum):
    """What a call to the number means for the bill and for whoever answers."""

    FIXED = "fixed"
    MOBILE = "mobile"
    TOLL_FREE = "toll_free"
    PREMIUM = "premium"
    SHARED_COST = "shared_cost"
    SATELLITE = "satellite"
    """Satellite and international networks (+881, +882, +883…): what fraud is paid through."""
    OTHER = "other"
    """Voicemail, pager, company-wide and personal numbers."""

    @property
    def is_ordinary(self) -> bool:
        """Whether a sales call may dial or be transferred to it without a surprise on the bill."""
        return self in (NumberKind.FIXED, NumberKind.MOBILE, NumberKind.TOLL_FREE)


def parse(text: str, *, country: str | None = None, leading_zero_lost: bool = False) -> PhoneNumber:
    """The E.164 form of what a person, a file or a carrier wrote.

    `country` is where a number without `+` or `00` is dialled from (two letters); None: such a
    number is refused. `leading_zero_lost`: a national number may lack its first 0, as a
    spreadsheet's numeric cell does. Raises Refused, saying what is wrong with the text.
    """
    digits = digits_of(text)
    if not digits.startswith("+"):
        digits = _international(digits, country, leading_zero_lost=leading_zero_lost)
    try:
        number = phonenumbers.parse(digits)
    except phonenumbers.NumberParseException as error:
        raise Refused(_WHY_NOT.get(error.error_type, SAY_HOW)) from None
    if not phonenumbers.is_valid_number(number):
        raise Refused(_why_invalid(number))
    return PhoneNumber(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def country_code(text: str) -> str:
    """A country as people write it, `be`, `UK` or `+32`, as its two letters. Raises Refused."""
    plain = text.strip().upper()
    plain = {"UK": "GB", "EL": "GR"}.get(plain, plain)
    if plain in phonenumbers.SUPPORTED_REGIONS:
        return plain
    prefix = plain.removeprefix("+").removeprefix("00")
    if prefix.isascii() and prefix.isdigit() and len(prefix) <= 3:
        region = phonenumbers.region_code_for_country_code(int(prefix))
        if region in phonenumbers.SUPPORTED_REGIONS:
            return str(region)
    raise Refused(f"{text.strip()!r} is no country; write its two letters, like BE")


def kind_of(number: PhoneNumber) -> NumberKind:
    """What kind of number it is, by its country's numbering plan."""
    parsed = phonenumbers.parse(number)
    if parsed.country_code in _WITHOUT_COUNTRY:
        return _WITHOUT_COUNTRY[parsed.country_code]
    return _KINDS.get(phonenumbers.number_type(parsed), NumberKind.OTHER)


def country_of(number: PhoneNumber) -> str | None:
    """Two-letter country of the number; None for international networks."""
    region = phonenumbers.region_code_for_number(phonenumbers.parse(number))
    return None if region in (None, "001") else region


def _international(digits: str, country: str | None, *, leading_zero_lost: bool) -> str:
    """`+` and digits, of a number that was written without the plus. Raises Refused."""
    if country is None:
        if digits.startswith("00"):
            return f"+{digits[2:]}"
        raise Refused(f"its country is not known; {SAY_HOW}, with + and the country's code")
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country)
    if metadata is None:
        raise Refused(f"{country!r} is no country; write its two letters, like BE")
    code = str(metadata.country_code)
    if re.match(metadata.international_prefix or "00", digits):
        return _dialled_abroad(digits, country)
    dialled_first = re.match(metadata.national_prefix_for_parsing or "0", digits)
    if metadata.national_prefix != "0" or dialled_first or leading_zero_lost:
        return _dialled_abroad(digits, country)
    if digits.startswith(code) and _is_valid(f"+{digits}"):
        return f"+{digits}"
    if _is_valid(f"+{code}{digits}"):
        raise Refused(
            f"its first 0 is missing (a spreadsheet takes it away), or it is an id; "
            f"write it as +{code}…"
        )
    raise Refused(
        f"it is no number of {country}; {SAY_HOW}, with + before the code of another country"
    )


def _dialled_abroad(digits: str, country: str) -> str:
    """What a phone of that country reaches with these digits."""
    try:
        number = phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException as error:
        raise Refused(_WHY_NOT.get(error.error_type, SAY_HOW)) from None
    if not phonenumbers.is_valid_number(number) and digits.startswith("00"):
        return f"+{digits[2:]}"  # also written where another prefix is dialled, as in the US
    return f"+{number.country_code}{phonenumbers.national_significant_number(number)}"


def _is_valid(international: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(international))
    except phonenumbers.NumberParseException:
        return False


def _why_invalid(number: phonenumbers.PhoneNumber) -> str:
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason == phonenumbers.ValidationResult.TOO_SHORT:
        return f"digits are missing: it is too short for a number of +{number.country_code}"
    if reason == phonenumbers.ValidationResult.TOO_LONG:
        return f"it is too long for a number of +{number.country_code}; {SAY_HOW}"
    return f"there is no such number in its country's numbering plan; {SAY_HOW}"


_WHY_NOT = {
    phonenumbers.NumberParseException.INVALID_COUNTRY_CODE: (
        f"no country has this code; {SAY_HOW}, with + and the country's code"
    ),
    phonenumbers.NumberParseException.TOO_SHORT_AFTER_IDD: f"digits are missing; {SAY_HOW}",
    phonenumbers.NumberParseException.TOO_SHORT_NSN: f"digits are missing; {SAY_HOW}",
    phonenumbers.NumberParseException.TOO_LONG: f"it is too long; {SAY_HOW}",
}

_WITHOUT_COUNTRY = {
    800: NumberKind.TOLL_FREE,
    808: NumberKind.SHARED_COST,
    870: NumberKind.SATELLITE,
    878: NumberKind.SATELLITE,
    881: NumberKind.SATELLITE,
    882: NumberKind.SATELLITE,
    883: NumberKind.SATELLITE,
    979: NumberKind.PREMIUM,
}

_KINDS = {
    PhoneNumberType.FIXED_LINE: NumberKind.FIXED,
    PhoneNumberType.MOBILE: NumberKind.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: NumberKind.FIXED,
    PhoneNumberType.VOIP: NumberKind.FIXED,
    PhoneNumberType.TOLL_FREE: NumberKind.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE: NumberKind.PREMIUM,
    PhoneNumberType.SHARED_COST: NumberKind.SHARED_COST,
}
