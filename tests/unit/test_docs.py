"""Whatever the README and docs/ promise and a program can check."""

import re
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel
from typer.core import TyperGroup

from agent.domain.calls import EventKind
from agent.domain.dispositions import Disposition
from agent.errors import PlaybookError
from agent.local.providers.faults import Fault, ProviderPart
from agent.local.scenarios.agent_rules import Branch, Rule
from agent.local.scenarios.scenario import Expect, Scenario, load_scenario
from agent.local.scenarios.steps import STEP_KINDS, HangUp, SpeakDuringTurn, Wait, WaitEnd
from agent.local.stack.parts import PART_ORDER
from agent.playbook.load import load_playbook
from agent.playbook.model import (
    AnswerType,
    Appointment,
    Lines,
    Playbook,
    Question,
    TransferTarget,
)
from agent.settings import ROOT
from tests.cli import every_command
from tests.unit.test_project_files import variables_of_example

README = ROOT / "README.md"
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [README, *DOCS, ROOT / "AGENTS.md"]
PLAYBOOK = ROOT / "prompts" / "playbooks" / "default.md"

# Told by a running stack, or used by files of sip_config/ only.
OTHER_VARIABLES = {"FORWARDED_ALLOW_IPS", "PHONE_NETWORK_URL", "SPEECH_URL"}
CONSTANTS = {"LANGUAGES", "FILES", "VARIABLES"}
NO_FILES = ("text/", "application/", "audio/")  # media types
MADE_BY_RUNNING = (".stack/", ".venv/", "recordings/", "unsaved/", "RECORDINGS_DIR/")
EXAMPLES = {"asks-about-guarantee.yaml", "Europe/Brussels"}


def text(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def prose(page: Path) -> str:
    """The page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def quoted(page: Path) -> list[str]:
    return re.findall(r"`([^`\n]+)`", prose(page))


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the table that follows `heading`, without its two head lines."""
    _, found, rest = page.partition(f"\n{heading}\n")
    assert found, f"no heading {heading}"
    table = re.search(r"(?:^\|.*\n)+", rest, re.MULTILINE)
    assert table, f"no table under {heading}"
    lines = table[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def names(cells: list[list[str]], column: int = 0) -> list[str]:
    return [name for row in cells for name in re.findall(r"`([^`]+)`", row[column])]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_written_down_exists_with_its_options(page: Path) -> None:
    for line in re.findall(r"python agent\.py ([a-z][^`\n#|]*)", page.read_text()):
        words = line.split()
        command = every_command().get(words[0])
        if isinstance(command, TyperGroup) and len(words) > 1 and not words[1].startswith("-"):
            command = every_command().get(" ".join(words[:2]))
        assert command, f"{page.name}: python agent.py {line}"
        known = {option for each in command.params for option in each.opts}
        given = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert given <= known, f"{page.name}: python agent.py {line}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_that_is_written_down_exists(page: Path) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    used = re.findall(r"(?:`|^)make ([a-z]+)", page.read_text(), re.MULTILINE)
    assert set(used) <= set(targets)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_is_named_exists(page: Path) -> None:
    named = [
        name
        for name in quoted(page)
        if re.fullmatch(r"[\w.-]+(/[\w.-]+)+/?|[\w-]+\.(md|py|yaml|toml|json)|\.env\.example", name)
        and not name.startswith(MADE_BY_RUNNING + NO_FILES)
    ]
    if page == ROOT / "AGENTS.md":  # there, names are relative to where they are spoken of
        named = [name for name in named if name.startswith(("agent/", "docs/"))]
    for name in set(named) - EXAMPLES:
        assert (ROOT / name).exists(), f"{page.name}: {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if not target.startswith("https://"):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_setting_that_is_named_exists(page: Path) -> None:
    code = "".join(re.findall(r"^```(?:sh|ini)\n.*?^```", page.read_text(), re.M | re.S))
    shell = re.findall(r"\$\{?([A-Z_]+)|^Environment=([A-Z_]+)", code, re.MULTILINE)
    named = {name for pair in shell for name in pair if name}
    for name in quoted(page):
        named |= set(re.findall(r"(?<![\w.])_?[A-Z][A-Z]*(?:_[A-Z]+)+(?![\w.])", name))
    unknown = named - set(variables_of_example()) - OTHER_VARIABLES - CONSTANTS
    sip_files = "".join(path.read_text() for path in (ROOT / "sip_config").glob("*.json"))
    assert not [name for name in unknown if f"${{{name}}}" not in sip_files]


def test_the_pages_are_short_enough_to_be_read() -> None:
    assert len(README.read_text().splitlines()) <= 220
    for page in DOCS:
        assert len(page.read_text().splitlines()) <= 150, page.name


@pytest.mark.parametrize(
    ("heading", "model", "elsewhere"),
    [
        ("## Keys", Playbook, {"name", "body"}),
        ("### `questions`, a list", Question, set()),
        ("### `appointment`", Appointment, set()),
        ("### `transfer`, a list", TransferTarget, set()),
        ("### `lines`", Lines, set()),
    ],
)
def test_every_key_of_a_playbook_is_documented_and_no_other(
    heading: str, model: type[BaseModel], elsewhere: set[str]
) -> None:
    table = rows(text("playbook.md"), heading)
    fields = set(model.model_fields) - elsewhere
    assert sorted(names(table)) == sorted(fields)
    if heading == "### `lines`":
        return  # all of them are needed
    needed = {name for row in table for name in names([row]) if row[1].startswith("yes")}
    assert needed == {name for name in fields if model.model_fields[name].is_required()}


def test_the_documented_defaults_of_a_playbook_are_the_real_ones() -> None:
    for heading, model in (("## Keys", Playbook), ("### `appointment`", Appointment)):
        for row in rows(text("playbook.md"), heading):
            if shown := re.search(r"default (\d+)", row[2]):
                assert model.model_fields[names([row])[0]].default == int(shown[1])


def test_the_documented_types_of_answers_are_the_real_ones() -> None:
    row = next(r for r in rows(text("playbook.md"), "### `questions`, a list") if "`type`" in r[0])
    assert names([row], 2) == list(AnswerType)


@pytest.mark.parametrize("row", rows(text("playbook.md"), "## Mistakes"), ids=lambda row: row[1])
def test_a_documented_mistake_in_the_playbook_gets_the_documented_answer(
    row: list[str], tmp_path: Path
) -> None:
    before, after, answer = (cell.strip("`") for cell in row)
    source = PLAYBOOK.read_text()
    assert before in source
    broken = tmp_path / "prompts" / "playbooks" / "default.md"
    broken.parent.mkdir(parents=True)
    broken.write_text(source.replace(before, after, 1))
    with pytest.raises(PlaybookError) as error:
        load_playbook(tmp_path / "prompts", "default")
    assert str(error.value) == answer


def test_the_scenario_in_the_docs_is_a_good_one(tmp_path: Path) -> None:
    block = re.search(r"^```yaml\n(.*?)^```", text("scenarios.md"), re.MULTILINE | re.DOTALL)
    assert block
    path = tmp_path / f"{yaml.safe_load(block[1])['name']}.yaml"
    path.write_text(block[1])
    assert load_scenario(path).customer
    assert path.name in text("scenarios.md")


def test_every_key_of_a_scenario_is_documented_and_no_other() -> None:
    page = text("scenarios.md")
    table = rows(page, "## The file")
    assert sorted(names(table)) == sorted(Scenario.model_fields)
    needed = {name for row in table for name in names([row]) if row[1] == "yes"}
    assert needed == {n for n, field in Scenario.model_fields.items() if field.is_required()}
    assert set(Expect.model_fields) <= set(names(table, 2))
    rules = names(rows(page, "## `agent`: the scripted model"))
    assert sorted(rules) == sorted({*Rule.model_fields, *Branch.model_fields})


def test_every_step_of_a_customer_is_documented_with_its_keys_and_no_other() -> None:
    table = rows(text("scenarios.md"), "## `customer`: steps, one after the other")
    assert sorted(names(table)) == sorted(STEP_KINDS)
    keys = {names([row])[0]: set(names([row], 2)) for row in table}
    assert keys["wait"] == set(Wait.model_fields)
    assert keys["barge_in"] == set(SpeakDuringTurn.model_fields)
    assert keys["hang_up"] == set(HangUp.model_fields)
    assert keys["wait_end"] == set(WaitEnd.model_fields)


def test_every_event_and_disposition_is_documented_and_no_other() -> None:
    page = text("architecture.md")
    assert sorted(names(rows(page, "## The record is a fold"))) == sorted(EventKind)
    sentence = re.search(r"exactly one disposition .*? as `evidence`: (.*?)\. The", page)
    assert sentence
    assert re.findall(r"`(\w+)`", sentence[1]) == list(Disposition)


def test_every_part_of_the_stack_is_documented() -> None:
    cells = rows(text("local-stack.md"), "## What is real, what is a stand-in")
    yours = {"livekit", "redis"}  # what livekit-server and valkey are called when they are given
    assert {row[0] for row in cells} == set(PART_ORDER) - yours
    assert {row[1] for row in cells} <= {"real", "stand-in"}


def test_the_stands_ins_switches_are_documented_by_their_names() -> None:
    sentence = re.search(r"Parts are (.*?); faults are (.*?)\.", text("local-stack.md"))
    assert sentence
    assert re.findall(r"`(\w+)`", sentence[1]) == list(ProviderPart)
    assert re.findall(r"`(\w+)`", sentence[2]) == list(Fault)


def test_every_log_event_that_operators_watch_for_is_one_that_is_logged() -> None:
    code = "".join(path.read_text() for path in (ROOT / "agent").rglob("*.py"))
    for name in names(rows(text("operations.md"), "## Logs")):
        assert f'"{name}"' in code, name


def test_the_documented_unit_outlasts_a_drain() -> None:
    minutes = re.search(r"^TimeoutStopSec=(\d+)min$", text("operations.md"), re.MULTILINE)
    seconds = re.search(r"^# DRAIN_SECONDS=(\d+)$", (ROOT / ".env.example").read_text(), re.M)
    assert minutes
    assert seconds
    assert int(minutes[1]) * 60 > int(seconds[1])
