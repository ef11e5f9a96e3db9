"""What people paste where a phone number belongs, as the digits that are meant.

>>> digits_of("\N{LEFT-TO-RIGHT EMBEDDING}+32\N{NO-BREAK SPACE}479\N{NON-BREAKING HYPHEN}20.20.20")
'+32479202020'
>>> digits_of("tel:+32-479-20-20-20")
'+32479202020'

Read where it is certain: invisible characters, every kind of space, dash and digit, a label before
the number. All else is refused, and the message names the character: phonenumbers itself would
make +32470123456 of `O470123456`.
"""

import re
import unicodedata
from urllib.parse import unquote

from agent.errors import Refused

MAX_CHARACTERS = 200
"""Nothing longer is a phone number, however it is decorated."""

SAY_HOW = "give a phone number like +32479202020"


def digits_of(text: str) -> str:
    """The digits of the one number in `text`, after a `+` where it has one.

    Raises Refused, with a reason fit for whoever wrote it: nothing there, letters, two numbers, an
    extension, an e-mail address, a number that a spreadsheet has rounded.
    """
    if len(text) > MAX_CHARACTERS:
        raise Refused(f"{len(text)} characters are no phone number; {SAY_HOW}")
    plain = _without_label(_in_ascii(text))
    if not plain:
        raise Refused(f"the number is missing; {SAY_HOW}")
    _refuse_what_is_something_else(plain)
    plain = _FLOAT.sub(r"\1", plain)
    if len(numbers_in(plain)) > 1:
        raise Refused("there are two numbers; give one")
    if found := _EXTENSION.search(plain):
        raise Refused(
            f"a number with an extension ({found.group().strip()}) cannot be dialled; "
            "give the direct number"
        )
    _refuse_other_characters(plain)
    digits = re.sub(r"[^0-9+]", "", plain)
    return "+" + digits.replace("+", "").removeprefix("00") if "+" in digits else digits


def numbers_in(text: str) -> list[str]:
    """The parts of `text` that could each be a whole number: two in a cell are two wishes."""
    plain = _in_ascii(text)
    parts = [part.strip() for part in _BETWEEN_NUMBERS.split(plain)]
    long_enough = [part for part in parts if len(re.sub(r"\D", "", part)) >= _SHORTEST]
    return long_enough if len(long_enough) > 1 else [plain]


def _in_ascii(text: str) -> str:
    """Without what cannot be seen, and with ASCII for what looks the same."""
    made = []
    for character in text:
        category = unicodedata.category(character)
        if character in "\r\n\v\f\x85\u2028\u2029":
            made.append("\n")
        elif category in ("Cf", "Mn", "Me") or character in _DECORATION:
            continue
        elif category == "Zs" or character == "\t":
            made.append(" ")
        elif category == "Nd":
            made.append(str(unicodedata.decimal(character)))
        elif category == "Pd" or character == "\N{MINUS SIGN}":
            made.append("-")
        elif character in _DOTS:
            made.append(".")
        else:
            wide = unicodedata.normalize("NFKC", character)
            made.append(wide if wide in _PUNCTUATION else character)
    return "".join(made).strip().lstrip("'`\N{RIGHT SINGLE QUOTATION MARK}").strip("\"'= \n")


def _without_label(text: str) -> str:
    """`tel:`, `GSM :` and the like taken off: they say what follows, not what to dial."""
    scheme = _SCHEME.match(text)
    if scheme is not None:
        return unquote(text[scheme.end() :]).strip()
    label = _LABEL.match(text)
    return text[label.end() :].strip() if label is not None else text


def _refuse_what_is_something_else(text: str) -> None:
    if text.lower().startswith(("sip:", "sips:")):
        raise Refused(f"this is a SIP address, not a number; {SAY_HOW}")
    if "@" in text:
        raise Refused(f"this is an e-mail or chat address, not a number; {SAY_HOW}")
    if "://" in text:
        raise Refused(f"this is a link, not a number; {SAY_HOW}")
    if _ROUNDED.fullmatch(text):
        raise Refused(
            f"{text} is what a spreadsheet made of a number: its last digits are lost; format "
            "the column as text and export it again"
        )


def _refuse_other_characters(text: str) -> None:
    for character in text:
        if character.isalpha():
            raise Refused(f"{character!r} is a letter, not a digit; {SAY_HOW}")
        if character not in _ALLOWED:
            name = unicodedata.name(character, "a control character").lower()
            raise Refused(
                f"{character!r} (U+{ord(character):04X}, {name}) does not belong in a phone "
                f"number; {SAY_HOW}"
            )
    if not re.search(r"\d", text):
        raise Refused(f"there is no digit in it; {SAY_HOW}")
    if "+" in text.lstrip("( ")[1:]:
        raise Refused(f"'+' stands in the middle; {SAY_HOW}")


_SHORTEST = 7
"""Digits that a whole number has at the least: `0479/20.20.20` is one number, not two."""

_ALLOWED = frozenset("0123456789+()-./ ")
_PUNCTUATION = frozenset("+()-./,;:=#*&@' ")
_DECORATION = frozenset("\u260e\u260f\u2706\u2121\U0001f4de\U0001f4f1\U0001f4f2")  # telephones
_DOTS = frozenset("\N{MIDDLE DOT}\N{BULLET}\N{BULLET OPERATOR}\N{DOT OPERATOR}")

_SCHEME = re.compile(r"(?:tel|whatsapp|callto|sms|phone)\s*:\s*(?://)?", re.IGNORECASE)
_LABEL = re.compile(
    r"(?:t[eé]l(?:[eé]phone|efoon|efon)?|phone|mobile?|mob|cell|gsm|handy|portable|mobiel|m|t|p)"
    r"\s*[.:]*\s*[:.]?\s*(?=[+(\d])",
    re.IGNORECASE,
)
_FLOAT = re.compile(r"(\+?\d{7,15})[.,]0{1,2}")
"""A whole cell such as 32470123456.0: the last digit is not one of the number's."""
_ROUNDED = re.compile(r"\+?\d(?:[.,]\d+)?[eE]\+?\d{1,2}")
_BETWEEN_NUMBERS = re.compile(
    r"[,;|\n/&]|\s(?:or|and|ou|et|of|en|oder|und)\s|(?<=\d)\s*(?=\+)|(?<=\d\d)\s+-\s+(?=[0+])"
    r"|(?<=\d{7})\s+(?=[0+]\d{7})",
    re.IGNORECASE,
)
_EXTENSION = re.compile(
    r"(?:;\s*ext\s*=|[,;]*\s*(?:\bext(?:ension|n)?|\bx|(?<=\d)x|\bposte|\btoestel|\btst|\bdurchwahl"
    r"|\bdw|\bklappe|\binterne?|\bintern|\bdoorkies\w*|#)\s*[.:]*\s*)\d{1,8}\s*$|,+\s*\d{1,6}#?\s*$",
    re.IGNORECASE,
)
