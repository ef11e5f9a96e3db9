"""A worker that cannot start says so in one line."""

import asyncio
import shutil
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from agent.local.stack.processes import LOOPBACK, free_port
from agent.settings import ROOT
from tests.calls.call_centre import CallCentre, together

pytestmark = pytest.mark.asyncio(loop_scope="package")

ENDS_WITHIN = 60.0


async def test_what_keeps_a_worker_from_starting_is_told_in_one_line(
    centre: CallCentre, tmp_path: Path
) -> None:
    broken = tmp_path / "prompts"
    shutil.copytree(centre.environment["PROMPTS_DIR"], broken)
    playbook = broken / "playbooks" / "short.md"
    playbook.write_text(playbook.read_text().replace("greeting:", "greting:"))
    with socket.create_server((LOOPBACK, free_port())) as taken:
        port = str(taken.getsockname()[1])
        nowhere = f"ws://{LOOPBACK}:{free_port()}"
        await together(
            _says(centre, {"LIVEKIT_URL": nowhere}, "LiveKit does not answer", nowhere),
            _says(centre, {"LIVEKIT_API_SECRET": "example-" * 5}, "LIVEKIT_API_SECRET"),
            _says(centre, {"PROMPTS_DIR": str(broken)}, "short.md:", "greting"),
            _says(centre, {"HEALTH_PORT": port}, "HEALTH_PORT", port),
            _says(centre, {"MAX_CONCURRENT_CALLS": "many"}, "MAX_CONCURRENT_CALLS", "many"),
        )


async def test_a_worker_without_any_setting_names_all_that_it_needs(tmp_path: Path) -> None:
    # A copy: in the checkout itself a `.env` or a running stack may answer for them.
    shutil.copytree(ROOT / "agent", tmp_path / "agent")
    shutil.copytree(ROOT / "prompts", tmp_path / "prompts")
    shutil.copy(ROOT / "agent.py", tmp_path)
    said = await _start(tmp_path, {})
    for name in ("LIVEKIT_URL", "OPENAI_API_KEY", "DEEPGRAM_API_KEY", "DATABASE_URL"):
        assert name in said


_two_at_once = asyncio.Semaphore(2)


async def _says(centre: CallCentre, changes: Mapping[str, str], *words: str) -> None:
    port = {"HEALTH_PORT": str(free_port())}
    said = await _start(ROOT, {**centre.environment, **port, **changes})
    for word in words:
        assert word in said


async def _start(checkout: Path, environment: Mapping[str, str]) -> str:
    """The only line that `agent.py start` says before it ends with an error."""
    async with _two_at_once, asyncio.timeout(ENDS_WITHIN):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(checkout / "agent.py"), "start"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=checkout,
            env={"PATH": "/usr/bin:/bin", **environment},
        )
        try:
            output, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
    said = output.decode()
    assert process.returncode not in (0, None), said
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) == 1, said
    assert said.startswith("error: ")
    return said
