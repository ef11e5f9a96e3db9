"""What callers say, in four languages: opt-outs, questions after the robot, signs of listening."""

import pytest

from agent.domain.opt_outs import OptOut
from agent.domain.understanding import Understanding, Wish
from agent.playbook.caller_phrases import load_lexicons
from agent.settings import ROOT
from tests.unit.domain.spoken_table import table

EVERY_LANGUAGE = Understanding(load_lexicons(ROOT / "prompts"))


OPT_OUTS = table("""
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

NOT_OPT_OUTS = table("""
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


@pytest.mark.parametrize("words", OPT_OUTS)
def test_who_asks_not_to_be_called_again_is_understood(words: str) -> None:
    assert EVERY_LANGUAGE.opt_out(words).level is not OptOut.NOT


@pytest.mark.parametrize("words", NOT_OPT_OUTS)
def test_who_only_sets_a_time_or_quotes_somebody_is_not_struck_off(words: str) -> None:
    assert EVERY_LANGUAGE.opt_out(words).level is not OptOut.CERTAIN


@pytest.mark.parametrize(
    "words",
    [
        "Stop calling me.",
        "My husband told you to stop calling us.",
        "Ne m'appelez plus jamais.",
        "Supprimez mon numéro.",
        "Bel mij nooit meer op.",
        "Haal ons van uw lijst.",
        "Rufen Sie mich nicht mehr an.",
        "Hören Sie auf, mich anzurufen.",
        # Two languages in one breath.
        "Ik heb het al gezegd, stop calling me please.",
        "Allô ? Ik versta u niet, ne m'appelez plus.",
        "Sorry, nicht mehr anrufen, s'il vous plaît.",
    ],
)
def test_a_plain_order_is_certain_in_every_language_and_in_a_mixture(words: str) -> None:
    assert EVERY_LANGUAGE.opt_out(words).level is OptOut.CERTAIN


@pytest.mark.parametrize(
    "words",
    [
        "Could you take me off your list?",
        "Pouvez-vous ne plus m'appeler ?",
        "Kunt u mij van de lijst halen?",
        "Können Sie mich von der Liste nehmen?",
        "Maybe you should not call any more.",
        "My daughter says I should tell you to stop calling.",
    ],
)
def test_what_is_asked_softened_or_advised_is_never_certain(words: str) -> None:
    assert EVERY_LANGUAGE.opt_out(words).level is OptOut.LIKELY


@pytest.mark.parametrize(
    "words",
    [
        "Vous me rappelez plus tard ?",
        "Vous m'appelez plus tard, d'accord ?",
        "Lassen Sie mich das in Ruhe überlegen.",
        "Muss ich mich dann nicht mehr melden?",
        "Remove my old number and use this one.",
        "My neighbour told them to stop calling him.",
        "I don't call my bank any more.",
        "If I told you to stop calling me, what would happen?",
        "Stop calling me sir, I'm a woman.",
        "Never say never, call me in a year.",
    ],
)
def test_a_time_another_or_the_caller_s_own_calls_are_no_opt_out(words: str) -> None:
    assert EVERY_LANGUAGE.opt_out(words).level is OptOut.NOT


def test_a_verdict_names_its_rule_and_its_language() -> None:
    assert EVERY_LANGUAGE.opt_out("Bel mij niet meer.").rule == "never_call (nl)"
    assert EVERY_LANGUAGE.opt_out("Good morning.").rule == ""
    assert EVERY_LANGUAGE.person("Êtes-vous un robot ?").rule == "you are (fr)"


@pytest.mark.parametrize(
    "words",
    table("""
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
    fr: C'est enregistré ?
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
def test_who_asks_for_the_robot_is_understood(words: str) -> None:
    assert EVERY_LANGUAGE.person(words).wish is Wish.ROBOT


@pytest.mark.parametrize(
    "words",
    table("""
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
def test_talk_about_machines_is_no_question(words: str) -> None:
    assert EVERY_LANGUAGE.person(words).wish is Wish.NONE


@pytest.mark.parametrize(
    "words",
    [
        "Put me through to a human, please.",
        "Je veux parler à une vraie personne.",
        "Passez-moi un humain.",
        "Passez-moi une vraie personne, maintenant !",
        "Ik wil een mens spreken.",
        "Ich möchte mit einem Menschen sprechen.",
    ],
)
def test_who_wants_a_person_does_not_ask_after_a_robot(words: str) -> None:
    assert EVERY_LANGUAGE.person(words).wish is Wish.PERSON


@pytest.mark.parametrize(
    "words",
    [
        "I don't want to be recorded.",
        "Please stop recording.",
        "Je ne veux pas être enregistré.",
        "Arrêtez l'enregistrement.",
        "Ik wil niet dat dit opgenomen wordt.",
        "Ich möchte nicht aufgenommen werden.",
        "Nehmen Sie das bitte nicht auf.",
    ],
)
def test_who_refuses_the_recording_refuses_only_that(words: str) -> None:
    assert EVERY_LANGUAGE.refuses_recording(words)
    assert EVERY_LANGUAGE.opt_out(words).level is OptOut.NOT


@pytest.mark.parametrize(
    "words",
    [
        "Are you recording this?",
        "You can record it, no problem.",
        "Neemt u dit op?",
        "C'est enregistré ?",
        "I don't mind being recorded.",
        "Wird das aufgezeichnet?",
    ],
)
def test_who_asks_after_the_recording_does_not_refuse_it(words: str) -> None:
    assert not EVERY_LANGUAGE.refuses_recording(words)
