"""The state file is believed exactly as long as the process that wrote it lives."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.errors import StackError
from agent.local.stack.state import (
    Kind,
    OnlyStack,
    StackPart,
    process_started,
    read_state,
    remove_state,
    write_state,
)
from agent.settings import ROOT

PARTS = (
    StackPart("valkey", Kind.REAL, "127.0.0.1:1", 7),
    StackPart("openai", Kind.YOURS, "api.openai.com"),
)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    write_state({"REDIS_URL": "redis://x"}, PARTS, tmp_path)
    state = read_state(tmp_path)
    assert state is not None
    assert state.environment == {"REDIS_URL": "redis://x"}
    assert state.parts == PARTS
    assert state.owner_pid == os.getpid()


def test_only_its_owner_may_read_it_and_nothing_else_is_left(tmp_path: Path) -> None:
    write_state({}, (), tmp_path)
    assert (tmp_path / "state.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_no_file_no_stack(tmp_path: Path) -> None:
    assert read_state(tmp_path) is None
    remove_state(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"owner_pid": 999999999}, id="owner dead"),
        pytest.param({"owner_started": "1"}, id="process id used again"),
        pytest.param({"parts": "none"}, id="of another version"),
    ],
)
def test_a_state_without_its_owner_is_none_and_removed(
    tmp_path: Path, change: dict[str, object]
) -> None:
    write_state({}, PARTS, tmp_path)
    path = tmp_path / "state.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    assert read_state(tmp_path) is None
    assert not path.exists()


def test_a_file_cut_short_is_none(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text('{"environment": {')
    assert read_state(tmp_path) is None


def test_a_folder_has_one_stack_and_the_second_is_told_who_has_it(tmp_path: Path) -> None:
    first = OnlyStack(tmp_path)
    with pytest.raises(StackError, match=rf"already runs in .*process {os.getpid()}\)"):
        OnlyStack(tmp_path)
    first.release()
    OnlyStack(tmp_path).release()


def test_a_killed_holder_has_no_claim(tmp_path: Path) -> None:
    program = f"""
import time
from pathlib import Path
from agent.local.stack.state import OnlyStack
claim = OnlyStack(Path({str(tmp_path)!r}))
print("held", flush=True)
time.sleep(600)
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(StackError, match=rf"process {holder.pid}\)"):
            OnlyStack(tmp_path)
        holder.kill()
    OnlyStack(tmp_path).release()


def test_a_process_start_is_told_from_another_ones() -> None:
    ours = process_started(os.getpid())
    assert ours is not None
    assert ours == process_started(os.getpid())
    assert process_started(999999999) is None
