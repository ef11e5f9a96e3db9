"""Lists of phone numbers as people have them: which column, what each line says, what was not read.

One reader for opt-outs and for contacts. A file whose columns are not understood is refused whole,
with its first lines: an id that was read as a number would opt a stranger out for good.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from agent.domain.list_headings import (
    CALLING_CODE,
    COUNTRY,
    country_in,
    find_column,
    is_plain_international,
    phone_columns,
)
from agent.domain.pasted_numbers import numbers_in
from agent.domain.phone_numbers import PhoneNumber, parse
from agent.domain.tables import MAX_BYTES, Row, first_lines, read_table
from agent.errors import FileError, Refused

_HEADING_WITHIN = 5
"""Rows: an export may have a title and a date above its headings."""
_PLAINLY = 0.8
"""Share of cells that are valid numbers, for a column without a heading to be taken."""
_PLAIN = re.compile(r"\W*[+0\uff0b\uff10]")
"""How a number begins that is nothing else."""
_LIKE_IDS = 0.9
_ENOUGH_FOR_IDS = 10


@dataclass(frozen=True, slots=True)
class ListedNumber:
    """One row that was read; `cells` are all of it, in the order of the headings."""

    line: int
    number: PhoneNumber
    cells: tuple[str, ...]
    also: tuple[PhoneNumber, ...] = ()
    """Further numbers that stood in the same cell."""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """One row that was not read: what stood there, and why not."""

    line: int
    written: str
    why: str


@dataclass(frozen=True, slots=True)
class NumberList:
    """What a file says. `column` is the heading that was taken, or the column's place."""

    column: str
    headings: tuple[str, ...] = ()
    rows: tuple[ListedNumber, ...] = ()
    refused: tuple[RefusedRow, ...] = ()
    repeated: tuple[tuple[int, int], ...] = ()
    """Lines whose number stood on an earlier line, with that line."""

    @property
    def read(self) -> int:
        """Rows that held something, headings not counted."""
        return len(self.rows) + len(self.refused) + len(self.repeated)

    @property
    def numbers(self) -> frozenset[PhoneNumber]:
        """Every number once, those that stood in one cell too."""
        return frozenset(number for row in self.rows for number in (row.number, *row.also))


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where in a row what stands; the first of `phones` that is filled in is taken."""

    phones: tuple[int, ...]
    calling_code: int | None = None
    country: int | None = None
    international: frozenset[int] = field(default_factory=frozenset)


def read_number_list(
    data: bytes,
    shown: str,
    *,
    country: str | None,
    column: str | None = None,
    max_bytes: int = MAX_BYTES,
) -> NumberList:
    """The numbers of the CSV file `shown`.

    `country` is where numbers without their country's code are dialled from, unless a column says
    otherwise; None: they are refused. `column` names the heading to take. Raises FileError for a
    file that is no table, or whose numbers cannot be told from ids.
    """
    rows = read_table(data, shown, max_bytes=max_bytes)
    if not rows:
        raise FileError(shown, 1, "holds nothing", "put a number on each line")
    at = _heading_row(rows, country, column)
    if at is None:
        if column is not None:
            raise _unknown(shown, rows, f"no heading is {column!r}")
        return _without_headings(rows, shown, country)
    headings = rows[at].cells
    columns = _columns(headings, column)
    columns = replace(
        columns,
        international=columns.international | _international(rows[at + 1 :], columns.phones),
    )
    found = replace(
        _read(rows[at + 1 :], columns, country),
        column=headings[columns.phones[0]],
        headings=headings,
    )
    _refuse_ids(found, shown)
    return found


def _heading_row(rows: Sequence[Row], country: str | None, column: str | None) -> int | None:
    """Which of the first rows is the headings: it names a phone column and holds no number."""
    for at, row in enumerate(rows[:_HEADING_WITHIN]):
        if any(_number(cell, country) is not None for cell in row.cells):
            return None
        if column is not None:
            if find_column(row.cells, column) is not None:
                return at
        elif phone_columns(row.cells):
            return at
    return None


def _columns(headings: Sequence[str], column: str | None) -> _Columns:
    phones = phone_columns(headings)
    if column is not None and (named := find_column(headings, column)) is not None:
        phones = [named]
    return _Columns(
        tuple(phones),
        find_column(headings, *CALLING_CODE),
        find_column(headings, *COUNTRY),
        frozenset(n for n in phones if is_plain_international(headings[n])),
    )


def _international(rows: Sequence[Row], phones: Sequence[int]) -> frozenset[int]:
    """Columns in which every cell is a country's code and a number, without the plus.

    Eleven digits or more, so that no national number is one by chance: 2125550123 is New York's as
    well as Morocco's.
    """
    return frozenset(
        at
        for at in phones
        if (cells := [_cell(row, at) for row in rows if _cell(row, at)])
        and all(re.fullmatch(r"[1-9]\d{10,14}", cell) for cell in cells)
        and all(_number(f"+{cell}", None) is not None for cell in cells)
    )


def _without_headings(rows: Sequence[Row], shown: str, country: str | None) -> NumberList:
    """A first column that is plainly numbers needs no heading."""
    columns = _Columns((0,), international=_international(rows, (0,)))
    found = replace(_read(rows, columns, country), column="column 1")
    has_heading = bool(found.refused) and found.refused[0].line == rows[0].line
    data = rows[1:] if has_heading else rows
    bad = len(found.refused) - has_heading
    # Ids below a heading that nobody knows can be numbers of a country that dials no first 0.
    ids = has_heading and not all(_PLAIN.match(_cell(row, 0)) for row in data)
    if not data or ids or bad > (1 - _PLAINLY) * len(data):
        raise _unknown(shown, rows, "no heading is known, and its first column is not numbers")
    _refuse_ids(found, shown)
    return found


def _read(rows: Sequence[Row], columns: _Columns, country: str | None) -> NumberList:
    read: list[ListedNumber] = []
    refused: list[RefusedRow] = []
    repeated: list[tuple[int, int]] = []
    seen: dict[PhoneNumber, int] = {}
    for row in rows:
        at = next((n for n in columns.phones if _cell(row, n)), columns.phones[0])
        written = _cell(row, at)
        try:
            found = list(_numbers(row, at, columns, country))
        except Refused as reason:
            refused.append(RefusedRow(row.line, written[:80], str(reason)))
            continue
        if all(number in seen for number in found):
            repeated.append((row.line, seen[found[0]]))
            continue
        new = [number for number in dict.fromkeys(found) if number not in seen]
        seen.update(dict.fromkeys(new, row.line))
        read.append(ListedNumber(row.line, new[0], row.cells, tuple(new[1:])))
    return NumberList("", (), tuple(read), tuple(refused), tuple(repeated))


def _numbers(row: Row, at: int, columns: _Columns, country: str | None) -> Iterator[PhoneNumber]:
    """The numbers of a row's cell. Raises Refused when one of them is none."""
    written = _cell(row, at)
    code = _cell(row, columns.calling_code)
    named = code or _cell(row, columns.country)
    place = country_in(named) if named else country
    for text in numbers_in(written):
        if at in columns.international and re.fullmatch(r"[1-9]\d{7,14}", text):
            text = f"+{text}"
        yield parse(text, country=place, leading_zero_lost=bool(code))


def _cell(row: Row, at: int | None) -> str:
    return row.cells[at] if at is not None and at < len(row.cells) else ""


def _number(text: str, country: str | None) -> PhoneNumber | None:
    try:
        return parse(text, country=country)
    except Refused:
        return None


def _refuse_ids(found: NumberList, shown: str) -> None:
    """A column that counts up by one is not a column of phone numbers."""
    numbers = [int(row.number) for row in found.rows]
    steps = [after - before for before, after in pairwise(numbers)]
    if len(steps) >= _ENOUGH_FOR_IDS and steps.count(1) > _LIKE_IDS * len(steps):
        raise FileError(
            shown,
            found.rows[0].line,
            f"the numbers of {found.column!r} count up by one: they look like ids",
            "name the column with the phone numbers",
        )


def _unknown(shown: str, rows: Sequence[Row], problem: str) -> FileError:
    return FileError(
        shown,
        rows[0].line,
        f"{problem}; it begins: {first_lines(rows)}",
        "write phone_number above the numbers, or name their column; nothing was taken",
    )
