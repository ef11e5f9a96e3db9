"""The table of languages is whole, and a language that it does not ship with can be added to it."""

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from text_to_num import alpha2digit

from agent.domain.languages import (
    FILES,
    LANGUAGES,
    Language,
    language,
    language_of_country,
    name_of,
)
from agent.settings import ROOT

PROMPTS = ROOT / "prompts"


@pytest.fixture(params=list(LANGUAGES.values()), ids=list(LANGUAGES))
def row(request: pytest.FixtureRequest) -> Language:
    found: Language = request.param
    return found


def test_every_field_of_a_row_says_something(row: Language) -> None:
    for name in Language.__slots__:
        assert getattr(row, name), f"{row.code}.{name} is empty"
    assert LANGUAGES[row.code] is row
    assert len({*row.months}) == 12
    assert len({*row.weekdays}) == 7


def test_every_language_names_every_language(row: Language) -> None:
    assert set(row.names) == set(LANGUAGES)


@pytest.mark.parametrize("pattern", FILES)
def test_every_language_has_its_files_and_no_file_is_anybody_elses(pattern: str) -> None:
    folder = PROMPTS / Path(pattern).parent
    assert {path.stem for path in folder.glob(f"*{Path(pattern).suffix}")} == set(LANGUAGES)


def test_every_folder_of_files_by_language_is_in_the_table() -> None:
    codes = set(LANGUAGES)
    by_language = {path.parent.name for path in PROMPTS.rglob("*") if path.stem in codes}
    assert by_language <= {str(Path(pattern).parent) for pattern in FILES}


def test_the_library_of_number_words_knows_the_language(row: Language) -> None:
    ninety_nine = {
        "en": "ninety-nine",
        "fr": "quatre-vingt-dix-neuf",
        "nl": "negenennegentig",
        "de": "neunundneunzig",
    }
    assert alpha2digit(ninety_nine[row.code], row.number_words) == "99"


def test_no_country_speaks_two_languages() -> None:
    countries = [country for row in LANGUAGES.values() for country in row.countries]
    assert len(countries) == len(set(countries))
    assert language_of_country("FR") == "fr"
    assert language_of_country("BE") is language_of_country("CH") is None


@pytest.mark.parametrize(
    ("code", "moment", "said"),
    [
        ("en", datetime(2027, 3, 2, 14, 30), "Tuesday 2 March, 14:30"),  # noqa: DTZ001 (local)
        ("fr", datetime(2027, 8, 1, 9, 5), "dimanche 1er août, 09:05"),  # noqa: DTZ001
        ("fr", datetime(2027, 8, 21, 9, 5), "samedi 21 août, 09:05"),  # noqa: DTZ001
        ("nl", datetime(2027, 3, 1, 0, 0), "maandag 1 maart, 00:00"),  # noqa: DTZ001
        ("de", datetime(2027, 12, 31, 23, 0), "Freitag, 31. Dezember, 23:00"),  # noqa: DTZ001
    ],
)
def test_a_moment_is_written_as_it_is_read_out(code: str, moment: datetime, said: str) -> None:
    assert language(code).said_moment(moment) == said


@pytest.mark.parametrize(
    ("code", "says", "does_not"),
    [
        ("en", "I am Robin, an AI assistant.", "I said so."),
        ("en", "An Artificial Intelligence speaks.", "Claire speaks, with her aide."),
        ("fr", "Robin, une IA.", "Bonjour, j'ai une question de Maria."),
        ("nl", "Ik ben een AI.", "De kapitein."),
        ("de", "Hier spricht eine KI.", "Kinder, wir fahren Ski."),
    ],
)
def test_an_acronym_is_a_word_in_capitals(code: str, says: str, does_not: str) -> None:
    assert language(code).says_ai(says)
    assert not language(code).says_ai(does_not)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("en", "Calls are recorded."),
        ("fr", "Cet appel est enregistré."),
        ("nl", "Wij nemen dit gesprek op."),
        ("nl", "Dit gesprek wordt opgenomen."),
        ("de", "Das Gespräch wird mitgeschnitten."),
    ],
)
def test_every_usual_way_to_say_that_a_call_is_recorded_counts(code: str, text: str) -> None:
    assert language(code).says_recorded(text)
    assert not any(row.says_recorded("Hello, bonjour, hallo.") for row in LANGUAGES.values())


def test_an_unknown_language_is_answered_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=re.escape("'es': one of en, fr, nl, de")):
        language("es")


def test_a_language_that_others_have_no_name_for_goes_by_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made_up = replace(LANGUAGES["en"], code="eo", names={"eo": "Esperanto"}, countries=("XX",))
    monkeypatch.setitem(LANGUAGES, "eo", made_up)
    assert name_of("eo", in_language="fr") == "Esperanto"
    assert name_of("nl", in_language="de") == "Niederländisch"
    assert language_of_country("XX") == "eo"
