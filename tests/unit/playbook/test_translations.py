"""A playbook in several languages: whole in each, or the file says what is missing."""

import shutil
from pathlib import Path

import pytest

from agent.errors import PlaybookError
from agent.playbook.load import playbook_names
from agent.playbook.translations import load_texts
from tests.unit.conversation.scene import PROMPTS

TEXTS = load_texts(PROMPTS, "default")
OTHERS = ("fr", "nl", "de")


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    shutil.copytree(PROMPTS / "playbooks", tmp_path / "prompts" / "playbooks")
    return tmp_path / "prompts"


def change(prompts: Path, file: str, before: str, after: str) -> None:
    path = prompts / "playbooks" / file
    source = path.read_text()
    assert before in source
    path.write_text(source.replace(before, after, 1))


def test_the_shipped_playbook_is_there_in_four_languages_and_the_first_is_the_default() -> None:
    assert TEXTS.languages == ("en", "fr", "nl", "de")
    assert TEXTS.default.language == "en"


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_differs_in_what_is_spoken_and_in_nothing_that_code_acts_on(
    language: str,
) -> None:
    base, text = TEXTS.default, TEXTS[language]
    assert text.language == language
    assert text.required_questions == base.required_questions
    assert [(q.id, q.type, q.min, q.max) for q in text.questions] == [
        (q.id, q.type, q.min, q.max) for q in base.questions
    ]
    assert [person.number for person in text.transfer] == [p.number for p in base.transfer]
    assert text.appointment is not None
    assert base.appointment is not None
    assert text.appointment.model_copy(update={"name": base.appointment.name}) == base.appointment
    assert not set(text.spoken_ahead()) & set(base.spoken_ahead())
    assert not {q.ask for q in text.questions} & {q.ask for q in base.questions}


@pytest.mark.parametrize(
    ("file", "before", "after", "said"),
    [
        (
            "default.fr.md",
            "  yearly_bill: ",
            "  bill: ",
            "default.fr.md:4: lacks questions.yearly_bill; translate what is missing",
        ),
        (
            "default.nl.md",
            "\noutbound_greeting: ",
            "\nunknown_greeting: ",
            "default.nl.md:15: unknown key 'unknown_greeting'; remove it, or check its spelling",
        ),
        (
            "default.de.md",
            "\nappointment: einen kostenlosen Besuch eines Energieberaters\n",
            "\n",
            "default.de.md:4: lacks appointment; translate what is missing",
        ),
        (
            "default.de.md",
            "language: de",
            "language: nl",
            "default.de.md:2: is named .de and says language: nl; correct one",
        ),
        (
            "default.fr.md",
            "  owns_home:",
            "  has_pool: Avez-vous une piscine ?\n  owns_home:",
            "default.fr.md:17: has questions that default.md does not ask: has_pool; remove them",
        ),
        (
            "default.nl.md",
            "Ik ben een computerstem met artificiële intelligentie.",
            "",
            "default.nl.md:4: 'disclosure' is not valid; the disclosure must say that an "
            "artificial intelligence speaks",
        ),
        (
            "default.md",
            "languages: [en, fr, nl, de]",
            "languages: [fr, nl]",
            "default.md:7: 'languages' is not valid; 'languages' must contain the language of "
            "this file: en",
        ),
        (
            "default.md",
            "languages: [en, fr, nl, de]",
            "languages: [en, fr]\nopening: [nl]",
            "default.md:8: 'opening' is not valid; 'opening' names what 'languages' does not: nl",
        ),
    ],
)
def test_what_is_wrong_with_a_language_is_told_with_file_and_line(
    prompts: Path, file: str, before: str, after: str, said: str
) -> None:
    change(prompts, file, before, after)
    with pytest.raises(PlaybookError) as error:
        load_texts(prompts, "default")
    where, _, rest = str(error.value).partition(": ")
    wanted, _, wanted_rest = said.partition(": ")
    assert where.partition(":")[0].endswith(wanted.partition(":")[0])
    assert rest == wanted_rest


def test_everything_that_a_language_lacks_is_named_at_once(prompts: Path) -> None:
    change(prompts, "default.fr.md", "  owns_home: ", "  a: ")
    change(prompts, "default.fr.md", "  yearly_bill: ", "  b: ")
    change(prompts, "default.fr.md", "\ntransfer:\n  - un conseiller en énergie\n", "\n")
    with pytest.raises(PlaybookError, match=r"questions.owns_home, questions.yearly_bill, transf"):
        load_texts(prompts, "default")


def test_a_language_without_a_file_is_told_with_the_name_of_the_file(prompts: Path) -> None:
    (prompts / "playbooks" / "default.nl.md").unlink()
    with pytest.raises(PlaybookError, match=r"default.md:7: .*there is no default.nl.md; write"):
        load_texts(prompts, "default")


def test_an_opening_in_two_languages_needs_the_short_form_in_both(prompts: Path) -> None:
    change(prompts, "default.md", "recording: true", "opening: [fr, nl]\nrecording: true")
    assert load_texts(prompts, "default").opening == ("fr", "nl")
    change(prompts, "default.nl.md", "short_disclosure: >-", "x: >-")
    change(prompts, "default.nl.md", "x: >-\n  Goeiedag", "greeting: Hallo?\n# Goeiedag")
    change(prompts, "default.nl.md", "\n  opgenomen. Waarmee kan ik u helpen?\n", "\n")
    change(prompts, "default.nl.md", "\ngreeting: Waarmee", "\n# greeting: Waarmee")
    with pytest.raises(PlaybookError, match="'opening' names nl, whose file has no short_discl"):
        load_texts(prompts, "default")


def test_a_language_of_a_playbook_is_not_a_playbook(prompts: Path) -> None:
    assert playbook_names(prompts) == ["default"]
    with pytest.raises(PlaybookError, match="no such playbook; set PLAYBOOK to one of: default"):
        load_texts(prompts, "default.fr")


def test_a_playbook_in_one_language_needs_no_other_file(prompts: Path) -> None:
    change(prompts, "default.md", "languages: [en, fr, nl, de]\n", "")
    for language in OTHERS:
        (prompts / "playbooks" / f"default.{language}.md").unlink()
    texts = load_texts(prompts, "default")
    assert (texts.languages, texts.opening) == (("en",), ("en",))
