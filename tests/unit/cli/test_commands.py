"""A command is imported when it is called: the command line itself is light."""

import json
import subprocess
import sys

import pytest

from agent.cli.commands import COMMANDS, load_command
from agent.settings import ROOT

# What reads the command line and prints.
SHOWS = {
    "typer",
    "annotated_doc",
    "attr",
    "colorama",
    "rich",
    "pygments",
    "click",
    "shellingham",
    "markdown_it",
    "mdurl",
}
# What reads the settings and the state of a running stack.
READS = {"pydantic", "pydantic_core", "pydantic_settings", "annotated_types", "dotenv", "structlog"}
READS |= {"typing_extensions", "typing_inspection", "attrs"}
SIGNS = {"jwt", "cryptography", "cffi"}
ASKS = {"asyncpg", "phonenumbers"}
MIGRATES = {"pogo_core", "sqlparse"}

_IMPORTED = """
import sys
sys.argv = ["agent.py", *sys.argv[1:]]
from agent.cli.commands import main
try:
    main()
except SystemExit:
    pass
roots = {name.partition(".")[0] for name, module in sys.modules.items() if module is not None}
import json
print(json.dumps(sorted(roots - set(sys.stdlib_module_names))), file=sys.stderr)
"""


def imported(*arguments: str) -> set[str]:
    """The packages, beside Python's own, that a process has loaded when the command is over."""
    ended = subprocess.run(
        [sys.executable, "-c", _IMPORTED, *arguments],
        cwd=ROOT,
        env={
            "API_JWT_SECRET": "example-0123456789abcdefghijklmnopqrstuvwxyz",
            "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found: list[str] = json.loads(ended.stderr.splitlines()[-1])
    # What the interpreter brings by itself, such as a hook of the virtual environment.
    return {root for root in found if not root.startswith("_")} - {"agent", "cython_runtime"}


NEEDED = {
    "--help": SHOWS,
    "calls --help": SHOWS | READS | ASKS,
    "token": SHOWS | READS | SIGNS,
    "calls": SHOWS | READS | ASKS,
    "calls show 1234": SHOWS | READS | ASKS,
    "migrate": SHOWS | READS | ASKS | MIGRATES,
    "retention": SHOWS | READS | ASKS | MIGRATES,
}


@pytest.mark.parametrize("words", NEEDED)
def test_a_small_command_loads_only_what_it_needs(words: str) -> None:
    assert imported(*words.split()) <= NEEDED[words]


def test_a_command_that_there_is_not_is_one_that_names_those_like_it() -> None:
    ended = subprocess.run(
        [sys.executable, "agent.py", "call-s"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 2
    assert "'calls'" in ended.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_the_line_of_help_is_the_first_paragraph_of_the_commands_own(name: str) -> None:
    command = load_command(name)
    assert (command.help or "").split("\n\n")[0].replace("\n", " ") == COMMANDS[name][1]
