"""Child processes of the local stack: they start, say when they are ready, and never outlive us.

    child = spawn("valkey", [binary, "--port", "0"], log=logs / "valkey.log")
    await child.ready(answers_ping, timeout=10)
    await child.stop()

Everything goes by process id; nothing is ever looked up or ended by name.
"""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from agent.errors import StackError
from agent.settings import child_environment

LOOPBACK = "127.0.0.1"
# Below the ranges that Linux (32768+) and macOS (49152+) hand to outgoing connections, so that no
# connection of somebody else takes the port between our look and the server's bind.
PORTS = range(20000, 32000)
POLL_SECONDS = 0.02

Probe = Callable[[], Awaitable[bool]]
"""Answers whether the server is ready; a refused connection is False, not an exception."""


@dataclass(frozen=True, slots=True)
class User:
    """Whom a child runs as; only root can ask for another than itself."""

    uid: int
    gid: int


def spawn(
    name: str,
    argv: Sequence[str | Path],
    *,
    log: Path | None,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: User | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
    death_signal: signal.Signals = signal.SIGKILL,
    supervise: bool = sys.platform != "linux",
) -> "ChildProcess":
    """Start `argv` (an absolute program and its arguments) with its output in `log`.

    Without a log its output is ours.

    It ends with `death_signal` when this process dies in whatever way, kill -9 included. `name` is
    what error messages call it; `environment` is added to ours. The child has a process group of
    its own: Ctrl-C in the terminal reaches only us, and we stop the parts in order. Not a session
    of its own: Linux shares the processor among sessions, and `nice` says nothing across them.
    Raises StackError when the program is not there.
    """
    if threading.current_thread() is not threading.main_thread():
        # Linux tells a child of the death of the *thread* that forked it, not of the process.
        raise RuntimeError("spawn() must be called on the main thread")
    program = Path(argv[0])
    if not os.access(program, os.X_OK):
        raise StackError(f"{name}: {program} is not an executable file; run `make setup` again")
    lifeline, ours = os.pipe() if supervise else (None, None)
    watch = [
        sys.executable,
        *("-I", "-S", str(Path(__file__).with_name("deathwatch.py"))),
        *(str(os.getpid()), str(int(death_signal))),
        *((str(user.uid), str(user.gid)) if user else ("-", "-")),
        "-" if lifeline is None else str(lifeline),
    ]
    try:
        with _output(log) as output:
            process = subprocess.Popen(
                [*watch, *map(str, argv)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if log is not None else None,
                cwd=cwd,
                env=child_environment(**(environment or {})),
                process_group=0,
                pass_fds=() if lifeline is None else (lifeline,),
            )
    finally:
        if lifeline is not None:
            os.close(lifeline)
    return ChildProcess(name, process, log, stop_signal, ours)


class ChildProcess:
    """A started child. Whoever spawned it awaits `stop()`."""

    def __init__(
        self,
        name: str,
        process: subprocess.Popen[bytes],
        log: Path | None,
        stop_signal: signal.Signals,
        lifeline: int | None,
    ) -> None:
        self.name = name
        self.log = log
        self._process = process
        self._stop_signal = stop_signal
        self._lifeline = lifeline

    @property
    def pid(self) -> int:
        """The child's process id (where a supervisor is needed, the supervisor's)."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative is the number of the signal that ended it."""
        return self._process.poll()

    async def ready(self, probe: Probe, *, timeout: float) -> None:
        """Wait until `probe` answers True.

        Raises StackError with the log's last lines when the child exits first or `timeout` seconds
        pass; the child is left as it is, for the caller to stop.
        """
        deadline = time.monotonic() + timeout
        while True:
            if self.exit_code is not None:
                raise StackError(f"{self.name} {self._how_it_ended()}; {self.last_words()}")
            if await probe():
                return
            if time.monotonic() > deadline:
                raise StackError(
                    f"{self.name} was not ready after {timeout:g} s; {self.last_words()}"
                )
            await asyncio.sleep(POLL_SECONDS)

    async def exited(self, *, poll: float = 0.25) -> int:
        """Wait, without a deadline, until the child has exited; returns its exit code."""
        # The fact is the kernel's; there is no event of ours to wait on.
        while (code := self.exit_code) is None:  # noqa: ASYNC110
            await asyncio.sleep(poll)
        return code

    def terminate(self) -> None:
        """Ask the child to end in its own time; nothing if it has ended."""
        if self.exit_code is None:
            self._process.send_signal(self._stop_signal)

    async def stop(self, *, timeout: float = 10.0) -> None:
        """End the child in order, and by force after `timeout` seconds, or when we are cancelled.

        Safe to call twice.
        """
        try:
            if self.exit_code is None:
                self._process.send_signal(self._stop_signal)
                deadline = time.monotonic() + timeout
                while self.exit_code is None and time.monotonic() < deadline:  # noqa: ASYNC110
                    await asyncio.sleep(POLL_SECONDS)
        finally:
            self.kill()

    def kill(self) -> None:
        """End the child now and reap it. Blocks for the milliseconds this takes."""
        if self._lifeline is not None:
            # To kill the supervisor would orphan the command; it kills it when the pipe closes.
            os.close(self._lifeline)
            self._lifeline = None
        elif self.exit_code is None:
            self._process.kill()
        self._process.wait()

    def last_words(self, lines: int = 3) -> str:
        """The end of the log on one line, and where the rest is."""
        if self.log is None:
            return "what it said stands above"
        tail = self.log.read_text(errors="replace").strip().splitlines()[-lines:]
        said = " | ".join(line.strip()[:300] for line in tail) or "it wrote nothing"
        return f"last lines: {said} (log: {self.log})"

    def _how_it_ended(self) -> str:
        code = self.exit_code
        assert code is not None
        return f"ended by {signal.Signals(-code).name}" if code < 0 else f"exited with {code}"


def _output(log: Path | None) -> AbstractContextManager[IO[bytes] | None]:
    if log is None:
        return nullcontext()
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists():
        log.replace(log.with_name(f"{log.name}.1"))  # the run before this one, to look into
    return log.open("wb")


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A loopback port that nobody is bound to at this moment (TCP, or UDP with SOCK_DGRAM)."""
    for _ in range(200):
        port = random.choice(PORTS)  # noqa: S311  # not a secret
        if port_is_free(port, kind):
            return port
    raise StackError(
        f"no free port between {PORTS.start} and {PORTS.stop}; end some of the servers on this host"
    )


def port_is_free(port: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> bool:
    """Whether a server could bind `port` on the loopback interface now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        # What the servers set too; without it a port in TIME_WAIT would look taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, kind == socket.SOCK_STREAM)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def is_running(pid: int) -> bool:
    """Whether a process with this id exists (a zombie has ended: it does not count)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        # Not Linux: there is nothing more to ask. Linux: it ended while we looked.
        return not Path("/proc/self/stat").exists()
