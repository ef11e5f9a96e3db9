"""One conversation from its first word to its last: session events in, the parts of this room at
work, facts out."""

import time
from collections.abc import Sequence

import structlog
from livekit.agents import (
    AgentSession,
    AgentStateChangedEvent,
    ConversationItemAddedEvent,
    ErrorEvent,
    UserInputTranscribedEvent,
    UserStateChangedEvent,
)
from livekit.agents.llm import ChatMessage
from livekit.agents.voice.events import UserTranscriptionTimeoutEvent

from agent.conversation.backchannel import Backchannel
from agent.conversation.ending import Ending
from agent.conversation.fixed_replies import FixedReplies
from agent.conversation.keys import Keys
from agent.conversation.language_switch import LanguageSwitch
from agent.conversation.live_call import LiveCall
from agent.conversation.opening import Opening
from agent.conversation.opt_out import OptOutTalk
from agent.conversation.person import PersonTransfer
from agent.conversation.provider_failures import ProviderFailures
from agent.conversation.recording import Recording
from agent.conversation.sales_agent import SalesAgent
from agent.conversation.silence import Silence
from agent.conversation.tools import build_tools
from agent.conversation.transcript import Transcript
from agent.domain.calls import CallTurn, EventKind
from agent.voice.recogniser_chain import RecogniserChain

log = structlog.get_logger(__name__)

_SPEECH_HAS_WORDS = 1.0
"""Seconds: shorter sounds are often no speech, and say nothing about the recogniser."""

_SAME_WORDS = 2.0
"""Seconds: speech detected within this time of a transcript may be the tail of the same words. On
a busy machine voice detection lags behind the recogniser."""


class Conversation:
    """Ties a session to a call. Create it before the session starts; `open` once answered."""

    def __init__(
        self,
        session: AgentSession[None],
        call: LiveCall,
        instructions: str,
        languages: LanguageSwitch | None = None,
    ) -> None:
        self._session = session
        self._call = call
        self._languages = languages
        self.ending = Ending(session, call)
        self._opening = Opening(session, call, self.ending, languages)
        self._silence = Silence(session, call, self.ending)
        self._failures = ProviderFailures(session, call, self.ending)
        self._transcript = Transcript(call.id, call.events, call.certainty)
        self._opt_out = OptOutTalk(call, self.ending)
        self._person = PersonTransfer(session, call)
        self._keys = Keys(session, call, self._opt_out, self._person)
        self._backchannel = Backchannel(session, call, self._transcript, time.time)
        self._recording = Recording(call)
        self._opened = False
        self._recognised_at = 0.0
        self.agent = SalesAgent(
            call,
            self._opening,
            self._backchannel,
            FixedReplies(call, self._opt_out, self._person),
            instructions,
            build_tools(call, self.ending, self._opt_out, self._person),
            languages,
        )
        session.on("user_input_transcribed", self._transcribed)
        session.on("user_state_changed", self._caller_changed)
        session.on("agent_state_changed", self._agent_changed)
        session.on("conversation_item_added", self._item_added)
        session.on("user_transcription_timeout", self._unheard)
        session.on("error", self._failed)

    @property
    def turns(self) -> Sequence[CallTurn]:
        """What was said so far, by both sides."""
        return self._transcript.turns

    async def begin_in(self, language: str) -> None:
        """Before `open`: something is known of the caller, so the first words are in this one."""
        if self._languages is not None:
            await self._languages.assume(self.agent, language)

    async def open(self) -> None:
        """Speak the first words. Returns when the caller may be expected to talk."""
        self._opened = True
        # While it rang, the session counted silence. Start again.
        self._session.reset_away_timer()
        await self._opening.speak()

    def key_pressed(self, digit: str) -> None:
        """The caller pressed a key of the telephone."""
        self._silence.broken()
        self._keys.pressed(digit)

    def time_is_up(self) -> None:
        """The call has lasted as long as a call may."""
        self._call.note(EventKind.MAX_DURATION_REACHED)
        self.ending.conclude(self._call.playbook.lines.time_is_up)

    async def close(self) -> None:
        """Nobody is on the line any more: stop what is still going on, keep what was heard."""
        if self._call.noted(EventKind.CALLER_HUNG_UP):
            self._opt_out.hung_up()
        self._call.ending = True
        self._keys.close()
        self._backchannel.close()
        await self._silence.close()
        await self._person.close()
        await self._recording.close()
        self._transcript.flush()

    def _transcribed(self, event: UserInputTranscribedEvent) -> None:
        if not event.is_final:
            return
        self._recognised_at = event.created_at
        self._silence.broken()
        self._transcript.caller_said(event.transcript, event.created_at)
        self._opening.caller_said(event.transcript)
        self._backchannel.caller_speaks()
        self._opt_out.heard(event.transcript, self._transcript.current)
        self._recording.heard(event.transcript)
        if self._call.understanding.asks_to_wait(event.transcript):
            self._silence.be_patient()

    def _caller_changed(self, event: UserStateChangedEvent) -> None:
        if event.new_state == "away":
            if not self._opened:
                return  # it rings: nobody is there yet who could be silent
            self._silence.lasted()
        else:
            self._transcript.caller_speaks(event.new_state == "speaking", event.created_at)

    def _agent_changed(self, event: AgentStateChangedEvent) -> None:
        # "thinking" comes before a generated reply; before a fixed line only when a reply failed.
        if event.old_state == "thinking" and event.new_state == "speaking":
            self._failures.answered()
        if event.old_state == "speaking":
            self._backchannel.agent_finished()

    def _unheard(self, event: UserTranscriptionTimeoutEvent) -> None:
        # A filtered "mm-hm" proves that the recogniser works; a cough has no words to recognise.
        only_listened = event.vad_speech_started_at <= self.agent.only_listened_at
        recognised = event.vad_speech_started_at <= self._recognised_at + _SAME_WORDS
        if event.speech_duration >= _SPEECH_HAS_WORDS and not (only_listened or recognised):
            ears = self._session.stt
            if isinstance(ears, RecogniserChain) and ears.heard_nothing():
                return  # another one listens now, also to what was said
            self._failures.on_unheard()

    def _item_added(self, event: ConversationItemAddedEvent) -> None:
        if isinstance(event.item, ChatMessage):
            self._transcript.added(event.item)
            if event.item.role == "assistant":
                heard = event.item.text_content or ""
                self.agent.spoken(heard)
                if self._languages is not None:
                    self._languages.agent_said(heard)
                self._opt_out.agent_said(heard)

    def _failed(self, event: ErrorEvent) -> None:
        self._failures.on_error(event)
