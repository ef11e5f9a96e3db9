"""How every command speaks: results to stdout, one `error: …` line to stderr, tables."""

from collections.abc import Iterable, Sequence
from typing import NoReturn

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from agent.errors import CallError

# Nothing is highlighted by guess: a call id or a number must be copied as it stands.
console = Console(highlight=False)
"""For what a command was asked for."""

errors = Console(stderr=True, highlight=False, soft_wrap=True)
"""For what went wrong, and for progress that must not end up in a pipe."""


def fail(error: CallError) -> NoReturn:
    """Print the error as one line and end the process with its exit code."""
    message = " ".join(str(error).split())
    errors.print(f"[bold red]error:[/] {escape(message)}")
    raise SystemExit(error.exit_code)


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, fold: bool = True
) -> Table:
    """A table to be printed with `console`; None is an empty cell, all else is `str()`.

    `fold` wraps long cells over several lines, else they are cut with an ellipsis.
    """
    made = Table(title=escape(title), title_justify="left", title_style="bold", pad_edge=False)
    for column in columns:
        made.add_column(escape(column), overflow="fold" if fold else "ellipsis", no_wrap=not fold)
    for row in rows:
        made.add_row(*("" if cell is None else escape(str(cell)) for cell in row))
    return made
