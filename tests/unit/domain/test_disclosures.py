"""A disclosure is believed by what it means in its language, not by a word that stands in it."""

import pytest

from agent.domain.languages import LANGUAGES

SAYS_AI = {
    "en": [
        "Hello, this is Robin, an artificial intelligence assistant speaking for Fernhill Energy.",
        "I am not a person but an AI.",
        "You are speaking with the A.I. of Fernhill Energy.",
        "Hello! I'm Robin, Fernhill's AI agent.",
        "This call is made by an artificial intelligence.",
        "Don't worry, I'm an AI and not a person.",
        "Good morning, an AI speaking.",
    ],
    "fr": [
        "Bonjour, ici Robin, une intelligence artificielle qui parle pour Fernhill Energy.",
        "Je ne suis pas une personne mais une IA.",
        "Bonjour, c'est Robin, l'assistante IA de Fernhill.",
        "Vous parlez à une I.A. de Fernhill Energy.",
        "Cet appel est effectué par une intelligence artificielle.",
        "Ici l'intelligence artificielle de Fernhill Energy.",
    ],
    "nl": [
        "Goedendag, u spreekt met Robin, een AI-assistent van Fernhill Energy.",
        "Ik ben geen mens, maar een kunstmatige intelligentie.",
        "Dit is Robin, de ai-assistent van Fernhill.",
        "Dit gesprek wordt gevoerd door artificiële intelligentie.",
    ],
    "de": [
        "Guten Tag, hier spricht Robin, eine künstliche Intelligenz von Fernhill Energy.",
        "Ich bin kein Mensch, sondern eine KI.",
        "Hier ist Robin, der KI-Assistent von Fernhill Energy.",
        "Sie sprechen mit einer künstlichen Intelligenz.",
    ],
}
SAYS_NO_AI = {
    "en": [
        "I am not an AI.",
        "This isn't an artificial intelligence, it is Robin.",
        "No AI speaks here.",
        "Hello, this is Robin of Fernhill, leaders in artificial intelligence.",
        "I am calling about our AI assistant.",
        "Are you an AI?",
        "This is Robin; my maid said so.",
        "Neither a robot nor an AI speaks with you.",
    ],
    "fr": [
        "Bonjour, ici Robin de Fernhill Energy, j'ai une bonne nouvelle pour vous.",
        "Bonjour, ici Robin, j\N{RIGHT SINGLE QUOTATION MARK}ai une offre.",
        "BONJOUR, ICI ROBIN, J'AI UNE OFFRE.",
        "Je ne suis pas une intelligence artificielle.",
        "Ce n'est pas une IA qui vous parle.",
        "Ici Maria, via Fernhill.",
        "Je vous appelle au sujet de notre assistant IA.",
    ],
    "nl": [
        "Ik ben geen AI.",
        "U spreekt niet met een kunstmatige intelligentie.",
        "Ai, dit is Robin van Fernhill.",
        "Ik bel u over onze AI-assistent.",
    ],
    "de": [
        "Ich bin keine KI.",
        "Hier spricht keine künstliche Intelligenz.",
        "Hier ist Robin, wir fahren Ski mit den Kindern.",
        "Ich rufe über unsere KI-Software an.",
    ],
}
SAYS_RECORDED = {
    "en": [
        "This call is recorded, to check the quality of our service.",
        "Calls may be recorded.",
        "You are on a recorded line.",
        "We record this conversation.",
        "We're recording.",
    ],
    "fr": [
        "Cet appel est enregistré.",
        "Nous enregistrons cette conversation.",
        "Cet appel fait l'objet d'un enregistrement.",
    ],
    "nl": [
        "Dit gesprek wordt opgenomen.",
        "Wij nemen dit gesprek op.",
        "We nemen dit gesprek op om onze service te verbeteren.",
        "Van dit gesprek wordt een opname gemaakt.",
    ],
    "de": [
        "Das Gespräch wird mitgeschnitten.",
        "Dieser Anruf wird aufgezeichnet.",
        "Wir zeichnen das Gespräch auf.",
        "Wir schneiden das Gespräch mit.",
        "Das Telefonat wird aufgenommen.",
    ],
}
NOT_RECORDED = {
    "en": [
        "This call is not recorded.",
        "We don't record this call.",
        "Nothing is ever recorded without asking, no.",
        "Our records show that you have panels.",
        "I have recorded your order.",
        "Is this call recorded?",
    ],
    "fr": [
        "Cet appel n'est pas enregistré.",
        "Sans enregistrement.",
        "Votre demande est enregistrée.",
        "J'ai enregistré votre commande.",
    ],
    "nl": [
        "Dit gesprek wordt niet opgenomen.",
        "Wij nemen contact met u op.",
        "Er wordt contact met u opgenomen.",
        "Wij nemen niets op, geen opname.",
    ],
    "de": [
        "Dieser Anruf wird nicht aufgezeichnet.",
        "Wir zeichnen das Gespräch nicht auf.",
        "Wir haben Kontakt mit Ihnen aufgenommen.",
        "Wir nehmen Kontakt mit Ihnen auf.",
    ],
}


def _each(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(code, text) for code, texts in table.items() for text in texts]


@pytest.mark.parametrize(("code", "text"), _each(SAYS_AI))
def test_that_an_ai_speaks_is_told(code: str, text: str) -> None:
    assert LANGUAGES[code].says_ai(text)


@pytest.mark.parametrize(("code", "text"), _each(SAYS_NO_AI))
def test_a_denial_a_topic_or_a_part_of_a_word_tells_of_no_ai(code: str, text: str) -> None:
    assert not LANGUAGES[code].says_ai(text)


@pytest.mark.parametrize(("code", "text"), _each(SAYS_RECORDED))
def test_that_the_call_is_recorded_is_told(code: str, text: str) -> None:
    assert LANGUAGES[code].says_recorded(text)


@pytest.mark.parametrize(("code", "text"), _each(NOT_RECORDED))
def test_a_denial_or_another_thing_that_is_kept_tells_of_no_recording(code: str, text: str) -> None:
    assert not LANGUAGES[code].says_recorded(text)
