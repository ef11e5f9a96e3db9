"""What one phone measured of its call, by loudness alone: nothing here knows the agent."""

from dataclasses import dataclass, field

from agent.local.phones.g711 import FRAME_SECONDS

SPEECH_LOUDNESS = 200.0
"""RMS of a 20 ms frame from which on somebody speaks."""
PAUSE_SECONDS = 0.3
"""Shorter silences are pauses inside one's speech."""


@dataclass(slots=True)
class PhoneMeasurements:
    """Times are `time.monotonic()`, durations seconds. Filled while the call lasts."""

    answered_at: float | None = None
    first_agent_audio_at: float | None = None
    heard_latencies: list[float] = field(default_factory=list)
    """End of own speech to the first sound of the agent, for each time the agent replied."""
    agent_stopped_after: list[float] = field(default_factory=list)
    """Start of own speech over the agent's to the agent's last sound, for each barge-in."""
    overlap: float = 0.0
    """Both spoke at once, in all."""
    longest_silence: float = 0.0
    """Neither spoke, at a stretch, since the answer."""
    dropped_frames: int = 0
    """Frames of 20 ms that came too late, or not at all in the middle of the agent's speech."""

    _agent_spoke_at: float = float("-inf")
    _we_spoke_at: float = float("-inf")
    _we_began_at: float = float("-inf")
    _awaiting_reply_since: float | None = None
    _barged_in_at: float | None = None
    _silence: float = 0.0

    def said(self, loudness: float, at: float) -> None:
        """A frame of ours reaches the line at `at`."""
        if loudness < SPEECH_LOUDNESS:
            return
        if at - self._we_spoke_at > PAUSE_SECONDS:
            self._we_began_at = at
            if at - self._agent_spoke_at < PAUSE_SECONDS:
                self._barged_in_at = at
        self._we_spoke_at = at
        self._awaiting_reply_since = None

    def finished_saying(self) -> None:
        """The utterance is over: the next thing that the agent begins to say is its reply."""
        self._awaiting_reply_since = self._we_spoke_at

    def heard(self, loudness: float, at: float) -> None:
        """One frame from the line, silent ones included: this is the call's clock."""
        speaks = loudness >= SPEECH_LOUDNESS
        silent_for = at - self._agent_spoke_at
        if self._barged_in_at is not None and silent_for > PAUSE_SECONDS:
            stopped_after = max(self._agent_spoke_at - self._barged_in_at, 0.0)
            self.agent_stopped_after.append(stopped_after)
            self._barged_in_at = None
        if speaks:
            if self.first_agent_audio_at is None:
                self.first_agent_audio_at = at
            waiting = self._awaiting_reply_since
            if silent_for > PAUSE_SECONDS and waiting is not None and at > waiting:
                self.heard_latencies.append(at - waiting)
                self._awaiting_reply_since = None
            self._agent_spoke_at = at
        we_speak = 0 <= at - self._we_spoke_at < 2 * FRAME_SECONDS
        if speaks and we_speak:
            self.overlap += FRAME_SECONDS
        self._silence = 0.0 if speaks or we_speak else self._silence + FRAME_SECONDS
        self.longest_silence = max(self.longest_silence, self._silence)
