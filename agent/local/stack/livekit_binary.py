"""Where the livekit-server program comes from: the host's, ours from last time, or built once.

A build takes two minutes on two cores the first time, so it is kept in a cache folder that all
checkouts share. One process builds, the others wait; the program appears there whole or not at all,
and one that does not even say its version is built again.
"""

import asyncio
import contextlib
import fcntl
import re
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import structlog

from agent.errors import StackError
from agent.local.stack.processes import spawn
from agent.local.stack.server import Report, say_nothing

VERSION = "1.13.5"
"""What we build and test with. Later releases may carry `replace`, which `go install` refuses."""
OLDEST = (1, 13)
OLDEST_GO = (1, 26)
PACKAGE = f"github.com/livekit/livekit-server/cmd/server@v{VERSION}"
CACHE = Path("~/.cache/ai-sales-call/bin").expanduser()
BUILD_SECONDS = 900.0
VERSION_SECONDS = 20.0
WAYS_OUT = (
    "put a livekit-server on PATH (`brew install livekit`, or a release binary), "
    f"or install Go {OLDEST_GO[0]}.{OLDEST_GO[1]} or newer so that it can be built, "
    "or set LIVEKIT_URL to a server of yours"
)

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LiveKitBinary:
    """A livekit-server that has told its version."""

    path: Path
    version: str


async def find_or_build(*, cache: Path = CACHE, report: Report = say_nothing) -> LiveKitBinary:
    """The program on PATH if it is recent enough, else the cached one, else build it.

    `report` is told how the build goes. Raises StackError with the ways out when there is neither a
    program nor a Go that could build one, or when the build fails.
    """
    if found := shutil.which("livekit-server"):
        version = await _version(Path(found))
        if version is not None and _numbers(version) >= OLDEST:
            if version != VERSION:
                logger.warning("livekit_server_untested", version=version, tested=VERSION)
                report(f"{found} is version {version}; tested with {VERSION}")
            return LiveKitBinary(Path(found), version)
        logger.warning("livekit_server_unusable", version=version, oldest=VERSION)
    cached = cache / f"livekit-server-{VERSION}"
    if await _version(cached) is None:
        async with _only_builder(cache, report):
            if await _version(cached) is None:  # nobody built it while we waited
                await _build(cached, report)
    return LiveKitBinary(cached, VERSION)


async def _build(target: Path, report: Report) -> None:
    go = await _usable_go()
    for leftover in target.parent.glob("build-*"):
        shutil.rmtree(leftover, ignore_errors=True)  # of a killed build: we hold the lock
    workshop = Path(tempfile.mkdtemp(prefix="build-", dir=target.parent))
    log = workshop / "go-install.log"
    started = time.monotonic()
    child = spawn(
        "go install",
        [go, "install", "-v", PACKAGE],
        log=log,
        environment={"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOBIN": str(workshop)},
        cwd=workshop,
        # On INT go starts no more compilers; they are its children, not ours.
        stop_signal=signal.SIGINT,
        death_signal=signal.SIGINT,
    )
    try:
        while child.exit_code is None:
            seconds = time.monotonic() - started
            if seconds > BUILD_SECONDS:
                raise StackError(
                    f"building livekit-server took over {BUILD_SECONDS:g} s; {WAYS_OUT}"
                )
            lines = log.read_bytes().count(b"\n")
            report(
                f"building livekit-server {VERSION}, once, about 2 min: "
                f"{seconds:.0f} s, {lines} packages"
            )
            await asyncio.sleep(0.5)
        built = workshop / "server"
        if child.exit_code != 0 or await _version(built) is None:
            raise StackError(f"`go install {PACKAGE}` failed; {child.last_words()}; {WAYS_OUT}")
        built.rename(target)
    finally:
        await child.stop()
        shutil.rmtree(workshop, ignore_errors=True)


async def _usable_go() -> Path:
    found = shutil.which("go")
    if found is None:
        raise StackError(
            f"livekit-server is not installed and there is no Go to build it: {WAYS_OUT}"
        )
    said = await _output(Path(found), "env", "GOVERSION")
    if _numbers(said) < OLDEST_GO:
        raise StackError(
            f"livekit-server is not installed and {said.strip() or 'this Go'} is too old to build "
            f"it: {WAYS_OUT}"
        )
    return Path(found)


@contextlib.asynccontextmanager
async def _only_builder(cache: Path, report: Report) -> AsyncIterator[None]:
    """Hold the cache's lock, which the kernel releases when its holder dies: it cannot be stale."""
    started = time.monotonic()
    with _lock_file(cache) as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                seconds = time.monotonic() - started
                if seconds > BUILD_SECONDS:
                    raise StackError(
                        f"another process has been building livekit-server for {seconds:.0f} s: "
                        f"end it, or {WAYS_OUT}"
                    ) from None
                report(f"another process is building livekit-server: waiting, {seconds:.0f} s")
                await asyncio.sleep(0.5)
        yield


def _lock_file(cache: Path) -> IO[str]:
    cache.mkdir(parents=True, exist_ok=True)
    return (cache / f"livekit-server-{VERSION}.lock").open("w")


async def _version(binary: Path) -> str | None:
    """`1.13.5`, or None when there is no such program or it is broken."""
    said = await _output(binary, "--version")
    found = re.search(r"\d+\.\d+\.\d+", said)
    return found.group() if found else None


async def _output(program: Path, *arguments: str) -> str:
    """What a short-lived program prints; empty when it cannot run, fails or hangs."""
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return ""
    try:
        async with asyncio.timeout(VERSION_SECONDS):
            output, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return ""
    return output.decode(errors="replace") if process.returncode == 0 else ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])
