"""What callers say: opt-outs, questions after the robot, signs of listening, goodbyes."""

from pathlib import Path

import pytest

from agent.domain.phrases import (
    FILLERS,
    asks_if_robot,
    is_backchannel,
    is_opt_out,
    phrase,
    says_goodbye,
)
from agent.errors import PlaybookError
from agent.playbook.phrases import load_all_phrases, load_phrases
from agent.settings import ROOT

LANGUAGES = load_all_phrases(ROOT / "prompts")


def _table(text: str) -> list[tuple[str, str]]:
    """`en: words` lines as (language, words)."""
    lines = [line.strip() for line in text.strip().splitlines()]
    return [(line[:2], line[3:].strip()) for line in lines if line]


OPT_OUTS = _table("""
    en: Stop calling me.
    en: Stop calling us!
    en: Please stop calling.
    en: Look, stop phoning me.
    en: Don't call me again.
    en: Don\u2019t call me again, please.
    en: Do not call me anymore.
    en: Dont call me any more
    en: Don't ever call me again, all right?
    en: Don't call me.
    en: Don't you ever call here again.
    en: Never call me again.
    en: Never call us again.
    en: Please, please don't call this number again.
    en: Take me off your list.
    en: Can you take me off your calling list please?
    en: I'd like you to take my number off your list.
    en: Please remove me from your database.
    en: Remove my number.
    en: Could you just remove my phone number, please?
    en: Delete my data.
    en: I don't want any more calls.
    en: We don't want any of your calls.
    en: I don't want you to call me again.
    en: I do not want to be called again.
    en: No more calls, thanks.
    en: I want to opt out.
    en: Opt me out.
    en: Unsubscribe!
    en: Leave me alone.
    en: Put me on your do not call list.
    en: I told you to stop calling me!
    en: This is harassment.
    en: Not interested. Stop calling me, okay? Bye.
    en: Don't call me before six. In fact, stop calling me.
    en: stop calling me and do not call my mobile either
    en: Don't hesitate to email. And don't call me again.
    fr: Ne m'appelez plus.
    fr: Ne m\u2019appelez plus jamais !
    fr: m'appelez plus
    fr: Ne me rappelez plus jamais.
    fr: Arrêtez de m'appeler.
    fr: ARRETEZ DE ME TELEPHONER
    fr: Cessez de m'appeler s'il vous plaît.
    fr: Retirez-moi de votre liste.
    fr: Enlevez-moi de vos listes.
    fr: Supprimez mon numéro.
    fr: Effacez mes données.
    fr: Supprimez-moi.
    fr: Vous pouvez ne plus me contacter ?
    fr: Ne me contactez plus.
    fr: Je ne veux plus être contactée.
    fr: Je ne veux vraiment plus être appelé.
    fr: Je ne souhaite plus être démarché.
    fr: Je suis sur la liste ne m'appelez plus.
    fr: Je suis sur liste rouge.
    fr: Je suis inscrite sur la liste d'opposition.
    fr: Je m'oppose.
    fr: J'exerce mon droit d'opposition.
    fr: Plus d'appels.
    fr: Plus jamais m'appeler, compris.
    fr: Ne rappelez plus ce numéro.
    fr: C'est du harcèlement.
    fr: Laissez-moi tranquille.
    fr: Fichez-moi la paix.
    fr: Je vais porter plainte.
    nl: Bel me niet meer.
    nl: Bel mij niet meer op.
    nl: Bel niet meer.
    nl: Nooit meer bellen.
    nl: Stop met bellen.
    nl: Stop met mij te bellen.
    nl: Hou op met bellen.
    nl: Haal mij van jullie lijst.
    nl: Schrap mij van de lijst.
    nl: Schrap mijn nummer.
    nl: Verwijder mijn nummer alstublieft.
    nl: Wis mijn gegevens.
    nl: Ik wil niet meer gebeld worden.
    nl: Ik wil echt niet meer benaderd worden.
    nl: Ik wil niet meer gecontacteerd worden.
    nl: Contacteer mij niet meer.
    nl: Neem geen contact meer op.
    nl: Ik sta op de bel-me-niet-meer-lijst.
    nl: Zet mij op de bel-me-niet-lijst.
    nl: Ik maak bezwaar.
    nl: Ik verzet mij tegen deze oproepen.
    nl: Geen telefoontjes meer.
    nl: Geen reclame meer.
    nl: Laat mij met rust.
    nl: Dit is stalken.
    nl: Ik dien een klacht in.
    de: Rufen Sie mich nicht mehr an.
    de: Rufen Sie bitte nie wieder an!
    de: Bitte nicht mehr anrufen.
    de: Keine weiteren Anrufe.
    de: Keine Anrufe mehr.
    de: Hören Sie auf anzurufen.
    de: Hören Sie auf, mich anzurufen.
    de: Kontaktieren Sie mich nicht mehr.
    de: Ich möchte nicht mehr kontaktiert werden.
    de: Ich will nicht mehr angerufen werden.
    de: Nehmen Sie mich von der Liste.
    de: Streichen Sie mich bitte von Ihrer Liste.
    de: Nehmen Sie mich aus dem Verteiler.
    de: Löschen Sie meine Nummer.
    de: Entfernen Sie meine Nummer.
    de: Ich möchte, dass Sie meine Daten löschen.
    de: Ich widerspreche.
    de: Ich widerrufe meine Einwilligung.
    de: Ich lege Widerspruch ein.
    de: Setzen Sie mich auf die Do-not-call-Liste.
    de: Ich stehe auf der Robinsonliste.
    de: Keine Werbung mehr.
    de: Lassen Sie mich in Ruhe.
    de: Das ist Belästigung.
    de: Ich zeige Sie an.
    de: Nie mehr melden!
""")

NOT_OPT_OUTS = _table("""
    en: I'm not interested right now.
    en: Can you call back next week?
    en: Don't call me before six.
    en: Please don't call me again before six o'clock.
    en: Don't call me at work.
    en: Don't call me today.
    en: Don't call this number, call my mobile.
    en: My wife told you to stop calling her sister.
    en: My sister told him to stop calling me.
    en: Don't hesitate to call me again.
    en: Why don't you call me again next week?
    en: I don't mind if you call me again.
    en: No, don't. Call me again on Monday.
    en: If I say stop calling me, will you?
    en: Call me again tomorrow.
    en: I never call anyone back.
    en: We never got a call from you again.
    en: Stop. Wait a moment.
    en: What is on your list?
    en: I would take the one from your list with the two cameras.
    en: Stop calling it a discount.
    en: I have no time right now.
    en: Yes.
    fr: Non, pas intéressé pour le moment.
    fr: Rappelez-moi plutôt le mois prochain.
    fr: Je n'ai pas le temps là.
    fr: Ne m'appelez plus avant 18h.
    fr: Ne m'appelez plus sur ce numéro, appelez-moi sur mon gsm.
    fr: N'hésitez pas à m'appeler.
    fr: Ma femme a dit ne m'appelez plus.
    fr: Je l'appelle plus tard.
    nl: Nee, nu even niet, bel morgen terug.
    nl: Bel niet meer naar dit nummer, bel mijn gsm.
    nl: Bel me niet voor zes uur.
    nl: Vandaag niet, maandag wel.
    nl: Ik ben niet geïnteresseerd.
    nl: Mijn vrouw zei bel me niet meer.
    de: Jetzt gerade nicht, rufen Sie nächste Woche an.
    de: Rufen Sie mich nicht mehr vor achtzehn Uhr an.
    de: Rufen Sie nicht mehr hier an, rufen Sie mich auf meinem Handy an.
    de: Kein Interesse im Moment.
    de: Ich rufe Sie zurück.
""")


@pytest.mark.parametrize(("language", "words"), OPT_OUTS)
def test_who_asks_not_to_be_called_again_is_understood(language: str, words: str) -> None:
    assert is_opt_out(words, LANGUAGES[language])


@pytest.mark.parametrize(("language", "words"), NOT_OPT_OUTS)
def test_who_only_sets_a_time_or_quotes_somebody_is_not_struck_off(
    language: str, words: str
) -> None:
    assert is_opt_out(words, LANGUAGES[language]) is None


@pytest.mark.parametrize(
    ("language", "words"),
    _table("""
    en: Are you a robot?
    en: Wait, are you a real person?
    en: Are you, like, an AI?
    en: Is this a recording?
    en: Am I talking to a machine?
    en: You're a robot.
    en: Are you human?
    en: am i talking to robot
    en: are you real person
    fr: Êtes-vous un robot ?
    fr: Vous êtes un robot ?
    fr: C'est une IA ?
    fr: Je parle à une machine ?
    fr: Je parle à qui ?
    fr: C'est enregistré ?
    fr: Passez-moi quelqu'un de vrai.
    nl: Ben je een robot?
    nl: Bent u een mens?
    nl: Spreek ik met een echt persoon?
    nl: Is dit een bandje?
    nl: Bent u echt?
    de: Sind Sie ein Roboter?
    de: Ist das eine KI?
    de: Spreche ich mit einem Menschen?
    de: Ist das vom Band?
    de: Bist du echt?
    """),
)
def test_who_asks_for_the_robot_is_understood(language: str, words: str) -> None:
    assert asks_if_robot(words, LANGUAGES[language])


@pytest.mark.parametrize(
    ("language", "words"),
    _table("""
    en: We sell robots ourselves.
    en: Are you recording this?
    en: Are you the person who does the billing?
    en: I am a real person and I am busy.
    fr: Nous vendons un répondeur.
    fr: Laissez un message sur mon répondeur.
    nl: Wij gebruiken een robot in de fabriek.
    de: Wir haben schon einen Roboter.
    """),
)
def test_talk_about_machines_is_no_question(language: str, words: str) -> None:
    assert asks_if_robot(words, LANGUAGES[language]) is None


@pytest.mark.parametrize(
    ("language", "words"),
    _table("""
    en: Mm-hmm.
    en: Mmm.
    en: Mm.
    en: Mhm
    en: Mm hmm, mm-hm.
    en: Uh-huh.
    en: Hmm...
    en: Yeah.
    en: Yeah, yeah, okay.
    en: Okay, I see.
    en: Right.
    en: All right. Got it.
    fr: Oui oui, d'accord.
    fr: Ouais.
    fr: Ah bon.
    fr: Tout à fait.
    nl: Ja, ja.
    nl: Oké.
    nl: Amai.
    nl: Klopt, inderdaad.
    de: Ja genau.
    de: Ach so.
    de: Alles klar.
    """),
)
def test_a_sign_of_listening_claims_no_turn(language: str, words: str) -> None:
    assert is_backchannel(words, LANGUAGES[language])


@pytest.mark.parametrize(
    ("language", "words"),
    _table("""
    en: Yeah, but how much is it?
    en: Right?
    en: Stop.
    en: No.
    en: Wait.
    en: Okay, what about Monday
    en: Yes yes yes yes yes yes yes.
    en: ...
    fr: Oui, mais attendez.
    fr: Non.
    nl: Nee.
    nl: Ja, wacht even.
    de: Nein.
    de: Moment.
    """),
)
def test_whatever_wants_the_floor_is_no_sign_of_listening(language: str, words: str) -> None:
    assert not is_backchannel(words, LANGUAGES[language])


@pytest.mark.parametrize(
    ("language", "words", "expected"),
    [
        ("en", "Okay, thanks. Goodbye.", True),
        ("en", "I have to go now.", True),
        ("en", "Bye bye is what I said to my old supplier.", False),
        ("fr", "Merci, au revoir.", True),
        ("fr", "Salut, c'est Marc.", False),
        ("nl", "Bedankt, dag.", True),
        ("nl", "Vandaag of maandag", False),
        ("de", "Vielen Dank, auf Wiederhören.", True),
    ],
)
def test_a_goodbye_closes_what_was_said(language: str, words: str, expected: bool) -> None:
    assert bool(says_goodbye(words, LANGUAGES[language])) is expected


def test_up_to_three_other_words_may_stand_between_two_words_of_a_phrase() -> None:
    english = LANGUAGES["en"]
    assert is_opt_out("stop " + "uh " * FILLERS + "calling me", english)
    assert not is_opt_out("stop " + "uh " * (FILLERS + 1) + "calling me", english)


def test_a_phrase_that_would_match_everything_is_refused() -> None:
    for text in ("", "[stop|]", "stop [calling", "$"):
        with pytest.raises(ValueError, match=r"phrase|bracket"):
            phrase(text)


def test_a_broken_list_names_file_line_and_fix(tmp_path: Path) -> None:
    good = (ROOT / "prompts/phrases/en.yaml").read_text()
    broken = good.replace('  - "unsubscribe"\n', "  - yes\n")
    line = broken.splitlines().index("  - yes") + 1
    path = tmp_path / "en.yaml"
    path.write_text(broken)
    with pytest.raises(PlaybookError, match=rf"en\.yaml:{line}: opt_out"):
        load_phrases(path)
    path.write_text("opt_out: [")
    with pytest.raises(PlaybookError, match="not valid YAML"):
        load_phrases(path)
    with pytest.raises(PlaybookError, match="there is no such file; add a file for each language"):
        load_phrases(tmp_path / "xx.yaml")
