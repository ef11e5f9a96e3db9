"""Numbers in words, by the rules of Unicode's CLDR: "fr_BE" says septante."""

import functools
import re

from unicode_rbnf import FormatPurpose, RbnfEngine

from agent.domain.figures import value_of

_SOFT_HYPHEN = "\u00ad"
_NAMELESS = 10**12


class NumberWords:
    """One language's number words. `locale` is CLDR's; `decimal` is the word for the point."""

    def __init__(self, locale: str, decimal: str) -> None:
        self._engine = _engine(locale)
        self._decimal = decimal

    def number(self, written: str) -> str:
        """A number as it is written: "6.900", "2,5", "007"."""
        compact = re.sub(r"[\s'\u2019]", "", written)
        if re.fullmatch(r"0\d+", compact):
            return self.digits(compact)
        value = value_of(compact)
        if value == int(value) and not re.search(r"[.,]\d{1,2}$", compact):
            return self.cardinal(int(value))
        whole, _, part = (
            re.sub(r"[.,](?=\d{3}(?!\d))", "", compact).replace(",", ".").partition(".")
        )
        said = self.cardinal(int(part)) if not part.startswith("0") else self.digits(part)
        return f"{self.cardinal(int(whole))} {self._decimal} {said}"

    def cardinal(self, value: int) -> str:
        """A whole number; digit by digit where nobody has a word for it."""
        if value >= _NAMELESS:
            return self.digits(str(value))
        return self._said(value, FormatPurpose.CARDINAL)

    def year(self, value: int) -> str:
        """A year: "nineteen seventy-five"."""
        return self._said(value, FormatPurpose.YEAR)

    def ordinal(self, value: int, ruleset: str) -> str:
        """ "third", by one of CLDR's rule sets."""
        found = self._engine.format_number(value, FormatPurpose.ORDINAL).text_by_ruleset
        return found[ruleset].replace(_SOFT_HYPHEN, "")

    def digits(self, written: str, zero: str | None = None) -> str:
        """Digit by digit. `zero`: another word for 0."""
        return " ".join(
            zero if zero is not None and digit == "0" else self.cardinal(int(digit))
            for digit in written
            if digit.isdigit()
        )

    def _said(self, value: int, purpose: FormatPurpose) -> str:
        return self._engine.format_number(value, purpose).text.replace(_SOFT_HYPHEN, "")


@functools.cache
def _engine(locale: str) -> RbnfEngine:
    return RbnfEngine.for_language(locale)
