"""The commands as a tree, for tests that are to see every one, a new one too."""

from collections.abc import Iterator
from functools import cache

from typer.core import TyperCommand, TyperGroup

from agent.cli.commands import COMMANDS, load_command

Command = TyperCommand | TyperGroup


@cache
def every_command() -> dict[str, Command]:
    """Every command by its words: `calls`, `calls show`."""
    return dict(found for name in COMMANDS for found in _walk(name, load_command(name)))


def _walk(words: str, command: Command) -> Iterator[tuple[str, Command]]:
    yield words, command
    if isinstance(command, TyperGroup):
        for name, member in command.commands.items():
            assert isinstance(member, TyperCommand | TyperGroup)
            yield from _walk(f"{words} {name}", member)
