"""The call follows the caller's language: lines, rules, voice and instructions, and the record."""

from pathlib import Path
from typing import cast

from livekit.agents import Agent, tts

from agent.conversation.language_switch import LanguageSwitch
from agent.conversation.spoken_language import SpokenLanguage
from agent.domain.calls import EventKind
from agent.domain.language_choice import LanguageChoice
from agent.playbook.language_marks import load_language_marks
from agent.playbook.translations import load_texts
from agent.voice.speech_cache import SpeechCache
from tests.unit.conversation.fakes import Facts
from tests.unit.conversation.scene import PROMPTS, live_call

TEXTS = load_texts(PROMPTS, "default")
MARKS = load_language_marks(PROMPTS)
NOWHERE = Path("/nonexistent")


class Ears:
    """As much of the framework's agent as a change of language touches."""

    def __init__(self) -> None:
        self.voice: object = "voice en"
        self.instructions = "instructions en"

    def update_options(self, *, tts: object) -> None:
        self.voice = tts

    async def update_instructions(self, instructions: str) -> None:
        self.instructions = instructions


def spoken(code: str) -> SpokenLanguage:
    playbook = TEXTS[code]
    return SpokenLanguage(
        playbook=playbook,
        spoken=SpeechCache(NOWHERE, code),
        voice=cast("tts.TTS[str]", f"voice {code}"),
        instructions=f"instructions {code}",
    )


class Stage:
    """A call in four languages that began in English."""

    def __init__(self, *, opening: tuple[str, ...] = ("en",)) -> None:
        self.facts = Facts()
        self.call = live_call(self.facts, playbook=TEXTS.default)
        self.languages = {code: spoken(code) for code in TEXTS.languages}
        choice = LanguageChoice(TEXTS.languages, opening[0], MARKS)
        self.switch = LanguageSwitch(self.call, choice, self.languages, opening)
        self.ears = Ears()

    @property
    def agent(self) -> Agent:
        return cast(Agent, self.ears)

    async def hears(self, words: str, reported: str | None = None) -> None:
        await self.switch.heard(self.agent, words, reported, 1.0)

    def due(self) -> str | None:
        return self.switch.notice

    @property
    def chosen(self) -> list[tuple[object, ...]]:
        details = self.facts.details(EventKind.LANGUAGE_CHOSEN)
        return [(each["language"], each["before"], each["why"]) for each in details]


async def test_a_caller_who_greets_in_french_is_answered_in_french() -> None:
    stage = Stage()
    await stage.hears("Bonjour, c'est pour une batterie.")
    assert stage.call.playbook is TEXTS["fr"]
    assert stage.call.spoken is stage.languages["fr"].spoken
    assert (stage.ears.voice, stage.ears.instructions) == ("voice fr", "instructions fr")
    assert stage.chosen == [("fr", "en", "greeted")]
    (detail,) = stage.facts.details(EventKind.LANGUAGE_CHOSEN)
    assert detail["words"] == "fr 4", "what it rests on is on record: counts, never the words"


async def test_a_caller_who_goes_on_in_the_language_of_the_opening_changes_nothing() -> None:
    stage = Stage()
    await stage.hears("Good morning, what do you offer?")
    assert stage.call.playbook is TEXTS["en"]
    assert stage.ears.voice == "voice en"
    assert stage.chosen == [("en", "en", "greeted")]


async def test_nothing_is_noted_of_a_caller_whose_words_tell_nothing() -> None:
    stage = Stage()
    for words in ("Ja.", "ok", "Ja."):
        await stage.hears(words)
    assert stage.chosen == []


async def test_a_later_wish_is_followed_and_each_change_is_on_record() -> None:
    stage = Stage()
    await stage.hears("Bonjour, c'est pour une batterie.")
    await stage.hears("Kan het in het Nederlands?")
    assert stage.call.playbook is TEXTS["nl"]
    assert stage.chosen == [("fr", "en", "greeted"), ("nl", "fr", "asked")]


async def test_a_known_caller_is_greeted_in_the_language_of_the_last_call() -> None:
    stage = Stage(opening=("fr", "nl"))
    assert [each.code for each in stage.switch.opening] == ["fr", "nl"]
    await stage.switch.assume(stage.agent, "nl")
    assert [each.code for each in stage.switch.opening] == ["nl"]
    assert stage.call.playbook is TEXTS["nl"]
    assert stage.chosen == [], "assumed is not spoken"
    await stage.hears("Bonjour, je préfère en français.")
    assert stage.call.playbook is TEXTS["fr"]


async def test_a_caller_who_was_told_in_another_language_is_told_again_before_the_first_reply() -> (
    None
):
    stage = Stage()
    stage.switch.disclosed_in("en")
    assert stage.due() is None
    await stage.hears("Bonjour, c'est pour une batterie.")
    notice = (
        "Bonjour, ici Robin, l'intelligence artificielle de Fernhill Energy. "
        "Cet appel est enregistré."
    )
    assert stage.due() == notice, "without the question that ends it: the reply follows"
    stage.switch.agent_said("Bonjour, ici Robin, l'intelligence")
    assert stage.due() == notice, "cut short: not told yet"
    stage.switch.agent_said(f"{notice} La batterie coûte 6.900 €.")
    assert stage.facts.details(EventKind.DISCLOSED) == [{"text": notice}]
    stage.switch.agent_said(f"{notice} La batterie coûte 6.900 €.")
    assert stage.facts.kinds.count(EventKind.DISCLOSED) == 1, "told once"
    await stage.hears("In English please.")
    assert stage.due() is None, "told in English at the beginning"


async def test_after_an_opening_in_two_languages_the_caller_is_told_nothing_again() -> None:
    stage = Stage(opening=("fr", "nl"))
    for language in stage.switch.opening:
        await stage.switch.speak(stage.agent, language)
        stage.switch.disclosed_in(language.code)
    await stage.switch.settle(stage.agent)
    assert stage.call.playbook is TEXTS["fr"]
    await stage.hears("Goeiedag, met Jan.")
    assert stage.call.playbook is TEXTS["nl"]
    assert stage.due() is None


async def test_a_caller_who_speaks_over_the_opening_is_answered_in_that_language() -> None:
    stage = Stage(opening=("fr", "nl"))
    await stage.switch.speak(stage.agent, stage.switch.opening[0])
    await stage.hears("Goeiedag, met Jan.")
    await stage.switch.speak(stage.agent, stage.switch.opening[1])
    await stage.switch.settle(stage.agent)
    assert stage.call.playbook is TEXTS["nl"]
    assert stage.chosen == [("nl", "fr", "greeted")]


async def test_a_language_that_this_playbook_does_not_have_is_not_assumed() -> None:
    stage = Stage(opening=("fr", "nl"))
    await stage.switch.assume(stage.agent, "it")
    assert [each.code for each in stage.switch.opening] == ["fr", "nl"]
