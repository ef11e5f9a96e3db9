"""The table of commands, and the command line that imports a command only when it is called.

`--help` and a small command must not wait for the speech framework, which takes seconds to load.
So this table holds each command's file and its one line of help; tests/unit/cli compares the lines
with the commands' own docstrings, and looks at what is imported.
"""

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from agent.cli.console import fail
from agent.cli.proxies import settle_proxies
from agent.errors import CallError

COMMANDS: Mapping[str, tuple[str, str]] = {
    "start": ("processes", "Take calls until SIGTERM; then finish the running ones and end."),
    "dev": (
        "processes",
        "Take calls on this laptop: reloads on change, starts the local stack if there is none.",
    ),
    "dialer": (
        "processes",
        "Place wanted calls, as far as agents are free, until SIGTERM; any number may run.",
    ),
    "talk": (
        "talk",
        "Talk to the agent in your browser: starts what does not run yet, and prints a link.",
    ),
    "api": ("processes", "Serve the HTTP API (API_HOST, API_PORT) until SIGTERM."),
    "call": (
        "call",
        "Call one number and wait for what becomes of it. Ctrl-C leaves the call to itself.",
    ),
    "token": (
        "token",
        "Print a token signed with API_JWT_SECRET; without --scope it may ask for and read calls.",
    ),
    "stack": (
        "stack",
        "Start a real LiveKit, Redis and Postgres here, and stand-ins for what needs an account.",
    ),
    "simulate": (
        "simulate",
        "Let a simulated customer dial our number, hear them talk, and read the row back.",
    ),
    "demo": (
        "demo",
        "Three customers phone the agent here, it calls a fourth; then what Postgres holds of it.",
    ),
    "migrate": (
        "database",
        "Create or update our tables in DATABASE_URL; nothing happens when they are up to date.",
    ),
    "opt-outs": (
        "opt_outs",
        "The latest numbers that nobody may call, and those that were taken off again.",
    ),
    "provision": (
        "provision",
        "Set up LiveKit, and Telnyx with TELNYX_API_KEY. Shows a plan, asks, does it.",
    ),
    "doctor": (
        "doctor",
        "Look for what keeps calls from working. Exit code 0: nothing, 1: warnings, 2: errors.",
    ),
    "retention": (
        "database",
        "Delete recordings and transcripts of calls that ended more than RETENTION_DAYS days ago.",
    ),
    "calls": (
        "calls",
        "The latest calls, newest first; `calls show ID` for everything about one.",
    ),
    "webhooks": (
        "webhooks",
        "The latest webhooks, newest first, then those of the last day that were not believed.",
    ),
}
"""Name → (file in this folder, first paragraph of its help), in the order that `--help` shows."""


def main() -> None:
    """Run the command line. A CallError is one line on stderr and a non-zero exit."""
    try:
        try:
            command_line()()
        finally:
            if sys.stdout is not None:  # as in `python agent.py token >&-`
                sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone, as in `| head`: the interpreter must not flush again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except CallError as error:
        fail(error)
    except KeyboardInterrupt:
        sys.exit(130)


def command_line() -> "CommandLine":
    """The commands as one group, none of them imported yet."""
    return CommandLine(
        commands={name: TyperCommand(name, help=says) for name, (_, says) in COMMANDS.items()},
        help="AI Sales Call: a phone agent that holds sales calls.",
        no_args_is_help=True,
    )


class CommandLine(TyperGroup):
    """A group whose members are names and help lines until one of them is called."""

    def resolve_command(
        self, ctx: Any, args: list[str]
    ) -> tuple[str | None, TyperCommand | TyperGroup | None, list[str]]:
        """The command that was asked for, imported."""
        name, command, rest = super().resolve_command(ctx, args)
        if name is None or command is None:
            return name, None, rest
        settle_proxies(name, os.environ)  # before any library has read them
        return name, load_command(name), rest


def load_command(name: str) -> TyperCommand | TyperGroup:
    """Import the file of the command `name` and return the command."""
    file, _ = COMMANDS[name]
    command = get_command(import_module(f"agent.cli.{file}").app)
    if isinstance(command, TyperGroup) and name in command.commands:
        command = command.commands[name]  # a file with several commands
    assert isinstance(command, TyperCommand | TyperGroup)
    return command
