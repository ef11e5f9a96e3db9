"""Phone numbers in E.164, and what kind of number they are.

>>> parse("0479 20 20 20")
'+32479202020'
>>> kind_of(parse("+32 90 212 345"))
<NumberKind.PREMIUM: 'premium'>
"""

from enum import StrEnum
from typing import NewType

import phonenumbers
from phonenumbers import PhoneNumberType

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


def parse(text: str, *, region: str = "BE") -> PhoneNumber:
    """The E.164 form of what a person, a file or a carrier wrote.

    `region` is where a number without `+` or `00` is dialled from. Raises Refused: not a number,
    not a valid one in its country, with an extension, or not in plain digits.
    """
    text = text.strip()
    # phonenumbers reads Arabic-Indic and full-width digits too; nobody types those into a lead
    # list by accident, so they are an attempt to get past a comparison.
    if not text.isascii():
        raise Refused(_SAY_HOW)
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise Refused(_SAY_HOW) from None
    if number.extension:
        raise Refused("a number with an extension cannot be dialled: give the direct number")
    if not phonenumbers.is_valid_number(number):
        raise Refused(f"there is no such number in its country's numbering plan; {_SAY_HOW}")
    return PhoneNumber(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


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


_SAY_HOW = "give a phone number like +32479202020"

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
