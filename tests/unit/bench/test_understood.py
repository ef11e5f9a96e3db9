"""The floors of what callers mean, kept on every sentence of tests/fixtures/corpora."""

import pytest

from agent.domain.opt_outs import OptOut
from agent.domain.understanding import Understanding
from agent.playbook.caller_phrases import load_lexicons
from agent.settings import ROOT
from tests.bench.understood import LANGUAGES, LanguageResults, measure


@pytest.fixture(scope="module")
def results() -> LanguageResults:
    return measure(Understanding(load_lexicons(ROOT / "prompts")))


def _one_language(results: LanguageResults, code: str) -> LanguageResults:
    return LanguageResults(tuple(each for each in results.judged if each.language == code))


@pytest.mark.parametrize("code", LANGUAGES)
def test_who_wants_no_calls_is_taken_off_or_asked(results: LanguageResults, code: str) -> None:
    found = _one_language(results, code)
    assert found.share("opt_out", "certain", OptOut.CERTAIN, OptOut.LIKELY) >= 0.98
    assert found.share("opt_out", "certain", OptOut.CERTAIN) >= 0.8


@pytest.mark.parametrize("code", LANGUAGES)
def test_nobody_is_taken_off_who_did_not_ask_for_it(results: LanguageResults, code: str) -> None:
    found = _one_language(results, code)
    assert found.of("opt_out", "not", OptOut.CERTAIN) == 0
    assert found.share("opt_out", "not", OptOut.LIKELY) <= 0.05
    assert found.share("opt_out", "likely", OptOut.CERTAIN) <= 0.05


@pytest.mark.parametrize("wish", ["wants_person", "asks_if_robot", "who_is_it"])
@pytest.mark.parametrize("code", LANGUAGES)
def test_what_a_caller_wants_of_who_speaks_is_understood(
    results: LanguageResults, code: str, wish: str
) -> None:
    found = _one_language(results, code)
    assert found.share("person", wish, wish) >= 0.97
    assert found.false_alarms("person", wish) <= 0.02


@pytest.mark.parametrize("code", LANGUAGES)
def test_patience_and_words_over_our_sentence_are_understood(
    results: LanguageResults, code: str
) -> None:
    found = _one_language(results, code)
    assert found.share("wait", "wait", "wait") >= 0.97
    assert found.false_alarms("wait", "wait") <= 0.03
    for reply in ("listening", "answer", "takes_turn"):
        assert found.share("answers", reply, reply) >= 0.97


def test_a_share_counts_only_its_own_subject_and_wish(results: LanguageResults) -> None:
    assert results.of("opt_out", "certain") > results.of("opt_out", "certain", OptOut.LIKELY) > 0
    assert results.of("person", "certain") == 0
