"""A recording: there when it is whole, and never before it may begin."""

from pathlib import Path
from typing import cast

import pytest
from livekit.agents import AgentSession

from agent.voice import recorder as module
from agent.voice.recorder import CallRecorder


class _Audio:
    """A session's input or output: whatever is placed on it."""

    def __init__(self) -> None:
        self.audio: object = self


class Session:
    """A session with (or without) sound."""

    def __init__(self, *, sound: bool = True) -> None:
        self.input, self.output = _Audio(), _Audio()
        if not sound:
            self.input.audio = self.output.audio = None

    @property
    def as_session(self) -> AgentSession[None]:
        """For what wants the real one."""
        return cast("AgentSession[None]", self)


class FakeRecorderIO:
    """The framework's recorder: writes `content` when it is closed."""

    content = b"OggS"

    def __init__(self, agent_session: object) -> None:
        self.started_at: Path | None = None

    def record_input(self, audio: object) -> object:
        return "recorded input"

    def record_output(self, audio: object) -> object:
        return "recorded output"

    async def start(self, *, output_path: Path) -> None:
        self.started_at = output_path

    async def aclose(self) -> None:
        assert self.started_at is not None
        self.started_at.write_bytes(self.content)


@pytest.fixture(autouse=True)
def _framework(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RecorderIO", FakeRecorderIO)


def _files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


async def test_nothing_is_kept_until_it_is_started(tmp_path: Path) -> None:
    session = Session()
    recorder = CallRecorder(tmp_path / "new", "call-1")
    recorder.attach(session.as_session)
    assert session.input.audio == "recorded input"
    assert session.output.audio == "recorded output"
    assert _files(tmp_path) == []
    assert await recorder.finish() is None
    assert _files(tmp_path) == []


async def test_a_recording_has_its_name_when_it_is_whole_and_only_its_owner_reads_it(
    tmp_path: Path,
) -> None:
    recorder = CallRecorder(tmp_path / "new", "call-1")
    recorder.attach(Session().as_session)
    assert await recorder.start()
    assert _files(tmp_path / "new") == [".call-1.partial.ogg"]
    assert await recorder.finish() == tmp_path / "new" / "call-1.ogg"
    assert _files(tmp_path / "new") == ["call-1.ogg"]
    assert (tmp_path / "new" / "call-1.ogg").stat().st_mode & 0o077 == 0
    assert await recorder.finish() is None


async def test_an_empty_recording_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeRecorderIO, "content", b"")
    recorder = CallRecorder(tmp_path, "call-1")
    recorder.attach(Session().as_session)
    await recorder.start()
    assert await recorder.finish() is None
    assert _files(tmp_path) == []


async def test_a_session_without_sound_is_not_recorded(tmp_path: Path) -> None:
    recorder = CallRecorder(tmp_path, "call-1")
    recorder.attach(Session(sound=False).as_session)
    assert not await recorder.start()
    assert await recorder.finish() is None


async def test_a_folder_that_cannot_be_written_is_no_reason_to_end_a_call(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    recorder = CallRecorder(tmp_path / "file", "call-1")
    recorder.attach(Session().as_session)
    assert not await recorder.start()
    assert await recorder.finish() is None
