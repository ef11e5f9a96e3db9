"""`python agent.py stack`, as a person runs and ends it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.local.stack.processes import free_port, is_running, port_is_free
from agent.local.stack.state import read_state
from agent.settings import ROOT
from tests.integration.local.waiting import until

FAKE = str(Path(__file__).parents[1] / "fake_server.py")
PROGRAM = f"""
import functools, sys
from pathlib import Path
import agent.cli.stack as command
from agent.errors import CallError
from agent.local.stack.parts import Modules
fakes = Modules(({FAKE!r},), ({FAKE!r},))
folder = Path(sys.argv.pop(1))
command.Stack = functools.partial(command.Stack, folder=folder, modules=fakes)
command.read_environment = lambda: {{}}
try:
    command.app()
except CallError as error:
    sys.exit(f"error: {{error}}")
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A checkout's `.stack`, where the unprivileged user of Postgres can reach it."""
    made = Path(tempfile.mkdtemp(prefix="test-stack-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def run(folder: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder), *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_it_prints_parts_and_exports_and_ends_cleanly(
    folder: Path, ending: signal.Signals
) -> None:
    with run(folder, "--temporary") as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline()]
            while not lines[-1].startswith("export TELNYX_SIP_USERNAME"):  # the last one
                assert process.poll() is None
                lines.append(process.stdout.readline())
            state = read_state(folder)
            assert state is not None
            process.send_signal(ending)
            _, said = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 0, said
    shown = "".join(lines)
    assert "stand-in" in shown
    assert "real" in shown
    for name, value in state.environment.items():
        assert f"export {name}={value}\n" in shown
    assert "livekit-server: ready" in said
    assert not any(is_running(part.pid) for part in state.parts if part.pid is not None)


async def test_a_part_that_dies_ends_it_with_an_error(folder: Path) -> None:
    with run(folder, "--temporary") as process:
        try:
            await until(lambda: process.poll() is not None or read_state(folder) is not None)
            state = read_state(folder)
            assert state is not None
            valkey = next(part.pid for part in state.parts if part.name == "valkey")
            assert valkey is not None
            os.kill(valkey, signal.SIGKILL)
            _, said = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 1
    assert "error: valkey has ended by itself" in said
    assert not any(is_running(part.pid) for part in state.parts if part.pid is not None)


async def test_ctrl_c_while_it_starts_leaves_nothing(folder: Path) -> None:
    with run(folder, "--temporary") as process:
        try:
            assert process.stderr is not None
            assert "starting" in process.stderr.readline()
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode in (0, 130)
    assert read_state(folder) is None


async def test_the_port_it_is_given_is_where_livekit_listens(folder: Path) -> None:
    port = free_port()
    with run(folder, "--temporary", "--port", str(port)) as process:
        try:
            await until(lambda: process.poll() is not None or read_state(folder) is not None)
            state = read_state(folder)
            assert state is not None
            assert state.environment["LIVEKIT_URL"] == f"ws://127.0.0.1:{port}"
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)
        finally:
            process.kill()
    assert port_is_free(port)
