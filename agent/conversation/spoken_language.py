"""One of the languages that a call can be held in, with everything that it needs to be spoken."""

from dataclasses import dataclass

from livekit.agents import tts

from agent.playbook.model import Playbook
from agent.voice.speech_cache import SpeechCache


@dataclass(frozen=True, slots=True)
class SpokenLanguage:
    """What changes with the language of a call. All of it is made ready before the call."""

    playbook: Playbook
    spoken: SpeechCache
    """The lines of `playbook`, spoken by `voice` before the call."""
    voice: tts.TTS[str]
    instructions: str

    @property
    def code(self) -> str:
        """The language, as playbooks and records call it."""
        return self.playbook.language
