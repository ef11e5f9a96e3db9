"""Headings of lists as people write them, in English, French, Dutch and German.

>>> best_phone_column(["number", "name", "Mobile Phone"])
2
>>> best_phone_column(["Record ID", "First Name"]) is None
True
"""

import re
import unicodedata
from collections.abc import Sequence
from enum import IntEnum

from agent.domain.phone_numbers import country_code
from agent.errors import Refused


class Worth(IntEnum):
    """How surely a heading stands above the number to take; the lower the better."""

    MOBILE = 0
    PHONE = 1
    OTHER_PHONE = 2
    """At work, a second one, a fixed line."""
    PERHAPS = 3
    """`number` alone: a phone number only where nothing better is there."""


def phone_columns(headings: Sequence[str]) -> list[int]:
    """Columns with phone numbers, the best first; of equals the leftmost."""
    found = [(worth, n) for n, text in enumerate(headings) if (worth := worth_of(text)) is not None]
    return [n for _, n in sorted(found)]


def best_phone_column(headings: Sequence[str]) -> int | None:
    """The column to take; None: no heading is known."""
    return next(iter(phone_columns(headings)), None)


def worth_of(heading: str) -> Worth | None:
    """What a heading says of its column; None: no phone number."""
    if re.search(r"[{}<>=]|\d{4}", heading):
        return None
    words = _words(heading)
    joined = "".join(words)
    if joined in _PERHAPS:
        return Worth.PERHAPS
    if _NOT_THE_NUMBER & set(words) or not words:
        return None
    if _is_any(words, joined, _MOBILE):
        return Worth.MOBILE
    if not _is_any(words, joined, _PHONE):
        return Worth.OTHER_PHONE if joined in _OTHER else None
    return Worth.OTHER_PHONE if _OTHER & set(words) or joined in _OTHER else Worth.PHONE


def is_plain_international(heading: str) -> bool:
    """Whether numbers below it are written with the country's code and without a plus."""
    return bool({"msisdn", "e164"} & set(_words(heading)))


def find_column(headings: Sequence[str], *names: str) -> int | None:
    """The first column with one of these headings, however it is written."""
    wanted = {"".join(_words(name)) for name in names}
    return next((n for n, text in enumerate(headings) if "".join(_words(text)) in wanted), None)


CALLING_CODE = (
    *("phone_code", "dial_code", "calling_code", "country_calling_code", "phone prefix"),
    *("country prefix", "isd code", "indicatif", "landnummer", "ländervorwahl"),
)
COUNTRY = (
    *("country", "country_code", "country iso", "pays", "code pays", "land", "landcode"),
    *("landencode", "ländercode", "staat"),
)


def country_in(cell: str) -> str:
    """The country that a cell names: `BE`, `+32`, `België`. Raises Refused."""
    by_name = _COUNTRIES.get("".join(_words(cell)))
    if by_name is not None:
        return by_name
    try:
        return country_code(cell)
    except Refused:
        raise Refused(f"{cell!r} is no country that is known; write its two letters") from None


def _words(text: str) -> list[str]:
    """`Téléphone (privé)` as telephone, prive; `phoneNumber` as phone, number."""
    parted = re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z])", " ", text)
    bare = "".join(
        each
        for each in unicodedata.normalize("NFKD", parted.casefold())
        if unicodedata.category(each) != "Mn"
    )
    return re.findall(r"[a-z]+|\d+", bare)


def _is_any(words: Sequence[str], joined: str, known: frozenset[str]) -> bool:
    return joined in known or any(word in known for word in words)


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MOBILE = _set(
    "mobile mobilephone mobilenumber mobilephonenumber mobileno mobilenr mob cell cellphone "
    "cellular gsm gsmnummer gsmnumber gsmnr numerogsm numgsm mobiel mobielnummer mobielnr "
    "portable telportable numeroportable handy handynummer handynr mobil mobilnummer mobilnr "
    "mobiltelefon mobilfunk mobilfunknummer mobilrufnummer whatsapp whatsappnumber natel"
)
_PHONE = _set(
    "phone phonenumber phoneno phonenr phones tel telephone telephonenumber telno telnr telnummer "
    "telefoon telefoonnummer telefoonnr telefon telefonnummer telefonnr fon rufnummer msisdn e164 "
    "numerodetelephone numerotelephone numtel numerotel notel numerodappel contactnumber "
    "contactnummer dialnumber callerid callernumber ani telefono"
)
_OTHER = _set(
    "work business office company home private prive privat alt alternative other second secondary "
    "2 3 4 fixe fixed landline vast vastnummer vastelijn festnetz festnetznummer werk zakelijk "
    "bureau kantoor travail professionnel domicile thuis arbeit buro geschaftlich dienstlich "
    "firma zweite tweede deuxieme fixenumber telephonefixe"
)
_PERHAPS = _set("number numero nummer num nr no")
_NOT_THE_NUMBER = _set(
    "code type country prefix extension ext date status consent model brand provider verified "
    "label fax kind opt count id email mail valid carrier operator name reason source time "
    "land indicatif nom naam type pays consentement opmerking notes note"
)
_COUNTRIES = {
    name: country
    for country, names in {
        "BE": "belgium belgie belgique belgien",
        "FR": "france frankrijk frankreich",
        "NL": "netherlands thenetherlands nederland paysbas niederlande holland",
        "DE": "germany duitsland allemagne deutschland",
        "LU": "luxembourg luxemburg",
        "GB": "unitedkingdom greatbritain england royaumeuni verenigdkoninkrijk grossbritannien",
        "CH": "switzerland zwitserland suisse schweiz",
        "AT": "austria oostenrijk autriche osterreich",
        "ES": "spain spanje espagne spanien",
        "IT": "italy italie italien",
        "US": "unitedstates usa etatsunis verenigdestaten vereinigtestaaten",
    }.items()
    for name in names.split()
}
