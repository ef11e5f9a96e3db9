"""Messages to the agent in a room: only ours, only for its room, only now, and each once."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from agent.telephony.control import ControlMessage, ControlReader, ControlText

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECRET = "example-" * 5
MESSAGE = ControlMessage("room-1", UUID(int=1), NOW, ControlText.END)


def _reader(room: str = "room-1", *, now: datetime = NOW) -> ControlReader:
    return ControlReader(SECRET, room, lambda: now)


def test_a_signed_message_is_believed_once() -> None:
    reader = _reader()
    assert reader.read(MESSAGE.signed(SECRET)) is ControlText.END
    assert reader.read(MESSAGE.signed(SECRET)) is None


def test_a_second_message_with_an_id_of_its_own_is_believed_too() -> None:
    reader = _reader()
    other = ControlMessage("room-1", UUID(int=2), NOW, ControlText.END)
    told = [reader.read(each.signed(SECRET)) for each in (MESSAGE, other)]
    assert told == [ControlText.END] * 2


def test_a_message_signed_with_another_secret_is_not_believed() -> None:
    assert _reader().read(MESSAGE.signed("another-" * 5)) is None


def test_a_message_for_another_room_is_not_believed() -> None:
    assert _reader("room-2").read(MESSAGE.signed(SECRET)) is None


@pytest.mark.parametrize("seconds", [61, -61])
def test_a_message_of_another_time_is_not_believed(seconds: int) -> None:
    late = _reader(now=NOW + timedelta(seconds=seconds))
    assert late.read(MESSAGE.signed(SECRET)) is None


def _with(**changes: object) -> bytes:
    return json.dumps(json.loads(MESSAGE.signed(SECRET)) | changes).encode()


@pytest.mark.parametrize(
    "forge",
    [
        lambda: b"end",  # what the server itself was believed to say
        lambda: b"",
        lambda: b"\xff",
        lambda: b"[]",
        lambda: _with(id=str(UUID(int=3))),  # a fresh id for a message that was heard
        lambda: _with(at=(NOW + timedelta(seconds=1)).isoformat()),
        lambda: _with(text="take_over"),
        lambda: _with(signature="0" * 64),
        lambda: _with(signature=""),
        lambda: _with(more="x"),
    ],
)
def test_whatever_is_changed_in_a_message_takes_its_belief(forge: Callable[[], bytes]) -> None:
    assert _reader().read(forge()) is None


def test_a_refused_forgery_does_not_use_the_id_up() -> None:
    reader = _reader()
    assert reader.read(_with(signature="0" * 64)) is None
    assert reader.read(MESSAGE.signed(SECRET)) is ControlText.END
