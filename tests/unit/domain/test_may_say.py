"""The agent's sentences of tests/corpora/: the false ones are stopped, the true ones spoken."""

import re

import pytest

from agent.playbook.spoken_text import why_unspeakable
from agent.settings import ROOT
from tests.corpora.may_say import FLOORS, LANGUAGES, SUBJECTS, Judge, sentences

PROMPTS = ROOT / "prompts"
JUDGE = Judge(PROMPTS)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("subject", SUBJECTS)
def test_enough_is_stopped_and_enough_is_spoken(subject: str, language: str) -> None:
    score = JUDGE.score(sentences(subject, language))
    for want, floor in FLOORS.items():
        right, of = score[want]
        assert right >= floor * of, f"{subject} {language} {want}: {right} of {of}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_playbook_says_in_one_language_may_be_said_in_each(language: str) -> None:
    """The rules know the English text alone."""
    sentences = JUDGE.playbook_sentences(language)
    assert [each for each in sentences if JUDGE.why_not(each) is not None] == []
    assert len(sentences) > 40


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_example_that_the_model_is_given_may_be_said(language: str) -> None:
    text = (PROMPTS / "examples" / f"{language}.md").read_text(encoding="utf-8")
    spoken = re.findall(r"[\"«„](.+?)[\"»“]", text)
    assert len(spoken) == len(text.splitlines()) >= 12
    for example in spoken:
        assert JUDGE.why_not(example) is None, example
        assert why_unspeakable(example) is None
