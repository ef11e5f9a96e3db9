"""What an agent may not say, in four languages, with the lists and the playbook that ship."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.figures import value_of
from agent.domain.money_talk import amounts_told
from agent.domain.promises import UNKNOWN_LANGUAGE, why_not
from agent.domain.speech_rules import Amount, SpeechRules
from agent.playbook.load import load_playbook
from agent.playbook.speech_rules import load_speech_rules
from agent.settings import ROOT

PROMPTS = ROOT / "prompts"
PLAYBOOK = load_playbook(PROMPTS, "default")
LANGUAGES = ("en", "fr", "nl", "de")


@cache
def _rules() -> SpeechRules:
    """Those that ship, with the default playbook: its amounts are 6900 and 8900."""
    return load_speech_rules(PROMPTS, PLAYBOOK)


def _told(words: str) -> set[Amount]:
    return set().union(*(amounts_told(words, tongue) for tongue in _rules().tongues))


def _table(text: str) -> list[tuple[str, str]]:
    """`en: words` lines as (language, words)."""
    lines = [line.strip() for line in text.strip().splitlines()]
    return [(line[:2], line[3:].strip()) for line in lines if line]


PRICES = _table("""
    en: It costs €500.
    en: It costs 500 euros.
    en: It costs five hundred euros.
    en: That is fifteen hundred euros, installed.
    en: It is only two euros a month.
    en: It costs 5 thousand euros.
    en: It costs 5k euros.
    en: It costs €5k.
    en: You get a 500-euro voucher.
    en: That would be 6,901 euros.
    en: That would be $69.
    en: It is ninety-nine euros and fifty cents.
    en: You save 20%.
    en: You save twenty percent on your bill.
    en: You save 20 per cent.
    en: You get it at half price.
    fr: Cela coûte 500 €.
    fr: Cela coûte cinq cents euros.
    fr: Cela coûte deux euros par mois.
    fr: Cela coûte 7\u202f900 €.
    fr: Vous gagnez vingt pour cent.
    fr: Vous gagnez 20 %.
    nl: Dat kost 500 euro.
    nl: Dat kost vijfhonderd euro.
    nl: Dat kost 500,- euro.
    nl: Dat kost € 500,-.
    nl: Dat kost twee euro per maand.
    nl: U bespaart twintig procent.
    de: Das kostet 500 Euro.
    de: Das kostet fünfhundert Euro.
    de: Das kostet 500,\u2013 €.
    de: Das kostet zwei Euro im Monat.
    de: Sie sparen zwanzig Prozent.
""")

LEGITIMATE = _table("""
    en: The battery costs €6,900, installed.
    en: The battery costs 6900 euros.
    en: It is six thousand nine hundred euros, and the large one is 8,900 euros.
    en: The battery stores 10 kilowatt hours and has a guarantee of 10 years.
    en: I can offer Tuesday the third at nine or at ten o'clock.
    en: One of our advisers calls you in two days.
    en: I cannot give you a discount.
    en: I can't promise you a discount, I'm afraid.
    en: There is no discount on it.
    en: A discount is not something I can give.
    en: We don't do special offers.
    en: I am not a person.
    en: I am an artificial intelligence, not a person.
    fr: La batterie coûte 6 900 €.
    fr: La batterie coûte 6\u202f900 €.
    fr: La batterie coûte 6\u00a0900 euros.
    fr: Je ne peux pas vous accorder de remise.
    fr: Il n'y a aucune réduction.
    fr: Je suis une intelligence artificielle.
    nl: De batterij kost 6.900 euro.
    nl: De batterij kost € 6.900,-.
    nl: Ik kan u geen korting geven.
    nl: Ik ben geen mens.
    de: Der Speicher kostet 6.900 Euro.
    de: Ich kann Ihnen keinen Rabatt geben.
    de: Ich bin kein Mensch.
""")

PROMISES = _table("""
    en: I will give you a discount.
    en: I can give you a Discount!
    en: I promise that you will save money.
    en: I guarantee it.
    en: You would get money back.
    en: There are subsidies for that.
    en: No problem, I can give you a discount.
    en: I do not want to lose you, so you get a special price.
    en: I can't say this loudly, but there is a discount.
    en: Not only that; we guarantee the saving.
    fr: Je vous accorde une remise.
    fr: Pas de souci, je vous fais une réduction.
    fr: C'est gratuit.
    fr: Je vous promets une économie.
    nl: U krijgt korting.
    nl: Geen probleem, u krijgt korting.
    nl: Ik beloof het u.
    nl: Het is gratis.
    de: Sie bekommen einen Rabatt.
    de: Kein Problem, Sie bekommen einen Rabatt.
    de: Das ist kostenlos.
    de: Ich verspreche es Ihnen.
""")

HUMANS = _table("""
    en: I am a person.
    en: I'm human, just like you.
    en: I\u2019m a human being.
    en: No, I am a real person.
    en: No, I'm not a robot.
    en: Of course I am not a machine!
    en: You are talking to a real person.
    fr: Je suis une vraie personne.
    fr: Non, je suis humain.
    fr: Je ne suis pas un robot.
    nl: Nee, ik ben een mens.
    nl: Ik ben een echt persoon.
    nl: Ik ben geen robot.
    de: Nein, ich bin ein Mensch.
    de: Ich bin eine echte Person.
    de: Ich bin kein Roboter.
""")


@pytest.mark.parametrize(("language", "sentence"), PRICES)
def test_a_price_that_the_playbook_does_not_name_is_stopped(language: str, sentence: str) -> None:
    assert why_not(sentence, _rules()) == "names an amount that is not in the playbook"


@pytest.mark.parametrize(("language", "sentence"), PROMISES)
def test_a_promise_is_stopped(language: str, sentence: str) -> None:
    reason = why_not(sentence, _rules())
    assert reason is not None
    assert reason.startswith("promises something: ")


@pytest.mark.parametrize(("language", "sentence"), HUMANS)
def test_a_claim_to_be_a_person_is_stopped(language: str, sentence: str) -> None:
    assert why_not(sentence, _rules()) == "claims to be a person"


@pytest.mark.parametrize(("language", "sentence"), LEGITIMATE)
def test_what_the_playbook_says_and_what_it_refuses_may_be_spoken(
    language: str, sentence: str
) -> None:
    assert why_not(sentence, _rules()) is None


@pytest.mark.parametrize(
    "line", [PLAYBOOK.disclosure, PLAYBOOK.greeting, *PLAYBOOK.spoken_ahead()[2:]]
)
def test_the_playbooks_own_lines_break_no_rule(line: str) -> None:
    for sentence in line.split(". "):
        assert why_not(sentence, _rules()) is None


def test_an_amount_that_the_caller_has_told_may_be_repeated_as_theirs() -> None:
    told = _told("Um, fourteen fifty a year, 1,450 or so.")
    for sentence in ("So you pay 1,450 euros a year.", "Fourteen hundred and fifty euros, got it."):
        assert why_not(sentence, _rules()) is not None
        assert why_not(sentence, _rules(), told) is None


@pytest.mark.parametrize(
    "sentence",
    [
        "The battery costs 500 euros.",
        "Then the price is 500.",
        "You save 500 euros a year.",
        "With the battery it drops to 500.",
        "La batterie coûte 500 euros.",
        "De batterij kost vijfhonderd euro.",
        "Der Speicher kostet 500 Euro.",
    ],
)
def test_an_amount_that_the_caller_has_told_is_no_price(sentence: str) -> None:
    assert why_not(sentence, _rules(), _told("My bill is 500 euros a year.")) is not None


def test_what_the_caller_pays_a_month_may_be_told_by_the_year() -> None:
    told = _told("On paie cent cinquante euros par mois.")
    assert why_not("Donc 1 800 euros par an, à peu près.", _rules(), told) is None
    assert why_not("Donc 1 900 euros par an, à peu près.", _rules(), told) is not None


def test_an_amount_that_the_caller_has_told_is_no_percentage_to_promise() -> None:
    assert why_not("You save 50 percent.", _rules(), _told("I pay 50 euros")) is not None


def test_a_price_of_the_playbook_is_no_percentage_and_no_percentage_a_price() -> None:
    rules = _with("The check costs €40. The battery keeps 80 percent of its strength.")
    assert why_not("It costs 40 euros and keeps 80 percent.", rules) is None
    assert why_not("You save 40 percent.", rules) is not None
    assert why_not("It costs 80 euros.", rules) is not None


def test_a_price_of_the_playbook_is_not_paid_every_month() -> None:
    assert why_not("The battery costs 6,900 euros a month.", _rules()) is not None
    rent = _with("The battery can be rented for €79 a month.")
    assert why_not("It is 79 euros a month.", rent) is None
    assert why_not("Elle se loue septante-neuf euros par mois.", rent) is None


@pytest.mark.parametrize(
    "sentence",
    [
        "Is your electricity bill over 100 euros a month?",
        "Is it more than a hundred euros a month?",
        "Votre facture dépasse-t-elle 100 euros par mois ?",
        "Betaalt u meer dan honderd euro per maand?",
        "Ist Ihre Rechnung höher als 100 Euro im Monat?",
    ],
)
def test_what_the_playbook_asks_may_be_asked_in_every_language(sentence: str) -> None:
    asking = PLAYBOOK.questions[2].model_copy(
        update={"ask": "Is your electricity bill over 100 euros a month?"}
    )
    rules = load_speech_rules(PROMPTS, PLAYBOOK.model_copy(update={"questions": (asking,)}))
    assert why_not(sentence, rules) is None
    assert why_not(sentence, _rules()) is not None
    assert why_not("The battery costs 100 euros a month.", rules) is not None


@pytest.mark.parametrize(
    "sentence",
    [
        "There is a discount of 10 percent until March.",
        "Il y a une remise de 10 % jusqu'en mars.",
        "Er is tot maart tien procent korting.",
        "Es gibt bis März einen Rabatt von zehn Prozent.",
    ],
)
def test_what_the_owner_promises_may_be_promised(sentence: str) -> None:
    rules = _with("Until March there is a discount of 10 percent on every battery.")
    assert why_not(sentence, rules) is None
    assert why_not(sentence, _rules()) is not None
    assert why_not("There is a discount of 20 percent until March.", rules) is not None
    assert why_not("You get a subsidy.", rules) is not None


def test_what_is_free_is_what_the_playbook_calls_free() -> None:
    for sentence in ("The visit is free.", "La visite est gratuite.", "Het bezoek kost u niets."):
        assert why_not(sentence, _rules()) is None
        assert why_not(sentence, _with("A visit costs €25.", appointment=None)) is not None
    assert why_not("The installation is free.", _rules()) is not None
    assert why_not("It costs you nothing.", _rules(), before="The adviser visits you.") is None
    assert why_not("It costs you nothing.", _rules(), before="Then you get a battery.") is not None


@pytest.mark.parametrize(
    "sentence",
    [
        "Il prezzo della batteria sarebbe di cinquecento euro al mese.",
        "Cena baterii wynosi pięćset złotych miesięcznie.",
        "Batarya ücretsiz kurulacak, size söz veriyorum.",
    ],
)
def test_nothing_is_said_in_a_language_without_rules(sentence: str) -> None:
    assert why_not(sentence, _rules()) in (
        UNKNOWN_LANGUAGE,
        "names an amount that is not in the playbook",
    )


def _with(body: str, **changes: object) -> SpeechRules:
    return load_speech_rules(PROMPTS, PLAYBOOK.model_copy(update={"body": body, **changes}))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("€4,900", 4900),
        ("€4.900", 4900),
        ("€ 4 900", 4900),
        ("€4,90", 4.9),
        ("€4.90", 4.9),
        ("€1,234,567", 1234567),
        ("€1.234,56", 1234.56),
        ("4900 EUR", 4900),
        ("€6,900.", 6900),
        ("(€6,900)", 6900),
    ],
)
def test_an_amount_is_read_however_it_is_written(text: str, value: float) -> None:
    assert Amount(value) in amounts_told(text, _rules().tongues[0])


@pytest.mark.parametrize(("text", "value"), [("4,900", 4900), ("4,90", 4.9), ("1'200", 1200)])
def test_a_point_or_comma_before_three_digits_is_for_thousands(text: str, value: float) -> None:
    assert value_of(text) == value


_PIECES = st.sampled_from(
    [
        *("#0", "#7", "¦", "€", "5", "6,900", "1.2.3", "%", ",", ".", "?", "'", "\u2019", "-", "…"),
        *("not", "no", "discount", "free", "gratis", "you", "pas", "niet", "kein", "Rabatt", "k"),
        *("half", "ik ben"),
    ]
)


@settings(deadline=None)
@given(st.lists(_PIECES | st.text(max_size=3), max_size=12), st.sampled_from([" ", ""]))
def test_no_text_is_too_odd_to_be_judged(pieces: list[str], between: str) -> None:
    text = between.join(pieces)
    why_not(text, _rules(), _told(text), before=text)
