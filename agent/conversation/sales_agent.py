"""The agent itself: what it hears, what it may say, and when it holds its tongue."""

import time
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing
from string import Template
from uuid import uuid4

from livekit import rtc
from livekit.agents import Agent, FlushSentinel, ModelSettings, StopResponse, llm, stt
from livekit.agents.llm import (
    ChatChunk,
    ChatContext,
    ChatMessage,
    ChoiceDelta,
    FunctionToolCall,
)

from agent.conversation.backchannel import Backchannel
from agent.conversation.fixed_replies import FixedReplies
from agent.conversation.guardrail import Guardrail, Stopped, WhyNot
from agent.conversation.language_switch import LanguageSwitch
from agent.conversation.live_call import LiveCall
from agent.conversation.opening import Opening
from agent.conversation.replies import Replies, Reply
from agent.conversation.tools import TRANSFER_TOOL, Tool
from agent.domain.calls import EventKind
from agent.domain.money_talk import amounts_told
from agent.domain.promises import CLAIMS_TO_BE_A_PERSON, why_not
from agent.domain.speech_rules import Amount
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
        self,
        call: LiveCall,
        opening: Opening,
        backchannel: Backchannel,
        fixed_replies: FixedReplies,
        instructions: str,
        tools: list[Tool],
        languages: LanguageSwitch | None = None,
    ) -> None:
        super().__init__(instructions=instructions, tools=list(tools))
        self._call = call
        self._opening = opening
        self.replies = Replies()
        self._told_by_text: dict[str, set[Amount]] = {}
        self._languages = languages
        self._backchannel = backchannel
        self._fixed_replies = fixed_replies
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
            if event.type in _TRANSCRIPTS and self._backchannel.is_one(words):
                self.only_listened_at = time.time()
                if event.type is stt.SpeechEventType.FINAL_TRANSCRIPT:
                    self._backchannel.left_out(words)
                    resume_soon(self.session)
                continue
            if event.type is stt.SpeechEventType.FINAL_TRANSCRIPT and event.alternatives:
                self._call.certainty.heard(words, event.alternatives[0].confidence)
            if event.type is stt.SpeechEventType.FINAL_TRANSCRIPT and self._languages is not None:
                # Here, before the framework has the words: its reply is begun ahead with them.
                said = event.alternatives[0]
                await self._languages.heard(self, said.text, said.language, said.confidence)
            yield event

    async def llm_node(
        self, chat_ctx: ChatContext, tools: list[llm.Tool], model_settings: ModelSettings
    ) -> AsyncGenerator[ChatChunk | str | FlushSentinel, None]:
        """The reply: what is fixed, then the model's, sentence by sentence."""
        if self._languages is not None and (notice := self._languages.notice):
            yield f"{notice} "
        fixed = self._fixed_replies.to(_last_words(chat_ctx))
        if fixed is not None:
            yield fixed.line
            if fixed.transfers:
                yield _call_of(TRANSFER_TOOL)
            if not fixed.model_goes_on:
                return
            yield " "
            chat_ctx = chat_ctx.copy()
            chat_ctx.add_message(role="assistant", content=fixed.line)
        judge = self._judge(chat_ctx)
        reply = self.replies.begin()
        if fixed is not None:
            reply.text = f"{fixed.line} "
        attempt = _Attempt(Guardrail(judge, _last_words(chat_ctx)), reply)
        async for chunk in attempt.through(
            Agent.default.llm_node(self, chat_ctx, tools, model_settings)
        ):
            yield chunk
        if attempt.gate.stopped is None:
            return
        stopped = attempt.gate.stopped
        if not attempt.called_tools:
            # Once more within the rules: the caller has asked something, and a fixed line is no
            # answer to it.
            again = _Attempt(Guardrail(judge, reply.text), reply)
            context = self._asked_again(chat_ctx, reply.text, stopped)
            async for chunk in again.through(
                Agent.default.llm_node(self, context, tools, model_settings)
            ):
                yield chunk
            if again.gate.stopped is None:
                return
            stopped = again.gate.stopped
        instead = self._instead(stopped.reason)
        reply.text += instead
        yield instead

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

    def spoken(self, text: str) -> None:
        """A reply was heard: note what had been stopped in it."""
        for reason in self.replies.spoken(text):
            self._call.note(EventKind.REPLY_BLOCKED, what="sentence", why=reason)

    def _judge(self, chat_ctx: ChatContext) -> WhyNot:
        """What sentences are checked by, with the figures that the caller has named so far."""
        rules = self._call.rules
        answers = (each for each in self._call.answers.values() if type(each) in (int, float))
        told = {Amount(float(value)) for value in answers if value}
        for item in chat_ctx.items:
            if isinstance(item, ChatMessage) and item.role == "user" and item.text_content:
                told |= self._told(item.text_content)
        return lambda sentence, before: why_not(sentence, rules, told, before)

    def _told(self, text: str) -> set[Amount]:
        if text not in self._told_by_text:
            tongues = self._call.rules.tongues
            self._told_by_text[text] = set().union(*(amounts_told(text, each) for each in tongues))
        return self._told_by_text[text]

    def _asked_again(self, chat_ctx: ChatContext, said: str, stopped: Stopped) -> ChatContext:
        context = chat_ctx.copy()
        if said.strip():
            context.add_message(role="assistant", content=said.strip())
        note = Template(self._call.rules.say_again)
        context.add_message(
            role="system",
            content=note.safe_substitute(sentence=stopped.sentence, reason=stopped.reason),
        )
        return context

    def _instead(self, reason: str) -> str:
        lines = self._call.playbook.lines
        return lines.i_am_ai if reason == CLAIMS_TO_BE_A_PERSON else lines.cannot_promise


class _Attempt:
    """One request to the model: its chunks with the text that may be spoken."""

    def __init__(self, gate: Guardrail, reply: Reply) -> None:
        self.gate = gate
        self._reply = reply
        self.called_tools = False

    async def through(
        self, chunks: AsyncGenerator[ChatChunk | str | FlushSentinel, None]
    ) -> AsyncGenerator[ChatChunk | str | FlushSentinel, None]:
        """Up to the sentence that must not be spoken; nothing after it is waited for."""
        async with aclosing(chunks):
            async for chunk in chunks:
                if isinstance(chunk, ChatChunk) and chunk.delta is not None:
                    self.called_tools |= bool(chunk.delta.tool_calls)
                    if chunk.delta.content:
                        chunk.delta.content = self._passed(chunk.delta.content) or None
                elif isinstance(chunk, str):
                    chunk = self._passed(chunk)
                yield chunk
                if self.gate.stopped is not None:
                    break
        if rest := self._kept(self.gate.finish()):
            yield rest
        if self.gate.stopped is not None:
            self._reply.reasons.append(self.gate.stopped.reason)

    def _passed(self, text: str) -> str:
        return self._kept(self.gate.push(text))

    def _kept(self, text: str) -> str:
        self._reply.text += text
        return text


def _call_of(tool: str) -> ChatChunk:
    """A reply in which `tool` is called, as if the model had asked for it."""
    call = FunctionToolCall(name=tool, arguments="{}", call_id=f"code-{uuid4()}")
    return ChatChunk(id="code", delta=ChoiceDelta(role="assistant", tool_calls=[call]))


def _last_words(chat_ctx: ChatContext) -> str:
    """What the caller has just said; nothing when the last step was a tool's."""
    last = chat_ctx.items[-1] if chat_ctx.items else None
    if isinstance(last, ChatMessage) and last.role == "user":
        return last.text_content or ""
    return ""
