"""Figures in a sentence: how much, of what, how often; what is a telephone number is none."""

import re
from dataclasses import dataclass

from agent.domain.speech_rules import Amount, Period, Tongue
from agent.domain.spoken_patterns import NUMBER, plain

_SPACE = r" \u00a0\u2009\u202f"
_NUMBER = re.compile(
    rf"(?<![\w#])(?:\d{{1,3}}(?:[.,'\u2019{_SPACE}]\d{{3}})+(?!\d)(?:[.,]\d{{1,2}}(?!\d))?"
    r"|\d+(?:[.,]\d+)?)(?P<k>\s?[kK](?![\w]))?"
)
_THOUSANDS = re.compile(r"(\d+(?:[.,]\d{1,2})?) (1000|1000000)(?!\d)")
_PHONE = re.compile(rf"(?<![\w#])(?:\+|0)\d(?:[{_SPACE}./-]?\d){{6,}}")
_TIME = re.compile(
    r"(?<![\w#])\d{1,2}(?::\d\d|\s?[hH]\s?(?:\d\d)?(?!\w)|[.h]\d\d(?=\s?(?:[Uu]hr|uur|u|h|heures|[ap]\.?m)\b))"
    r"|(?<![\w#])\d{1,2}[/.]\d{1,2}[/.]\d{2,4}(?!\d)"
)
_ORDINAL = re.compile(
    r"(?<![\w#])\d+(?:st|nd|rd|th|e|er|[eè]re|[eè]me|ste|de)(?!\w)|(?<![\w#.,])\d{1,2}\.(?=\s+\w)",
)
_SYMBOLS = {"€": " euro ", "$": " dollar ", "£": " pound ", "¥": " yen ", "%": " percent "}
_ROUND = re.compile(r"(\d),-+|(\d),[\u2013\u2014]+")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number in plain words, at `start` to `end`. Several read one by one are one figure."""

    value: float
    written: str
    start: int
    end: int
    pieces: int
    before_name: bool


@dataclass(frozen=True, slots=True)
class Counted:
    """A text as plain words in which each number is a `#0`, and those numbers."""

    words: str
    numbers: tuple[tuple[float, str], ...]
    before_names: frozenset[int]
    """Indexes of numbers before a capital letter: "9000 Ghent"."""

    def figures(self, words: str) -> list[Figure]:
        """The figures of some of the words. Numbers side by side ("six four fifty") are one."""
        found = []
        for run in re.finditer(rf"{NUMBER}\d+(?: {NUMBER}\d+)*", words):
            numbers = [self.numbers[int(each[1:])] for each in run[0].split()]
            written = "".join(text for _, text in numbers)
            value = numbers[0][0] if len(numbers) == 1 else float(re.sub(r"\D", "", written) or 0)
            named = int(run[0].split()[-1][1:]) in self.before_names
            found.append(Figure(value, written, run.start(), run.end(), len(numbers), named))
        return found


def counted(text: str, tongue: Tongue) -> Counted:
    """Read the numbers of a text, in digits or in the words of this language."""
    # Our own marks in the text would be read as figures.
    written = tongue.digits(text.replace(NUMBER, " ").replace("¦", " "))
    written = _ROUND.sub(lambda match: match[1] or match[2], written)
    for each in (_PHONE, _TIME, _ORDINAL):
        written = each.sub(" ztime ", written)
    written = _THOUSANDS.sub(lambda match: _times(match[1], match[2]), written)
    numbers: list[tuple[float, str]] = []
    before_names: set[int] = set()

    def keep(match: re.Match[str]) -> str:
        text = match[0]
        value = value_of(text[: match.start("k") - match.start()] if match["k"] else text)
        if re.match(r"\s+[A-Z\u00c0-\u00dd]", match.string[match.end() :]):
            before_names.add(len(numbers))
        numbers.append((value * 1000 if match["k"] else value, text))
        return f" {NUMBER}{len(numbers) - 1} "

    written = _NUMBER.sub(keep, written)
    for symbol, word in _SYMBOLS.items():
        written = written.replace(symbol, word)
    return Counted(plain(written, tongue.contractions), tuple(numbers), frozenset(before_names))


def value_of(text: str) -> float:
    """'4,900' and '4.900' are 4900; '4.90' and '4,90' are 4.9."""
    compact = re.sub(r"[\s'\u2019]", "", text).strip(".,")
    parts = re.split(r"[.,]", compact)
    if len(parts) > 1 and len(parts[-1]) != 3:
        return float("".join(parts[:-1]) + "." + parts[-1])
    return float("".join(parts))


def amount(figure: Figure, words: str, tongue: Tongue) -> Amount | None:
    """The figure as money or as a share, judged by the words of its clause; None if it is neither.

    A number of 100 or more is money unless its unit says otherwise; a smaller one only beside a
    currency, a period or, from 20 on, in a clause that speaks of prices.
    """
    money = tongue.money
    before, after = words[: figure.start].strip(), words[figure.end :].strip()
    if money.percent.begins(after) is not None:
        return Amount(figure.value, percent=True)
    if money.currencies.begins(after) is not None or money.currencies.ends(before):
        rest = after
        if (unit := money.currencies.begins(after)) is not None:
            rest = after[unit.end :].strip()
        return Amount(figure.value, per=period(rest, tongue))
    if money.units.begins(after) or money.labels.ends(before) or _is_year(figure, before, tongue):
        return None
    per = period(after, tongue)
    if per is not None or money.per_other.begins(after):
        return Amount(figure.value, per=per)
    speaks_of_money = money.prices.find(words) is not None
    # A postcode and its town: "9000 Ghent".
    large = figure.value >= 100 and not (figure.before_name and figure.written.isdecimal())
    if large or (speaks_of_money and (figure.value >= 20 or figure.pieces > 1)):
        return Amount(figure.value)
    return None


def period(after: str, tongue: Tongue) -> Period | None:
    """How often, where the words after an amount begin with it."""
    money = tongue.money
    for each, patterns in (
        (Period.DAY, money.per_day),
        (Period.WEEK, money.per_week),
        (Period.MONTH, money.per_month),
        (Period.YEAR, money.per_year),
    ):
        if patterns.begins(after):
            return each
    return None


def _is_year(figure: Figure, before: str, tongue: Tongue) -> bool:
    spelled = re.fullmatch(r"\d{4}", figure.written) is not None
    return spelled and 1900 <= figure.value <= 2100 and tongue.money.year_before.ends(before)


def _times(number: str, scale: str) -> str:
    value = value_of(number) * float(scale)
    return str(int(value)) if value.is_integer() else str(value)
