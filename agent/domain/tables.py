"""Tables as people export them: which sign parts the cells, and on which line each row stands.

>>> [row.cells for row in read_table(b"sep=;\\nphone;name\\n0479;An\\n", "list.csv")]
[('phone', 'name'), ('0479', 'An')]

The standard library's sniffer answers 'e' for `phone_number;name`; this looks only for the four
signs that exports use, outside quotes, and takes the one that stands equally often in most lines.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from agent.edited_files.text import decode, too_large
from agent.errors import FileError

MAX_BYTES = 50 * 1024 * 1024
MAX_ROWS = 200_000
MAX_COLUMNS = 100

_DELIMITERS = ";,\t|"
_SAMPLE_LINES = 50
_SAYS_DELIMITER = re.compile(r'"?sep=(.)"?[;,\t|]*', re.IGNORECASE)
_QUOTED = re.compile(r'"(?:[^"]|"")*"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Row:
    """One row that holds something. `line` is where it begins, from 1."""

    line: int
    cells: tuple[str, ...]


def read_table(data: bytes, shown: str, *, max_bytes: int = MAX_BYTES) -> tuple[Row, ...]:
    """Every row of the CSV file `shown` that is not empty. Raises FileError."""
    if len(data) > max_bytes:
        raise too_large(shown, len(data), max_bytes)
    text = decode(data, shown, table=True)
    first, _, rest = text.partition("\n")
    skipped = 0
    if says := _SAYS_DELIMITER.fullmatch(first.strip()):
        delimiter, text, skipped = says.group(1), rest, 1
    else:
        delimiter = _delimiter(text)
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    rows: list[Row] = []
    before = 0
    try:
        for cells in reader:
            line, before = skipped + before + 1, reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > MAX_COLUMNS:
                raise _refused(shown, line, f"{len(cells)} columns, {MAX_COLUMNS} are read")
            if len(rows) == MAX_ROWS:
                raise _refused(shown, line, f"more than {MAX_ROWS:,} rows")
            rows.append(Row(line, tuple(cell.strip() for cell in cells)))
    except csv.Error as fault:
        line = skipped + before + 1
        raise FileError(
            shown, line, f"is not CSV ({fault})", 'check the quotes: one inside a cell is ""'
        ) from None
    return tuple(rows)


def first_lines(rows: Sequence[Row], count: int = 3) -> str:
    """The first rows, shortened, to be shown to whoever sent the file."""
    return " | ".join("; ".join(row.cells)[:80] for row in rows[:count]) or "nothing"


def _delimiter(text: str) -> str:
    """The sign that parts the cells; `;` for a table of one column, where none does."""
    lines = [line for line in _QUOTED.sub("", text).split("\n", _SAMPLE_LINES * 2) if line.strip()]
    lines = lines[:_SAMPLE_LINES]
    if not lines:
        return ";"

    def fit(sign: str) -> tuple[int, int]:
        counts = Counter(line.count(sign) for line in lines)
        often, agreeing = max(counts.items(), key=lambda each: (each[0] > 0, each[1]))
        return (agreeing if often else 0, lines[0].count(sign))

    best = max(_DELIMITERS, key=fit)  # of equals the first: a name has commas, no semicolon
    return best if fit(best)[0] else ";"


def _refused(shown: str, line: int, problem: str) -> FileError:
    return FileError(shown, line, problem, "split the file")
