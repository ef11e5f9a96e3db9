"""The doctor is done in time when nothing answers, and the command tells programs what it found."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from agent.doctor.findings import Level
from agent.local.stack.processes import LOOPBACK, free_port
from agent.settings import ROOT, Settings, load_settings
from agent.wiring.doctor import examine_all

WITHIN = 15.0


@asynccontextmanager
async def mute_server() -> AsyncIterator[str]:
    """Takes every connection and never says a word; `host:port`."""
    taken: list[asyncio.StreamWriter] = []

    async def take(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken.append(writer)

    server = await asyncio.start_server(take, LOOPBACK, 0)
    try:
        yield f"{LOOPBACK}:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for writer in taken:
            writer.close()


def settings(place: str, folder: Path) -> dict[str, str]:
    return {
        "LIVEKIT_URL": f"ws://{place}",
        "LIVEKIT_API_KEY": "example-key",
        "LIVEKIT_API_SECRET": "example-" * 5,
        "DATABASE_URL": f"postgresql://user:example-password@{place}/calls",
        "OPENAI_BASE_URL": f"http://{place}/v1",
        "OPENAI_API_KEY": "example-openai",
        "DEEPGRAM_BASE_URL": f"http://{place}",
        "DEEPGRAM_API_KEY": "example-deepgram",
        "TELNYX_API_URL": f"http://{place}/v2",
        "TELNYX_API_KEY": "example-telnyx",
        "RECORDINGS_DIR": str(folder),
    }


async def test_it_is_done_in_time_when_everything_hangs(tmp_path: Path) -> None:
    async with mute_server() as place:
        began = time.monotonic()
        report = await examine_all(_load(settings(place, tmp_path)))
        took = time.monotonic() - began
    # Starting Python and importing everything takes three seconds of the fifteen.
    assert took < WITHIN - 4
    errors = {line.check for line in report.lines if line.finding.level is Level.ERROR}
    assert errors == {
        *("database", "LiveKit", "language model", "voice", "speech recognition"),
        "Telnyx access",
    }
    not_made = {line.check for line in report.lines if line.finding.level is Level.UNCHECKED}
    assert {"SIP", "workers", "speech there and back", "Telnyx set-up"} <= not_made


def _load(environ: dict[str, str]) -> Settings:
    return load_settings(environ=environ, env_file=None)


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "agent.py"), "doctor", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def nobody(folder: Path) -> dict[str, str]:
    return settings(f"{LOOPBACK}:{free_port()}", folder)


def test_the_command_tells_programs_and_ends_with_the_worst(tmp_path: Path) -> None:
    done = run("--json", **nobody(tmp_path))
    assert done.returncode == 2, done.stderr
    told = json.loads(done.stdout)
    assert told["level"] == "error"
    first = next(each for each in told["findings"] if each["code"] == told["first"])
    assert (first["group"], first["level"]) == ("Database", "error")
    assert set(first) == {"group", "check", "code", "level", "says", "remedy"}
    assert "example-password" not in done.stdout + done.stderr


def test_a_malformed_setting_is_the_only_line_and_no_traceback(tmp_path: Path) -> None:
    done = run(**{**nobody(tmp_path), "LIVEKIT_URL": "nonsense"})
    assert done.returncode == 2
    assert "LIVEKIT_URL" in done.stdout
    assert "Traceback" not in done.stderr
