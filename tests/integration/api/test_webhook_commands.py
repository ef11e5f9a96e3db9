"""`python agent.py webhooks` and `webhooks send` against a real API process."""

import asyncio
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from agent.cli import webhooks as commands
from agent.local.telnyx.events import TelnyxAccount
from tests.integration.api.process import api_process
from tests.webhooks import LIVEKIT_KEY, LIVEKIT_SECRET

TELNYX = [
    *("call.initiated", "call.answered", "call.bridged", "call.dtmf.received"),
    *("call.machine.detection.ended", "call.machine.premium.detection.ended"),
    *("call.machine.greeting.ended", "call.machine.premium.greeting.ended"),
    *("call.recording.saved", "call.hangup", "call.cost"),
]
LIVEKIT = [
    *("room_started", "participant_joined", "agent_job_started"),
    *("track_published", "track_unpublished", "participant_connection_aborted"),
    *("participant_left", "agent_job_ended", "room_finished"),
]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, dsn: str) -> TelnyxAccount:
    """The key that `send` makes; no stack of this checkout is asked, and nobody's `.env`."""
    made = TelnyxAccount()
    monkeypatch.setattr(commands, "read_state", lambda: None)
    monkeypatch.setattr(commands, "TelnyxAccount", lambda: made)
    for name, value in {
        "DATABASE_URL": dsn,
        "LIVEKIT_API_KEY": LIVEKIT_KEY,
        "LIVEKIT_API_SECRET": LIVEKIT_SECRET,
        "COLUMNS": "80",
    }.items():
        monkeypatch.setenv(name, value)
    return made


async def command(*words: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, commands.app, list(words))


def answers(printed: str) -> list[tuple[str, str]]:
    return re.findall(r"([a-z_.]+)\s+│\s+(\d+)\s+│", printed)


async def test_a_sample_of_each_type_is_believed_stored_and_listed(
    account: TelnyxAccount, dsn: str, tmp_path: Path
) -> None:
    async with api_process(dsn, tmp_path, TELNYX_PUBLIC_KEY=account.public_key) as api:
        sent = await command("send", api.url)
        assert sent.exit_code == 0, sent.output
        assert answers(sent.stdout) == [(name, "200") for name in TELNYX + LIVEKIT]
        stranger = TelnyxAccount()
        account.__dict__.update(stranger.__dict__)
        refused = await command("send", f"{api.url}/api/telnyx/webhooks/call-events")
        assert refused.exit_code == 1
        assert answers(refused.stdout) == [(name, "401") for name in TELNYX]
    listed = await command("--limit", "30")
    assert listed.exit_code == 0, listed.output
    rows = [re.split(r"\s*│\s*", line.strip("│ ")) for line in listed.stdout.splitlines()]
    types = {row[1]: row[2:] for row in rows if len(row) == 5}
    assert {name: types.get(name) for name in TELNYX + LIVEKIT} == {
        name: ["unlinked", "", "1"] for name in TELNYX + LIVEKIT
    }
    assert [row[1:] for row in rows if len(row) == 4][-1] == ["telnyx", "bad signature", "11"]
    assert max(map(len, listed.stdout.splitlines())) <= 80


async def test_an_address_that_nobody_answers_at_is_told_and_ends_with_1(
    account: TelnyxAccount,
) -> None:
    sent = await command("send", "http://127.0.0.1:1")
    assert sent.exit_code == 1
    assert "not reached" in sent.stdout
