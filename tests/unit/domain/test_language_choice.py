"""Which language a call goes on in, as callers decide it."""

from collections.abc import Sequence

import pytest

from agent.domain.language_choice import LanguageChoice, Why, count_words, first_language
from agent.playbook.language_marks import load_language_marks
from agent.settings import ROOT

MARKS = load_language_marks(ROOT / "prompts")
ALL = ("en", "fr", "nl", "de")


def choice(
    current: str = "en", offered: Sequence[str] = ALL, *, decided: bool = False
) -> LanguageChoice:
    return LanguageChoice(offered, current, MARKS, decided=decided)


def decisions(call: LanguageChoice, *said: str) -> list[tuple[str, Why] | None]:
    heard = [call.heard(text) for text in said]
    return [(each.language, each.why) if each else None for each in heard]


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("Bonjour, c'est pour une batterie.", "fr"),
        ("Oui allô", "fr"),
        ("Goeiedag, ik had graag wat uitleg gehad.", "nl"),
        ("Guten Tag, ich hätte eine Frage.", "de"),
        ("Good morning.", "en"),
        # No greeting: everyday words alone.
        ("est-ce que vous pouvez me dire combien ça coûte", "fr"),
        ("hoeveel kost dat en wanneer komen jullie langs", "nl"),
        ("können Sie mir sagen was das kostet", "de"),
        ("could you tell me what it would cost", "en"),
        # Mixed, as in Brussels: the language of the sentence, not of the loan word.
        ("allez, ik heb daar geen tijd voor hé, sorry", "nl"),
        ("c'est pour un afspraak avec votre adviseur, je crois", "fr"),
    ],
)
@pytest.mark.parametrize("assumed", ALL)
def test_the_first_utterance_decides(said: str, language: str, assumed: str) -> None:
    decision = choice(assumed).heard(said)
    assert decision is not None
    assert decision.language == language
    assert decision.why in (Why.GREETED, Why.SPOKEN)


@pytest.mark.parametrize(
    "said", ["Ja.", "Hallo?", "ok", "Yannick Peeters", "0479 20 20 20", "hm", "Fernhill Energy"]
)
def test_what_every_language_has_decides_nothing(said: str) -> None:
    assert choice("fr").heard(said) is None


def test_after_two_utterances_that_tell_nothing_what_was_assumed_stays() -> None:
    assert decisions(choice("fr"), "Hallo?", "Ja.", "Ja.") == [None, ("fr", Why.ASSUMED), None]


def test_words_of_the_first_two_utterances_are_added_up() -> None:
    assert decisions(choice("en"), "Alors, non.", "Je vous écoute.") == [None, ("fr", Why.SPOKEN)]


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("En français, s'il vous plaît.", "fr"),
        ("Vous parlez néerlandais ?", "nl"),
        ("Kan het in het Nederlands?", "nl"),
        ("Spreekt u Frans?", "fr"),
        ("Können wir auf Deutsch reden?", "de"),
        ("Sprechen Sie Französisch?", "fr"),
        ("Can we do this in English please?", "en"),
        ("Do you speak German?", "de"),
        ("Could we, um, speak Dutch maybe", "nl"),
        ("FRANÇAIS s'il vous plaît", "fr"),
    ],
)
def test_an_open_wish_is_followed_at_once_and_at_any_time(said: str, language: str) -> None:
    start = "en" if language != "en" else "de"
    for decided in (False, True):
        decision = choice(start, decided=decided).heard(said)
        assert decision is not None
        assert (decision.language, decision.why) == (language, Why.ASKED)


@pytest.mark.parametrize(
    "said",
    [
        "My wife is French.",
        "I have a French bulldog and he barks.",
        "mijn man is een Engelsman, die werkt in Frankrijk",
        "on a des amis allemands à la maison",
    ],
)
def test_a_language_that_is_only_named_is_no_wish(said: str) -> None:
    call = choice("en" if said[0].isupper() else ("nl" if "mijn" in said else "fr"), decided=True)
    assert call.heard(said) is None


def test_one_sentence_in_another_language_changes_nothing_two_do() -> None:
    call = choice("nl", decided=True)
    assert decisions(
        call,
        "C'est la vie, comme on dit chez nous.",
        "Maar goed, wat kost dat eigenlijk?",
        "Je préfère vous parler de ma facture.",
        "Vous comprenez ce que je veux dire ?",
    ) == [None, None, None, ("fr", Why.CHANGED)]


def test_a_short_yes_between_two_sentences_breaks_nothing_off() -> None:
    call = choice("en", decided=True)
    said = ("Je ne comprends pas ce que vous dites.", "Ja.", "Vous pouvez répéter plus lentement ?")
    assert decisions(call, *said)[-1] == ("fr", Why.CHANGED)


def test_a_language_that_the_playbook_does_not_offer_is_never_chosen() -> None:
    call = choice("fr", ("fr", "nl"))
    assert decisions(call, "Can you tell me what it costs?", "I only speak English, sorry.") == [
        None,
        ("fr", Why.ASSUMED),
    ]
    assert call.heard("Do you speak English?") is None


def test_a_playbook_in_one_language_never_asks_which() -> None:
    assert choice("en", ("en",)).heard("Bonjour, en français s'il vous plaît") is None


def test_the_recognisers_own_word_counts_by_its_confidence() -> None:
    said = "Vanderlinden Opwijk Mazenzele Merchtem Asse Zellik"  # names: our lists know none
    assert choice("fr").heard(said, "nl-BE", 0.3) is None
    decision = choice("fr").heard(said, "nl-BE", 1.0)
    assert decision is not None
    assert decision.language == "nl"
    assert choice("fr").heard(said, "multi", 1.0) is None, "multi says nothing"


def test_the_recogniser_alone_does_not_overrule_a_clear_sentence() -> None:
    decision = choice("en").heard("je voudrais savoir combien ça coûte chez vous", "nl", 0.4)
    assert decision is not None
    assert decision.language == "fr"


def test_a_word_of_two_languages_counts_for_none() -> None:
    assert count_words("de in is was", MARKS) == {}
    assert count_words("je", MARKS) == {}, "French and Dutch"
    assert count_words("l'appareil qu'il", MARKS) == {"fr": 2}


@pytest.mark.parametrize(
    ("known", "country", "language"),
    [
        (("nl", "fr"), "fr", "nl"),
        ((None, "fr"), "nl", "fr"),
        ((None, None), "de", "de"),
        (("es",), None, None),
        ((), None, None),
        (("es", "fr"), None, "fr"),
    ],
)
def test_before_the_first_word_the_best_of_what_is_known_counts(
    known: tuple[str | None, ...], country: str | None, language: str | None
) -> None:
    assert first_language(ALL, known=known, country=country) == language
