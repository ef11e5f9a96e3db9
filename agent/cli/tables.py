"""Tables and paragraphs for a terminal of any width: lines break between words, never in one.

    print_table("calls", ("id", "outcome"), rows, below=summaries)

A table that cannot be that narrow is printed as blocks, a line for each cell. A word longer than
the whole line stays in one piece: what is copied must be true.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions
from rich.text import Text

from agent.cli.console import console

_GAP = " │ "
_INDENT = 2


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    below: Sequence[str | None] = (),
) -> None:
    """Print rows on stdout; None is an empty cell, all else is `str()`, brackets as they are.

    `below` has a text for each row, printed under it over the whole width.
    """
    console.print(table(title, columns, rows, below=below), soft_wrap=True)


def print_paragraph(markup: str, *, indent: int = 0) -> None:
    """Print rich markup that hangs at `indent`. In a pipe it stays one line, to be searched."""
    text = Text.from_markup(markup)
    width = max(console.width - indent, 1)
    lines = _wrapped(text, width) if console.is_terminal else [text]
    for line in lines:
        console.print(Text(" " * indent) + line, soft_wrap=True)


def table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    below: Sequence[str | None] = (),
) -> "Table":
    """The same as a renderable, for a display that draws it again and again."""
    cells = tuple(tuple("" if cell is None else str(cell) for cell in row) for row in rows)
    notes = tuple(note or "" for note in below) or ("",) * len(cells)
    return Table(title, tuple(columns), cells, notes)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head; `below` has one text a row."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    below: tuple[str, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        """As columns where the longest words leave room for it, else as blocks."""
        if self.title:
            yield Text(self.title, "bold")
        widths = _widths([self.columns, *self.rows], options.max_width)
        if widths is None:
            yield from self._blocks(options.max_width)
        else:
            yield from self._lines(widths, options.max_width)

    def _lines(self, widths: Sequence[int], width: int) -> Iterator[Text]:
        if any(self.columns):
            yield from _line(self.columns, widths, "bold")
            yield Text("─┼─".join("─" * each for each in widths))
        for row, note in zip(self.rows, self.below, strict=True):
            yield from _line(row, widths, "")
            for line in _wrapped(Text(note, "dim"), width - _INDENT) if note else ():
                yield Text(" " * _INDENT) + line

    def _blocks(self, width: int) -> Iterator[Text]:
        for row, note in zip(self.rows, self.below, strict=True):
            cells = [*zip(self.columns, row, strict=True), ("", note)]
            for number, (name, cell) in enumerate(cells):
                if not cell:
                    continue
                text = Text(f"{name}: " if name else "", "bold") + Text(cell)
                indent = _INDENT if number else 0
                for line in _wrapped(text, width - indent):
                    yield Text(" " * indent) + line


def _widths(rows: Sequence[Sequence[str]], width: int) -> list[int] | None:
    """The columns' widths; None: the longest words do not stand side by side in `width`."""
    columns = list(zip(*rows, strict=True))
    least = [max(map(_longest_word, column)) for column in columns]
    room = width - len(_GAP) * (len(columns) - 1)
    if sum(least) > room:
        return None
    widths = [max(map(_longest_line, column)) for column in columns]
    while sum(widths) > room:
        # The widest gives first, so that a name beside a sentence stays on its line.
        widest = max(
            (at for at in range(len(widths)) if widths[at] > least[at]), key=widths.__getitem__
        )
        widths[widest] -= 1
    return widths


def _line(cells: Sequence[str], widths: Sequence[int], style: str) -> Iterator[Text]:
    """One row, as many lines as its longest cell needs."""
    wrapped = [
        _wrapped(Text(cell, style), max(width, 1))
        for cell, width in zip(cells, widths, strict=True)
    ]
    for number in range(max(map(len, wrapped))):
        pieces = [lines[number] if number < len(lines) else Text() for lines in wrapped]
        for piece, width in zip(pieces[:-1], widths, strict=False):
            piece.pad_right(max(width - piece.cell_len, 0))
        yield Text(_GAP).join(pieces)


def _wrapped(text: Text, width: int) -> list[Text]:
    """`text` as lines that break between words only, which rich itself does not promise."""
    lines: list[Text] = []
    for paragraph in text.split("\n", allow_blank=True):
        breaks, used = [], 0
        for word in re.finditer(r"\s*\S+\s*", paragraph.plain):
            if used and used + cell_len(word[0].rstrip()) > width:
                breaks.append(word.start())
                used = 0
            used += cell_len(word[0])
        lines += paragraph.divide(breaks)
    for line in lines:
        line.rstrip()
    return lines


def _longest_word(cell: str) -> int:
    return max(map(cell_len, cell.split()), default=0)


def _longest_line(cell: str) -> int:
    return max(map(cell_len, cell.split("\n")), default=0)
