"""What the agent hears: signs of listening left out, words over the disclosure taken along."""

from collections.abc import AsyncIterator

import pytest
from livekit import rtc
from livekit.agents import Agent, ModelSettings, StopResponse, stt
from livekit.agents.llm import ChatContext, ChatMessage

from agent.conversation import sales_agent
from tests.unit.conversation.scene import Scene


class _Speaking:
    """What the session is saying now."""

    def __init__(self, over: bool) -> None:
        self._over = over

    def done(self) -> bool:
        return self._over


def _event(kind: stt.SpeechEventType, text: str) -> stt.SpeechEvent:
    data = stt.SpeechData(language="en", text=text)  # type: ignore[arg-type]
    return stt.SpeechEvent(type=kind, alternatives=[data])


FINAL = stt.SpeechEventType.FINAL_TRANSCRIPT
INTERIM = stt.SpeechEventType.INTERIM_TRANSCRIPT


async def _heard(
    monkeypatch: pytest.MonkeyPatch,
    events: list[stt.SpeechEvent],
    *,
    speaking: bool,
    so_far: str = "The battery costs",
) -> tuple[list[str], int]:
    """Texts that reach the framework, and how often a pause was called off."""

    async def recognised(*_: object) -> AsyncIterator[stt.SpeechEvent]:
        for event in events:
            yield event

    resumed: list[object] = []
    async with Scene() as scene:
        await scene.call.heard.capture_text(so_far)
        agent = scene.conversation.agent
        current = _Speaking(over=not speaking)
        with monkeypatch.context() as patch:
            patch.setattr(Agent.default, "stt_node", recognised)
            patch.setattr(sales_agent, "resume_soon", resumed.append)
            patch.setattr(type(scene.session), "current_speech", property(lambda _: current))

            async def no_audio() -> AsyncIterator[rtc.AudioFrame]:
                return
                yield

            texts = [
                event.alternatives[0].text if event.alternatives else event.type.value
                async for event in agent.stt_node(no_audio(), ModelSettings())
            ]
    return texts, len(resumed)


async def test_a_sign_of_listening_over_our_own_words_is_no_interruption(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events = [_event(INTERIM, "mm"), _event(INTERIM, "mm-hm"), _event(FINAL, "Mm-hm.")]
    heard, resumed = await _heard(monkeypatch, events, speaking=True)
    assert "Mm-hm." not in heard
    assert resumed == 1


async def test_other_words_over_our_own_are_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [_event(INTERIM, "but what"), _event(FINAL, "But what about the rent?")]
    heard, resumed = await _heard(monkeypatch, events, speaking=True)
    assert heard == ["but what", "But what about the rent?"]
    assert resumed == 0


async def test_after_a_question_a_yes_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    heard, _ = await _heard(
        monkeypatch, [_event(FINAL, "Yeah.")], speaking=True, so_far="Do you own it?"
    )
    assert heard == ["Yeah."]


async def test_when_nobody_else_speaks_a_yes_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    heard, _ = await _heard(monkeypatch, [_event(FINAL, "Yeah.")], speaking=False)
    assert heard == ["Yeah."]


async def test_what_is_no_transcript_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [stt.SpeechEvent(type=stt.SpeechEventType.START_OF_SPEECH)]
    heard, _ = await _heard(monkeypatch, events, speaking=True)
    assert heard == ["start_of_speech"]


async def test_words_said_during_the_disclosure_are_answered_with_the_turn_they_began() -> None:
    async with Scene() as scene:
        agent = scene.conversation.agent
        scene.conversation._opening._disclosing = True
        scene.caller_is_heard("I rent,")
        turn = ChatMessage(role="user", content=["so can I have one?"])
        await agent.on_user_turn_completed(ChatContext.empty(), turn)
        assert turn.text_content == "I rent, so can I have one?"
        later = ChatMessage(role="user", content=["And when?"])
        await agent.on_user_turn_completed(ChatContext.empty(), later)
        assert later.text_content == "And when?"


async def test_words_that_the_turn_holds_already_are_not_said_twice() -> None:
    async with Scene() as scene:
        scene.conversation._opening._disclosing = True
        scene.caller_is_heard("I rent,")
        turn = ChatMessage(role="user", content=["I rent, so can I have one?"])
        await scene.conversation.agent.on_user_turn_completed(ChatContext.empty(), turn)
        assert turn.text_content == "I rent, so can I have one?"


async def test_after_the_goodbye_has_begun_no_turn_is_answered() -> None:
    async with Scene() as scene:
        scene.call.ending = True
        with pytest.raises(StopResponse):
            await scene.conversation.agent.on_user_turn_completed(
                ChatContext.empty(), ChatMessage(role="user", content=["Wait!"])
            )
