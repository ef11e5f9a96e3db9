"""What the doctor tells people to type exists."""

import re

from agent.settings import ROOT
from tests.cli import every_command


def test_every_command_that_mends_something_exists_with_its_options() -> None:
    code = "".join(path.read_text() for path in (ROOT / "agent" / "doctor").glob("*.py"))
    code = code.replace("{PROVISION}", "python agent.py provision")
    named = re.findall(r"python agent\.py ([a-z]+(?: [a-z-]+)?)((?: --[a-z]+)*)", code)
    assert len(named) > 10
    for words, options in named:
        command = every_command().get(words) or every_command().get(words.split()[0])
        assert command, words
        known = {option for each in command.params for option in each.opts}
        assert set(options.split()) <= known, words + options
