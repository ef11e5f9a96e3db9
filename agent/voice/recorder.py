"""A call's recording: stereo, caller left and agent right, from the end of the disclosure on.

The framework records from the start of the session, before the caller has been told. So its
recorder is placed on the audio when the session starts, and started only when the law allows.
"""

from pathlib import Path

import structlog
from livekit.agents import AgentSession
from livekit.agents.voice.recorder_io import RecorderIO

log = structlog.get_logger(__name__)


class CallRecorder:
    """Records one call to `<directory>/<name>.ogg` (Ogg Opus, 48 kHz, 0600).

    While the call goes on the file is called `.<name>.partial.ogg`, so that nobody takes an
    unfinished recording for a whole one.
    """

    def __init__(self, directory: Path, name: str) -> None:
        self._partial = directory / f".{name}.partial.ogg"
        self.path = directory / f"{name}.ogg"
        self._recorder: RecorderIO | None = None
        self._recording = False

    def attach(self, session: AgentSession[None]) -> None:
        """Place the recorder on the session's audio; nothing is kept yet."""
        audio_in, audio_out = session.input.audio, session.output.audio
        if audio_in is None or audio_out is None:
            return  # a session without audio (a text test) has nothing to record
        self._recorder = RecorderIO(agent_session=session)
        session.input.audio = self._recorder.record_input(audio_in)
        session.output.audio = self._recorder.record_output(audio_out)

    async def start(self) -> bool:
        """From now on the call is recorded. False if it cannot be; the call goes on without."""
        if self._recorder is None:
            return False
        try:
            self._partial.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._partial.touch(mode=0o600)
        except OSError as error:
            log.error("recording_impossible", error=type(error).__name__)
            return False
        await self._recorder.start(output_path=self._partial)
        self._recording = True
        return True

    async def discard(self) -> bool:
        """Stop recording and delete what was recorded. False if there was nothing."""
        if self._recorder is None or not self._recording:
            return False
        self._recording = False
        await self._recorder.aclose()
        self._partial.unlink(missing_ok=True)
        return True

    async def finish(self) -> Path | None:
        """Close the recording and give it its name. None if nothing was recorded."""
        if self._recorder is None or not self._recording:
            return None
        self._recording = False
        await self._recorder.aclose()
        if not self._partial.exists() or self._partial.stat().st_size == 0:
            self._partial.unlink(missing_ok=True)
            return None
        self._partial.chmod(0o600)
        self._partial.replace(self.path)
        return self.path
