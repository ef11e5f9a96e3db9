"""The agent itself: what it hears, what it may say, and when it holds its tongue."""

import time
from collections.abc import AsyncGenerator, AsyncIterable

from livekit import rtc
from livekit.agents import Agent, FlushSentinel, ModelSettings, StopResponse, llm, stt
from livekit.agents.llm import ChatChunk, ChatContext, ChatMessage

from agent.conversation.guardrail import Guardrail
from agent.conversation.live_call import LiveCall
from agent.conversation.opening import Opening
from agent.conversation.tools import Tool
from agent.domain.calls import EventKind
from agent.domain.phrases import asks_if_robot, is_backchannel
from agent.domain.promises import CLAIMS_TO_BE_A_PERSON, why_not
from agent.voice.false_interruption import resume_soon
from agent.voice.onset import without_lead

_TRANSCRIPTS = (
    stt.SpeechEventType.INTERIM_TRANSCRIPT,
    stt.SpeechEventType.PREFLIGHT_TRANSCRIPT,
    stt.SpeechEventType.FINAL_TRANSCRIPT,
)


class SalesAgent(Agent):
    """The framework's agent, with this project's rules around ears and mouth."""

    def __init__(
        self, call: LiveCall, opening: Opening, instructions: str, tools: list[Tool]
    ) -> None:
        super().__init__(instructions=instructions, tools=list(tools))
        self._call = call
        self._opening = opening
        self.only_listened_at = 0.0
        """When (Unix seconds) a sign of listening was last left out."""

    async def stt_node(
        self, audio: AsyncIterable[rtc.AudioFrame], model_settings: ModelSettings
    ) -> AsyncGenerator[stt.SpeechEvent, None]:
        """What the recogniser hears, without an "mm-hm" over our own sentence.

        The agent has paused already when one begins. Left out here, it counts as no interruption,
        and the framework goes on with the sentence; let through, it would end it.
        """
        async for event in Agent.default.stt_node(self, audio, model_settings):
            words = event.alternatives[0].text if event.alternatives else ""
            if event.type in _TRANSCRIPTS and self._is_only_listening(words):
                self.only_listened_at = time.time()
                if event.type is stt.SpeechEventType.FINAL_TRANSCRIPT:
                    resume_soon(self.session)
                continue
            if event.type is stt.SpeechEventType.FINAL_TRANSCRIPT and event.alternatives:
                self._call.certainty.heard(words, event.alternatives[0].confidence)
            yield event

    async def llm_node(
        self, chat_ctx: ChatContext, tools: list[llm.Tool], model_settings: ModelSettings
    ) -> AsyncGenerator[ChatChunk | str | FlushSentinel, None]:
        """The reply: fixed where the truth is at stake, else the model's, sentence by sentence."""
        lines = self._call.playbook.lines
        if asks_if_robot(_last_words(chat_ctx), self._call.phrases):
            yield lines.i_am_ai
            return
        gate = Guardrail(self._why_not, self._instead, self._refused)
        async for chunk in Agent.default.llm_node(self, chat_ctx, tools, model_settings):
            if isinstance(chunk, ChatChunk) and chunk.delta is not None and chunk.delta.content:
                passed = gate.push(chunk.delta.content)
                chunk.delta.content = passed or None
            elif isinstance(chunk, str):
                chunk = gate.push(chunk)
            yield chunk
        if rest := gate.finish():
            yield rest

    def tts_node(
        self, text: AsyncIterable[str], model_settings: ModelSettings
    ) -> AsyncIterable[rtc.AudioFrame]:
        """The voice, from its first sound: the caller waits through every millisecond before."""
        return without_lead(Agent.default.tts_node(self, text, model_settings))

    async def on_user_turn_completed(self, turn_ctx: ChatContext, new_message: ChatMessage) -> None:
        """Answer the turn, and with it what was said during the disclosure; not after goodbye."""
        if self._call.ending:
            raise StopResponse
        missed = self._opening.take_unanswered()
        text = new_message.text_content or ""
        if missed and missed not in text:
            new_message.content = [f"{missed} {text}".strip()]

    def _is_only_listening(self, text: str) -> bool:
        speech = self.session.current_speech
        if speech is None or speech.done() or not is_backchannel(text, self._call.phrases):
            return False
        # After a question "yes" is an answer, not a sign of listening.
        return "?" not in self._call.heard.text

    def _why_not(self, sentence: str) -> str | None:
        told = (value for value in self._call.answers.values() if type(value) in (int, float))
        return why_not(sentence, self._call.rules, [float(value) for value in told if value])

    def _instead(self, reason: str) -> str:
        lines = self._call.playbook.lines
        return lines.i_am_ai if reason == CLAIMS_TO_BE_A_PERSON else lines.cannot_promise

    def _refused(self, reason: str) -> None:
        self._call.note(EventKind.REPLY_BLOCKED, what="sentence", why=reason)


def _last_words(chat_ctx: ChatContext) -> str:
    """What the caller has just said; nothing when the last step was a tool's."""
    last = chat_ctx.items[-1] if chat_ctx.items else None
    if isinstance(last, ChatMessage) and last.role == "user":
        return last.text_content or ""
    return ""
