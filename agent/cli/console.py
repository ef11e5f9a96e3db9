"""How every command speaks: results to stdout, one `error: …` line to stderr."""

from typing import NoReturn

from rich.console import Console
from rich.markup import escape

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
