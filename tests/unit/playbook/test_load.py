"""Playbooks and the other prompt files: the ones that ship load, a broken one is named by line."""

import re
import shutil
from pathlib import Path

import pytest

from agent.domain.attempts import Basis
from agent.domain.calls import Direction
from agent.domain.speech_rules import Amount
from agent.errors import PlaybookError
from agent.playbook.instructions import Callee, fill, instructions
from agent.playbook.load import load_playbook
from agent.playbook.speech_rules import load_speech_rules
from agent.playbook.translations import load_texts
from tests.unit.conversation.fakes import NOW
from tests.unit.conversation.scene import DEFAULT, PROMPTS

SOURCE = (PROMPTS / "playbooks" / "default.md").read_text(encoding="utf-8")


def _line(text: str, wanted: str) -> int:
    """The line, counted from 1, on which `wanted` first stands."""
    return text[: text.index(wanted)].count("\n") + 1


def _load(folder: Path, text: str | bytes) -> None:
    path = folder / "playbooks" / "mine.md"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    load_playbook(folder, "mine")


def test_the_default_playbook_loads() -> None:
    playbook = load_playbook(PROMPTS, "default")
    assert playbook.company == "Fernhill Energy"
    assert playbook.required_questions == ("owns_home", "has_panels", "yearly_bill")
    assert playbook.body.startswith("## Product")
    assert playbook.disclosure in playbook.spoken_ahead()
    assert len(set(playbook.spoken_ahead())) == len(playbook.spoken_ahead())


# Each: what is written, what stands there instead, where the error points, what it says.
BROKEN = [
    ("company: Fernhill Energy\n", "", "company", "'company' is missing; add 'company'"),
    ("greeting:", "greting:", "greting:", "unknown key 'greting'; remove it, or check its spel"),
    ("  goodbye:", "  godbye:", "godbye:", "unknown key 'lines.godbye'"),
    ("    min: 0", "    min: none", "min: none", "'questions.2.min' is not valid; Input should be"),
    ("    type: yes_no", "    type: maybe", "type: maybe", "Input should be 'yes_no', 'number'"),
    ("    min: 0", "    min: 60000", "id: yearly_bill", "'min' is greater than 'max'"),
    ("    type: number", "    type: text", "id: yearly_bill", "'min' and 'max' belong to type num"),
    ("    type: number", "    type: choice", "id: yearly_bill", "'choices' belongs to type choice"),
    ("id: has_panels", "id: owns_home", "questions:", "two questions have the same id: owns_home"),
    ("id: has_panels", "id: Has Panels", "id: Has Panels", "String should match pattern"),
    ('"09:00-12:00", "13', '"9-12", "13', "open:", "opening hours '9-12': write them like 09:00-1"),
    ('"13:00-16:00"', '"16:00-13:00"', "open:", "'16:00-13:00' end before they start"),
    ('"13:00-16:00"', '"13:00-26:00"', "open:", "opening hours '13:00-26:00': write them like"),
    ("    friday:", "    freitag:", "freitag:", "Input should be 'monday', 'tuesday'"),
    ("Europe/Brussels", "Mars/Olympus", "time_zone:", "unknown time zone 'Mars/Olympus'; write it"),
    ("minutes: 60", "minutes: 0", "minutes:", "Input should be greater than or equal to 5"),
    ("an artificial intelligence assistant speaking", "an assistant speaking", "disclosure:",
     "the disclosure must say that an artificial intelligence speaks"),
    ("speaking for Fernhill Energy", "speaking for somebody", "disclosure:",
     "the disclosure must say for whom it speaks: Fernhill Energy"),
    ("This call is recorded, to", "We do this to", "recording:",
     "recording is true, so the disclosure must say that it is recorded"),
    ("+3226010501", "+3290212345", 'number: "', "a caller is never put through to a premium num"),
    ("+3226010501", "12", 'number: "', "its country is not known; give a phone number like +3"),
    ("    - Are you still there?\n", "", "still_there:", "should have at least 2 items"),
    ("silence_seconds: 7", "silence_seconds: 0", "silence_seconds:", "greater than or equal to 2"),
    ("language: en", "language: xx", "language:", "unknown language 'xx': one of en, fr, nl, de"),
    ("company: Fernhill Energy", "name: x\ncompany: Fernhill Energy", "name: x",
     "'name' is set by the file; remove 'name' from the front matter"),
    ("agent: Robin", "agent: Robin: the robot", "agent: Robin:", "is not valid YAML (mapping"),
    ("agent: Robin", "agent: [Robin", "language:", "is not valid YAML"),
    ("agent: Robin", "agent: Rob\x07in", "agent:", "is not valid YAML"),
    ("agent: Robin", "agent: Robin\nagent: Robina", "agent: Robina", "'agent' is written twice"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "instead", "at", "says"), BROKEN, ids=[b[3][:40] for b in BROKEN]
)
def test_a_broken_playbook_is_an_error_with_its_line_and_a_fix(
    tmp_path: Path, written: str, instead: str, at: str, says: str
) -> None:
    assert written in SOURCE
    text = SOURCE.replace(written, instead, 1)
    with pytest.raises(PlaybookError) as caught:
        _load(tmp_path, text)
    message = str(caught.value)
    assert says in message
    # A key that is missing has no line: the front matter's first is named.
    assert caught.value.line == (_line(text, at) if "missing" not in says else 1), message
    assert caught.value.path == f"{tmp_path.name}/playbooks/mine.md"
    assert caught.value.fix
    assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no front matter; begin the file with a block between two lines of ---"),
        ("Hello\n---\na: 1\n---\n", "has no front matter"),
        ("---\ncompany: x\n", "has no front matter"),
        ("---\n- a\n---\nx", "front matter is not a list of keys; write key: value"),
        ("---\n---\nx", "front matter is not a list of keys"),
        (b"---\ncompany: \xff\xfe\n---\nx", "save it as UTF-8"),
        (SOURCE[: SOURCE.index("## Product")], "'body' is not valid"),
    ],
)
def test_a_file_that_is_no_playbook_is_an_error_with_a_fix(
    tmp_path: Path, text: str | bytes, says: str
) -> None:
    with pytest.raises(PlaybookError) as caught:
        _load(tmp_path, text)
    assert says in str(caught.value)


def test_a_playbook_that_does_not_exist_names_those_that_do() -> None:
    with pytest.raises(PlaybookError, match="no such playbook; set PLAYBOOK to one of: default"):
        load_playbook(PROMPTS, "defualt")


def test_a_playbook_saved_by_a_windows_editor_loads(tmp_path: Path) -> None:
    _load(tmp_path, b"\xef\xbb\xbf" + SOURCE.replace("\n", "\r\n").encode())


def test_what_looks_like_a_date_is_read_as_text(tmp_path: Path) -> None:
    text = SOURCE.replace("greeting: How can I help you today?", "greeting: 2026-13-45")
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "mine.md").write_text(text, encoding="utf-8")
    assert load_playbook(tmp_path, "mine").greeting == "2026-13-45"


# ---- system.md and summary.md


def test_the_system_prompt_fills_in_without_appointments_and_people() -> None:
    plain = DEFAULT.model_copy(update={"appointment": None, "transfer": (), "questions": ()})
    text = instructions(PROMPTS, plain, Direction.OUTBOUND, NOW)
    assert "You have called somebody whose name you do not know." in text
    assert "Do not thank them for calling." in text
    assert "Nobody can be put through" in text
    assert "list_slots" not in text


def test_the_system_prompt_says_whom_we_call_and_why() -> None:
    callee = Callee("Ms $agent", Basis.CALL_REQUESTED)
    text = instructions(PROMPTS, DEFAULT, Direction.OUTBOUND, NOW, callee)
    assert "You have called Ms $agent. They have asked to be called." in text
    greeting = DEFAULT.greeting_for(Direction.OUTBOUND)
    assert greeting in text
    inbound = instructions(PROMPTS, DEFAULT, Direction.INBOUND, NOW)
    assert "They have called you." in inbound
    assert greeting not in inbound


@pytest.mark.parametrize("language", ["en", "fr", "nl", "de"])
def test_the_system_prompt_shows_how_a_seller_of_the_language_sounds(language: str) -> None:
    own = load_texts(PROMPTS, "default")[language]
    shown = (PROMPTS / "examples" / f"{language}.md").read_text(encoding="utf-8").strip()
    assert shown in instructions(PROMPTS, own, Direction.INBOUND, NOW)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("Hello $agent,\nyou are $unknown.\n", 2, "unknown $unknown; use: agent"),
        ("Hello $agent,\nyou are ${unknown}.\nBye.\n", 2, "unknown $unknown; use: agent"),
        ("One\n\nIt costs $5.\n", 3, "write $$ for a dollar sign"),
    ],
)
def test_a_broken_prompt_file_is_an_error_with_its_line(
    tmp_path: Path, text: str, line: int, says: str
) -> None:
    path = tmp_path / "system.md"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PlaybookError) as caught:
        fill(path, agent="Robin")
    assert says in str(caught.value)
    assert caught.value.line == line


def test_a_prompt_file_that_is_missing_or_not_text_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PlaybookError, match="restore the file"):
        fill(tmp_path / "system.md")
    (tmp_path / "system.md").write_bytes(b"caf\xe9")
    with pytest.raises(PlaybookError, match="save it as UTF-8"):
        fill(tmp_path / "system.md")


# ---- speech rules


def test_the_amounts_that_may_be_spoken_are_those_of_the_playbooks_text() -> None:
    assert load_speech_rules(PROMPTS, DEFAULT).allowed.stated == {Amount(6900.0), Amount(8900.0)}


def test_a_playbook_in_a_language_without_rules_is_an_error(tmp_path: Path) -> None:
    shutil.copytree(PROMPTS / "speech_rules", tmp_path / "speech_rules")
    (tmp_path / "speech_rules" / "en.yaml").unlink()
    with pytest.raises(PlaybookError, match=r"speech_rules/en\.yaml:1: there is no such file"):
        load_speech_rules(tmp_path, DEFAULT)


@pytest.mark.parametrize("name", ["foreign.txt", "../say_again.md"])
def test_the_files_beside_the_rules_are_needed_too(tmp_path: Path, name: str) -> None:
    shutil.copytree(PROMPTS, tmp_path / "prompts")
    (tmp_path / "prompts" / "speech_rules" / name).unlink()
    with pytest.raises(PlaybookError, match="restore the file"):
        load_speech_rules(tmp_path / "prompts", DEFAULT)


def test_kinds_of_promise_have_the_same_names_in_every_language(tmp_path: Path) -> None:
    shutil.copytree(PROMPTS / "speech_rules", tmp_path / "speech_rules")
    dutch = tmp_path / "speech_rules" / "nl.yaml"
    dutch.write_text(dutch.read_text().replace("    subsidy: [", "    grant: ["))
    with pytest.raises(PlaybookError, match=r"nl\.yaml:1: promises\.benefits .*: grant, subsidy"):
        load_speech_rules(tmp_path, DEFAULT)


_RULES = (PROMPTS / "speech_rules" / "en.yaml").read_bytes()


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        (None, 1, "restore the file"),
        (b"common: [a]\n", 1, "'grammar': Field required"),
        (b"common: [a\nmoney: x", 2, "is not valid YAML"),
        (b"common: a\x07\n", 1, "is not valid YAML"),
        (b"caf\xe9", 1, "save it as UTF-8"),
        (b"", 1, "Input should be"),
        (_RULES.replace(b"  breaks:", b"  brakes:"), 1, "unknown key 'brakes' in 'grammar'"),
        (_RULES.replace(b"  things:", b"  things: [a]\n  x:"), 1, "unknown key 'x' in 'promises'"),
        (_RULES.replace(b"  boasts: [", b"  boasts: ['[a|b', "), 1, "without its partner"),
        (_RULES.replace(b"  boasts: [", b"  boasts: ['[a|]', "), 1, "may be empty"),
    ],
    ids=["no file", "no key", "no yaml", "bell", "bytes", "empty", "key", "twice", "open", "any"],
)
def test_broken_speech_rules_are_an_error_with_a_fix(
    tmp_path: Path, content: bytes | None, line: int, says: str
) -> None:
    (tmp_path / "speech_rules").mkdir()
    if content is not None:
        (tmp_path / "speech_rules" / "en.yaml").write_bytes(content)
    with pytest.raises(PlaybookError) as caught:
        load_speech_rules(tmp_path, DEFAULT)
    assert says in str(caught.value)
    assert caught.value.line == line


FRENCH = re.sub(
    r"^(?:languages|opening|short_disclosure):.*\n(?:  .*\n)*",
    "",
    SOURCE.replace("language: en", "language: fr"),
    flags=re.MULTILINE,
)


@pytest.mark.parametrize(
    ("disclosure", "says"),
    [
        (
            "Bonjour, ici Robin de Fernhill Energy, j'ai une bonne nouvelle pour vous. Cet appel "
            "est enregistré.",
            "the disclosure must say that an artificial intelligence speaks",
        ),
        (
            "Bonjour, ici Robin, une IA de Fernhill Energy. Cet appel n'est pas enregistré.",
            "recording is true, so the disclosure must say that it is recorded",
        ),
        ("Bonjour, ici Robin, une IA de Fernhill Energy. Cet appel est enregistré.", None),
    ],
)
def test_a_disclosure_is_checked_by_what_it_means(
    tmp_path: Path, disclosure: str, says: str | None
) -> None:
    start, end = FRENCH.index("disclosure:"), FRENCH.index("recording:")
    text = f"{FRENCH[:start]}disclosure: >-\n  {disclosure}\n{FRENCH[end:]}"
    if says is None:
        _load(tmp_path, text)
        return
    with pytest.raises(PlaybookError, match=says):
        _load(tmp_path, text)


@pytest.mark.parametrize(
    ("written", "instead", "at", "says"),
    [
        (
            "greeting: How can I help you today?",
            "greeting: \"Hi {{first_name}}, <break time='1s'/>\"",
            "greeting:",
            "<break time='1s'/> would be read aloud: remove the tag",
        ),
        (
            "ask: Do you own the home",
            "ask: Do you, {first_name}, own the home",
            "ask: Do you,",
            "nothing fills {first_name}: write the words themselves",
        ),
        ("say_again: I am", "say_again: I **am**", "say_again:", "the Markdown '**am**'"),
        ("## Objections", "Ask {{first_name}}.\n## Objections", "Ask {{", "{{first_name}}; write"),
        ("agent: Robin", "agent: 007", "agent:", "'agent' is not text; put it in quotes"),
        ("agent: Robin", "agent: “Robin”", "agent:", "write straight ones"),
        ("  - id: owns_home", "\t- id: owns_home", "\t- id", "a tab stands where YAML wants"),
    ],
    ids=range(7),
)
def test_what_would_be_read_aloud_is_an_error_at_its_line(
    tmp_path: Path, written: str, instead: str, at: str, says: str
) -> None:
    assert written in SOURCE
    text = SOURCE.replace(written, instead, 1)
    with pytest.raises(PlaybookError) as caught:
        _load(tmp_path, text)
    assert says in str(caught.value)
    assert caught.value.line == _line(text, at)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "utf-32"])
def test_a_playbook_in_any_encoding_that_says_itself_loads(tmp_path: Path, encoding: str) -> None:
    _load(tmp_path, SOURCE.replace("\n", "\r\n").encode(encoding))
