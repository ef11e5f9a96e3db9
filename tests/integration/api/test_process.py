"""`python agent.py api`, `token` and `retention` as processes."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from agent.local.stack.processes import free_port
from agent.settings import ROOT, child_environment
from agent.store.database import Database
from agent.store.heartbeats import HeartbeatStore, ProcessKind

STARTS_SECONDS = 60.0
"""Importing everything takes a second on a free machine, ten on a busy one."""


def run(environment: Mapping[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "agent.py", *command],
        cwd=ROOT,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=STARTS_SECONDS,
        check=False,
    )


@pytest.fixture
def environment(dsn: str, tmp_path: Path) -> dict[str, str]:
    return child_environment(
        DATABASE_URL=dsn,
        LIVEKIT_URL="ws://127.0.0.1:1",
        LIVEKIT_API_KEY="example-key",
        LIVEKIT_API_SECRET="example-" * 5,
        API_JWT_SECRET="example-secret-of-a-test-0123456789",
        API_JWKS_URL="",
        API_PORT=str(free_port()),
        REDIS_URL="redis://127.0.0.1:1/0",  # away: limits are counted in memory
        RECORDINGS_DIR=str(tmp_path),
    )


async def test_the_api_serves_with_a_token_of_the_command_and_ends_on_sigterm(
    environment: dict[str, str], dsn: str
) -> None:
    token = run(environment, "token", "--scope", "calls:write", "--scope", "calls:read")
    assert (token.returncode, token.stderr) == (0, "")
    process = subprocess.Popen(
        [sys.executable, "agent.py", "api"],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        headers = {"Authorization": f"Bearer {token.stdout.strip()}"}
        url = f"http://127.0.0.1:{environment['API_PORT']}"
        async with httpx.AsyncClient(base_url=url, headers=headers) as client:
            await answers(client, process)
            answer = await client.post(
                "/api/telnyx/outbound-call", json={"phone_number": "+32479202020"}
            )
            assert answer.status_code == 503
            assert "no dialler is running" in answer.json()["reasons"][0]
            health = (await client.get("/api/telnyx/health")).json()
            wrong = {part["name"] for part in health["parts"] if not part["ok"]}
            assert wrong == {"livekit", "trunks", "diallers", "workers"}
            assert (await client.get("/metrics")).status_code == 403
        async with Database(dsn) as database:
            assert len(await HeartbeatStore(database).live(ProcessKind.API)) == 1
            process.terminate()
            _, logged = await asyncio.to_thread(process.communicate, timeout=STARTS_SECONDS)
            assert process.returncode == 0, logged[-2000:]
            assert await HeartbeatStore(database).live(ProcessKind.API) == []
        assert "32479202020" not in logged
        assert token.stdout.strip() not in logged
    finally:
        process.kill()
        process.communicate()


async def answers(client: httpx.AsyncClient, process: subprocess.Popen[str]) -> None:
    """Return when the API that runs as this process answers."""
    deadline = time.monotonic() + STARTS_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the API has ended by itself"
        try:
            if (await client.get("/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            await asyncio.sleep(0.1)
    pytest.fail("the API does not answer")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"API_JWT_SECRET": "short"}, "API_JWT_SECRET"),
        ({"ENVIRONMENT": "production"}, "API_DOCS"),
        ({"PHONE_NUMBER": "nonsense"}, "PHONE_NUMBER"),
    ],
)
def test_what_cannot_start_says_why_in_one_line(
    environment: dict[str, str], change: dict[str, str], told: str
) -> None:
    ended = run({**environment, **change}, "api")
    assert ended.returncode == 2
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr


def test_retention_says_what_it_has_deleted(environment: dict[str, str]) -> None:
    ended = run(environment, "retention")
    assert (ended.returncode, ended.stdout) == (0, "deleted 0 recordings and 0 transcripts\n")
