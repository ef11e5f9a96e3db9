"""From the written sentence to what the voice is given: no digit, sign or abbreviation is left.

>>> say = Saying(load_forms(prompts, "nl"), {"Fernhill": "Fern hil"})
>>> say("Fernhill vraagt € 6.900, om 14:30.")
'Fern hil vraagt zesduizendnegenhonderd euro, om half drie.'

Record, history and gate keep the written form.
"""

import hashlib
import re
from collections.abc import Mapping

from agent.domain.figures import value_of
from agent.domain.spoken_forms import Forms, PhoneStyle
from agent.voice.number_words import NumberWords

VERSION = "1"
"""Of the rules below: stored sound that was made by others is made anew."""

_SPACE = r"[ \u00a0\u2009\u202f]"
_NUMBER = (
    rf"\d{{1,3}}(?:(?:[.,'\u2019]|{_SPACE})\d{{3}})+(?!\d)(?:[.,]\d{{1,2}}(?!\d))?|\d+(?:[.,]\d+)?"
)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_WEB = re.compile(
    r"(?<![\w@.])(?:https?://)?(?:www\.)?[\w-]+(?:\.[\w-]+)*"
    r"\.(?:com|be|brussels|eu|fr|nl|lu|de|net|org|info|energy)(?:/[\w/-]*)?(?![\w])"
)
_PHONE = re.compile(rf"(?<![\w.,])(?:\+|0)\d(?:(?:{_SPACE}|[./-])?\d){{6,13}}(?!\d)")
_TIME = re.compile(
    rf"(?<![\d:.,])([01]?\d|2[0-4])(?::|{_SPACE}?[hHu]{_SPACE}?"
    rf"|\.(?=[0-5]\d{_SPACE}?(?:[Uu]hr|uur|h\b)))([0-5]\d)(?![\d:])"
    rf"(?:{_SPACE}?(?:[Uu]hr|uur|heures|o'clock|h(?!\w)))?(?:{_SPACE}?([ap])\.?m\b\.?)?"
)
_HOUR = re.compile(
    rf"(?<![\d.,:\u20ac$£])([01]?\d|2[0-4]){_SPACE}?"
    r"(?:[Uu]hr\b|o'clock\b|h(?!\w)|([ap])\.?m\b\.?)"
)
_ISO_DATE = re.compile(r"(?<![\d-])(\d{4})-(\d\d)-(\d\d)(?!\d)")
_DATE = re.compile(r"(?<![\d/.])(\d{1,2})([/.])(\d{1,2})\2(\d{4})(?!\d)")
_ORDINAL = re.compile(r"(?<![\w.,])(\d{1,4})(?:st|nd|rd|th|er|[eè]re|[eè]me|ste|de|e)(?!\w)")
_RANGE = re.compile(r"(?<=\d)(?:\s?[\u2013\u2014]\s?|-)(?=\d)")
_YEAR = re.compile(r"(?<![\d.,'\u2019])((?:19|20)\d\d)(?![\d'\u2019]|[.,]\d)")
_LONG = re.compile(r"(?<![\w.,])\d{7,}(?!\w)")
_LEFT = re.compile(_NUMBER)


class Saying:
    """Says texts of one language. `pronunciations`: written words, and how they are to be said."""

    def __init__(self, forms: Forms, pronunciations: Mapping[str, str] | None = None) -> None:
        self._forms = forms
        self._words = NumberWords(forms.numbers, forms.decimal)
        self._pronunciations = dict(pronunciations or {})
        signs = sorted(forms.currencies.keys() | forms.currency_words.keys(), key=len, reverse=True)
        money = "|".join(re.escape(sign) + (r"\b" if sign[-1].isalpha() else "") for sign in signs)
        self._money_before = re.compile(
            rf"(?<!\w)({money}){_SPACE}?({_NUMBER})(?:,(?:-+|[\u2013\u2014]+))?"
            rf"(?: {forms.to} ({_NUMBER}))?"
        )
        self._money_after = re.compile(
            rf"({_NUMBER})(?:,(?:-+|[\u2013\u2014]+))?(?:{_SPACE}|-)?({money})"
        )
        units = "|".join(map(re.escape, sorted(forms.units, key=len, reverse=True)))
        self._unit = re.compile(rf"({_NUMBER}){_SPACE}?({units})(?!\w)")
        self._bare_unit = re.compile(rf"/{_SPACE}?({units})(?!\w)")
        months = "|".join(forms.months)
        self._day = re.compile(rf"(?<![\d.,])(\d{{1,2}})(?:\.|er)?{_SPACE}({months})\b", re.I)
        self._month_day = re.compile(rf"\b({months}){_SPACE}(\d{{1,2}})(?![\d.,:]\d|\d)", re.I)
        self._german_ordinal = re.compile(r"(?<![\d.,])(\d{1,2})\.(?=\s+[a-zäöü])")

    @property
    def version(self) -> str:
        """Changes whenever a text may be said in another way."""
        made_of = f"{VERSION}|{self._forms}|{sorted(self._pronunciations.items())}"
        return hashlib.sha256(made_of.encode()).hexdigest()[:12]

    def __call__(self, text: str) -> str:
        """The text as it is to be spoken."""
        forms = self._forms
        for written, said in self._pronunciations.items():
            word = re.compile(rf"(?<!\w){re.escape(written)}(?!\w)")
            text = word.sub(said.replace("\\", ""), text)
        text = _EMAIL.sub(lambda match: self._address(match[0]), text)
        text = _WEB.sub(lambda match: self._address(match[0].removeprefix("https://")), text)
        text = _TIME.sub(lambda match: self._time(int(match[1]), int(match[2]), match[3]), text)
        text = _HOUR.sub(lambda match: self._time(int(match[1]), 0, match[2]), text)
        text = _ISO_DATE.sub(lambda m: self._date(int(m[3]), int(m[2]), m[1]), text)
        text = _DATE.sub(lambda m: self._date(int(m[1]), int(m[3]), m[4]), text)
        text = _PHONE.sub(lambda match: self._phone(match[0]), text)
        text = _RANGE.sub(f" {forms.to} ", text)
        text = re.sub(r"(?<![\w)])[-\u2212](?=\d)", f"{forms.minus} ", text)
        text = self._money_before.sub(self._money_behind, text)
        text = self._money_after.sub(lambda m: self._money(m[1], m[2]), text)
        text = self._unit.sub(lambda m: self._with_unit(m[1], m[2]), text)
        text = self._bare_unit.sub(lambda m: f" {forms.per} {forms.units[m[1]][0]}", text)
        text = re.sub(
            rf"({_NUMBER}){_SPACE}?%", lambda m: f"{self._words.number(m[1])} {forms.percent}", text
        )
        text = self._day.sub(self._day_of_month, text)
        text = self._month_day.sub(lambda m: f"{m[1]} {self._day_words(int(m[2]), m)}", text)
        text = _ORDINAL.sub(lambda m: self._ordinal(int(m[1]), m), text)
        if forms.ordinal_after:
            text = self._german_ordinal.sub(lambda m: self._ordinal(int(m[1]), m), text)
        text = _YEAR.sub(lambda m: self._words.year(int(m[1])), text)
        text = _LONG.sub(lambda m: self._words.digits(m[0]), text)
        text = re.sub(rf"(?<!\w)1(?={_SPACE}[^\W\d])", forms.one, text)
        text = _LEFT.sub(lambda m: f" {self._words.number(m[0])} ", text)
        for sign, said in forms.signs.items():
            text = text.replace(sign, f" {said} ")
        for sign, currency in forms.currencies.items():
            text = text.replace(sign, f" {currency.one} ")
        text = text.replace("%", f" {forms.percent} ").replace("@", f" {forms.address['@']} ")
        text = _tidy(text)
        for made, said in forms.corrections.items():
            text = re.sub(rf"(?<!\w){made}(?!\w)", said, text)
        return text

    def _money_behind(self, match: re.Match[str]) -> str:
        """ "€5 to 10": the currency is said once, at the end."""
        if match[3] is None:
            return self._money(match[2], match[1])
        return f"{self._words.number(match[2])} {self._forms.to} {self._money(match[3], match[1])}"

    def _money(self, number: str, sign: str) -> str:
        forms = self._forms
        currency = forms.currencies[forms.currency_words.get(sign, sign)]
        value = value_of(number)
        whole, cents = divmod(round(value * 100), 100)
        if value < 0.995 and cents:
            return (
                f"{self._count(cents)} {currency.small_one if cents == 1 else currency.small_many}"
            )
        said = f"{self._count(whole)} {currency.one if whole == 1 else currency.many}"
        return f"{said} {self._words.cardinal(cents)}" if cents else said

    def _with_unit(self, number: str, unit: str) -> str:
        one, many = self._forms.units[unit]
        return (
            f"{self._forms.one} {one}" if number == "1" else f"{self._words.number(number)} {many}"
        )

    def _count(self, value: int) -> str:
        return self._forms.one if value == 1 else self._words.cardinal(value)

    def _time(self, hour: int, minute: int, half: str | None) -> str:
        clock = self._forms.clock
        if half is not None:
            hour = hour % 12 + (12 if half == "p" else 0)
        if minute == 0 and hour % 24 in (0, 12):
            return clock.noon if hour == 12 else clock.midnight
        daily = clock.twelve_hours and (half is not None or 7 <= hour <= 21)
        if not daily:
            template = clock.other if minute else clock.full
        elif 0 < minute < 10:
            template = clock.small
        else:
            template = {0: clock.full, 15: clock.quarter, 30: clock.half, 45: clock.to_quarter}.get(
                minute, clock.other
            )
        return template.format(
            hour=self._hour(hour, daily),
            next=self._hour(hour + 1, daily),
            minute=self._words.cardinal(minute),
        )

    def _hour(self, hour: int, daily: bool) -> str:
        value = (hour - 1) % 12 + 1 if daily else hour % 24
        return self._forms.clock.one if value == 1 else self._words.cardinal(value)

    def _date(self, day: int, month: int, year: str) -> str:
        if not 1 <= month <= 12 or not 1 <= day <= 31:
            return self._words.digits(f"{day}{month}{year}")
        said = self._forms.date.format(
            day=self._day_words(day, None), month=self._forms.months[month - 1]
        )
        return f"{said} {self._words.year(int(year))}"

    def _day_of_month(self, match: re.Match[str]) -> str:
        day = self._day_words(int(match[1]), match)
        return self._forms.day_of_month.format(day=day, month=match[2])

    def _day_words(self, day: int, where: re.Match[str] | None) -> str:
        if day == 1 and not self._forms.day_ordinal:
            return self._forms.day_first
        return self._ordinal(day, where) if self._forms.day_ordinal else self._words.cardinal(day)

    def _ordinal(self, value: int, where: re.Match[str] | None) -> str:
        before = where.string[: where.start()].split() if where is not None else []
        after = self._forms.ordinal_after
        return self._words.ordinal(
            value, after.get(before[-1].lower() if before else "", self._forms.ordinal)
        )

    def _phone(self, written: str) -> str:
        forms = self._forms
        groups = re.findall(r"\d+", written)
        if len(groups) == 1:
            groups = _pairs(groups[0])
        said = [self._group(group) for group in groups]
        return (f"{forms.plus} " if written.startswith("+") else "") + ", ".join(said)

    def _group(self, group: str) -> str:
        style, zero = self._forms.phone, self._forms.zero
        significant = group.lstrip("0")
        as_number = style is PhoneStyle.NUMBERS and len(significant) <= 3
        as_pair = style is PhoneStyle.PAIRS and len(group) == 2
        if significant and (as_number or as_pair):
            zeros = [zero] * (len(group) - len(significant))
            return " ".join([*zeros, self._words.cardinal(int(significant))])
        return self._words.digits(group, zero)

    def _address(self, written: str) -> str:
        pieces = re.split(r"(\d+|[^\w]|_)", written.rstrip("."))
        said = [
            self._words.digits(piece) if piece.isdigit() else self._forms.address.get(piece, piece)
            for piece in pieces
            if piece
        ]
        return " ".join(said) + ("." if written.endswith(".") else "")


def _pairs(digits: str) -> list[str]:
    """A number that is written without groups: "0470123456" as 0470 12 34 56."""
    head = 4 if digits.startswith("04") else 2
    rest = digits[head:]
    first = 3 if len(rest) % 2 else 2
    return [digits[:head], rest[:first], *(rest[at : at + 2] for at in range(first, len(rest), 2))]


def _tidy(text: str) -> str:
    """Single blanks, none before punctuation."""
    return re.sub(r"\s+([,.;:!?])", r"\1", " ".join(text.split()))
