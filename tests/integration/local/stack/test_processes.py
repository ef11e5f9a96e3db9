"""Children start, are waited for, and never outlive us."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from agent.errors import StackError
from agent.local.stack.processes import ChildProcess, free_port, is_running, port_is_free, spawn
from agent.settings import ROOT
from tests.integration.local.waiting import until

SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); "
    "time.sleep(600)"
)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change its user")


def start(code: str, folder: Path, **options: object) -> ChildProcess:
    log = folder / "child.log"
    return spawn("child", [sys.executable, "-c", code], log=log, **options)  # type: ignore[arg-type]


def says_up(child: ChildProcess) -> bool:
    assert child.log is not None
    return child.log.read_text().startswith("up")


@pytest.mark.parametrize("supervise", [False, True], ids=["kernel", "supervisor"])
async def test_a_child_is_stopped_in_order_and_its_supervisor_with_it(
    tmp_path: Path, supervise: bool
) -> None:
    child = start(SLEEPER, tmp_path, supervise=supervise)
    await until(lambda: says_up(child))
    await child.stop()
    assert child.exit_code in (-signal.SIGTERM, 128 + signal.SIGTERM)
    assert not is_running(child.pid)


@pytest.mark.parametrize("supervise", [False, True], ids=["kernel", "supervisor"])
async def test_a_child_that_ignores_the_request_is_ended_by_force(
    tmp_path: Path, supervise: bool
) -> None:
    child = start(STUBBORN, tmp_path, supervise=supervise)
    await until(lambda: says_up(child))
    await child.stop(timeout=0.2)
    assert child.exit_code in (-signal.SIGKILL, 128 + signal.SIGKILL)


@pytest.mark.parametrize("supervise", [False, True], ids=["kernel", "supervisor"])
async def test_a_child_hears_no_ctrl_c_of_ours_and_shares_our_session(
    tmp_path: Path, supervise: bool
) -> None:
    child = start(SLEEPER, tmp_path, supervise=supervise)
    try:
        await until(lambda: says_up(child))
        assert os.getpgid(child.pid) != os.getpgid(0)
        assert os.getsid(child.pid) == os.getsid(0)  # `nice` counts only within one
    finally:
        await child.stop()


async def test_a_cancelled_stop_leaves_no_child(tmp_path: Path) -> None:
    child = start(STUBBORN, tmp_path)
    await until(lambda: says_up(child))
    stopping = asyncio.create_task(child.stop(timeout=60))
    await asyncio.sleep(0)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert not is_running(child.pid)


async def test_an_early_exit_is_told_with_the_last_lines_of_the_log(tmp_path: Path) -> None:
    child = start("print('first'); print('no such key: colour'); exit(3)", tmp_path)

    async def never() -> bool:
        return False

    with pytest.raises(StackError, match=r"child exited with 3; .*no such key: colour.*child\.log"):
        await child.ready(never, timeout=10)
    await child.stop()


async def test_a_child_that_is_not_ready_in_time_is_told_with_its_last_lines(
    tmp_path: Path,
) -> None:
    child = start(SLEEPER, tmp_path)
    await until(lambda: says_up(child))

    async def never() -> bool:
        return False

    with pytest.raises(StackError, match=r"not ready after 0\.1 s; last lines: up"):
        await child.ready(never, timeout=0.1)
    await child.stop()


async def test_the_log_of_the_run_before_is_kept(tmp_path: Path) -> None:
    for word in ("one", "two"):
        child = start(f"print('{word}')", tmp_path)
        await child.exited(poll=0.01)
        await child.stop()
    assert (tmp_path / "child.log").read_text() == "two\n"
    assert (tmp_path / "child.log.1").read_text() == "one\n"


@pytest.mark.parametrize(
    "options",
    [
        pytest.param("", id="kernel"),
        pytest.param(", supervise=True", id="supervisor"),
        pytest.param(", user=User(65534, 65534)", id="kernel-other-user", marks=needs_root),
        pytest.param(
            ", user=User(65534, 65534), supervise=True",
            id="supervisor-other-user",
            marks=needs_root,
        ),
    ],
)
async def test_a_child_dies_when_its_parent_is_killed_without_warning(
    tmp_path: Path, options: str
) -> None:
    program = f"""
import sys, time
from pathlib import Path
from agent.local.stack.processes import User, spawn
shell = "echo $$ $(id -u); exec sleep 600"  # another user may not reach this Python
spawn("child", ["/bin/sh", "-c", shell],
      log=Path({str(tmp_path)!r}) / "child.log"{options})
time.sleep(600)
"""
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    log = tmp_path / "child.log"
    try:
        await until(lambda: log.exists() and log.read_text().endswith("\n"))
        pid, uid = map(int, log.read_text().split())
        assert uid == (65534 if "user" in options else os.getuid())
        assert is_running(pid)
    finally:
        parent.kill()
        parent.wait()
    await until(lambda: not is_running(pid))


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="nowhere is not an executable file"):
        spawn("server", [tmp_path / "nowhere"], log=tmp_path / "log")


def test_no_child_is_started_from_another_thread_whose_end_would_kill_it(tmp_path: Path) -> None:
    raised: list[Exception] = []

    def try_it() -> None:
        try:
            start(SLEEPER, tmp_path)
        except RuntimeError as error:
            raised.append(error)

    thread = threading.Thread(target=try_it)
    thread.start()
    thread.join()
    assert "main thread" in str(raised[0])


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_port_that_somebody_has_is_not_free(kind: socket.SocketKind) -> None:
    port = free_port(kind)
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", port))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        assert not port_is_free(port, kind)
    assert port_is_free(port, kind)
