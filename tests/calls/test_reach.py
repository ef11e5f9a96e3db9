"""What the processes of whole calls could reach."""

import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from agent.local.stack.parts import STAND_IN_KEY
from agent.local.stack.processes import LOOPBACK
from tests.calls.call_centre import CallCentre, Line
from tests.network_guard.loopback_only import REPORT
from tests.processes import descendants

pytestmark = [pytest.mark.call(0), pytest.mark.asyncio(loop_scope="package")]


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_a_worker_and_its_job_processes_know_no_real_provider_and_no_real_key(
    line: Line,
) -> None:
    family = [line.worker.pid, *descendants(line.worker.pid)]
    assert len(family) > 1
    for pid in family:
        variables = _environment(pid)
        assert REPORT in variables, "the guard is not told to this process"
        for name in ("LIVEKIT_URL", "OPENAI_BASE_URL", "DEEPGRAM_BASE_URL", "DATABASE_URL"):
            assert urlsplit(variables[name]).hostname == LOOPBACK, name
        keys = {variables["OPENAI_API_KEY"], variables["DEEPGRAM_API_KEY"]}
        assert keys == {STAND_IN_KEY}


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_the_parts_of_the_stack_are_guarded_as_well(centre: CallCentre) -> None:
    stack_parts = [pid for pid in centre.stack_pids if "python" in _program(pid)]
    assert len(stack_parts) == 2, "the providers' stand-in and the phone network"
    for pid in stack_parts:
        assert REPORT in _environment(pid)


def _environment(pid: int) -> dict[str, str]:
    entries = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)


def _program(pid: int) -> str:
    return Path(f"/proc/{pid}/exe").resolve().name
