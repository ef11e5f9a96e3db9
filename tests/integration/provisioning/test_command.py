"""`python agent.py provision` and `./setup-telnyx-livekit.sh`, as a person runs them."""

import asyncio
import io
import json
import os
import shutil
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from livekit.protocol.sip import CreateSIPOutboundTrunkRequest, SIPOutboundTrunkInfo
from typer.main import get_command

from agent.cli import console
from agent.cli.provision import app
from agent.errors import CallError
from agent.local.telnyx.server import EXAMPLE_KEY, TelnyxPortal, serve_portal
from agent.provisioning.livekit.apply import ensure
from agent.provisioning.livekit.config import load
from agent.settings import ROOT, Settings
from tests.integration.provisioning.conftest import Server

pytestmark = pytest.mark.asyncio(loop_scope="package")

_PASSED_ON = ("PATH", "HOME", "LANG", "PYTHONPATH")
VALUES = {"PHONE_NUMBER": "+3226010500", "AGENT_NAME": "ai-sales-agent"}
NOTHING_SET = {name.upper(): "" for name in (*Settings.model_fields, "livekit_ws_url")}
"""Also not by the .env of whoever runs this."""


@dataclass(frozen=True)
class Ran:
    """A command that has ended."""

    code: int
    out: str
    err: str


class Terminal(io.StringIO):
    """What a person types."""

    def isatty(self) -> bool:
        return True


Run = Callable[..., Awaitable[Ran]]


def command() -> None:
    """What `main` does for this command, without the other commands' imports."""
    try:
        get_command(app)()
    except CallError as error:
        console.fail(error)


@pytest.fixture
def provision(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command in this process, which has everything imported already."""

    async def run(
        environment: dict[str, str], *options: str, terminal_says: str | None = None
    ) -> Ran:
        stdin = io.StringIO() if terminal_says is None else Terminal(terminal_says)
        with monkeypatch.context() as patch:
            for name, value in {**NOTHING_SET, **environment, "COLUMNS": "200"}.items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", stdin)
            patch.setattr(sys, "argv", ["agent.py", *options])
            capsys.readouterr()
            with pytest.raises(SystemExit) as ended:
                await asyncio.to_thread(command)
            out, err = capsys.readouterr()
        return Ran(ended.value.code or 0, out, err)  # type: ignore[arg-type]  # always a number

    return run


async def run_script(environment: dict[str, str]) -> Ran:
    """As a process of its own, without a terminal."""
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        "./setup-telnyx-livekit.sh",
        cwd=ROOT,
        env={
            **NOTHING_SET,
            **passed_on,
            "VIRTUAL_ENV": sys.prefix,
            "COLUMNS": "200",
            **environment,
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Ran(process.returncode, out.decode(), err.decode())


async def count(server: Server) -> tuple[int, int, int]:
    known = await server.has()
    return len(known.inbound), len(known.rules), len(known.outbound)


async def test_the_guides_script_twice_leaves_one_of_each(server: Server) -> None:
    first = await run_script(server.environment)
    assert first.code == 0, first.err
    assert "+ create inbound trunk: Telnyx Inbound Trunk" in first.out
    known = await server.has()
    assert await count(server) == (1, 1, 1)
    second = await run_script(server.environment)
    assert second.code == 0, second.err
    assert "all is as it should be" in second.out
    assert await server.has() == known
    assert "example-password" not in first.out + first.err + second.out + second.err


async def test_without_a_terminal_and_without_yes_nothing_is_done_and_the_code_tells(
    server: Server,
    provision: Run,
) -> None:
    ran = await provision(server.environment)
    assert ran.code == 4
    assert "3 to create" in ran.out
    assert "nothing was changed" in ran.err
    assert await count(server) == (0, 0, 0)
    dry = await provision(server.environment, "--dry-run", "--yes")
    assert dry.code == 0
    assert await count(server) == (0, 0, 0)


async def test_a_person_is_asked(server: Server, provision: Run) -> None:
    refused = await provision(server.environment, terminal_says="n\n")
    assert refused.code == 4
    assert "Do this?" in refused.err
    assert await count(server) == (0, 0, 0)
    agreed = await provision(server.environment, terminal_says="y\n")
    assert agreed.code == 0, agreed.err
    assert await count(server) == (1, 1, 1)


async def test_what_is_removed_is_asked_for_by_itself(server: Server, provision: Run) -> None:
    await provision(server.environment, "--yes")
    twice = SIPOutboundTrunkInfo(
        name="Telnyx Outbound Trunk", address="sip.example", numbers=["+3226010500"]
    )
    create = server.livekit.sip.create_outbound_trunk
    await create(CreateSIPOutboundTrunkRequest(trunk=twice))
    kept = await provision(server.environment, "--prune", terminal_says="n\n")
    assert kept.code == 4
    assert await count(server) == (1, 1, 2)
    removed = await provision(server.environment, "--prune", terminal_says="y\n")
    assert removed.code == 0, removed.err
    assert "- remove outbound trunk" in removed.out
    assert await count(server) == (1, 1, 1)


async def test_json_is_one_document_with_ids_and_without_secrets(
    server: Server, provision: Run
) -> None:
    ran = await provision(server.environment, "--json", "--yes")
    document = json.loads(ran.out)
    assert (document["to_do"], document["done"]) == (3, True)
    assert {step["part"]: step["id"][:3] for step in document["steps"]} == {
        "inbound trunk": "ST_",
        "dispatch rule": "SDR",
        "outbound trunk": "ST_",
    }
    changed = {**server.environment, "TELNYX_SIP_PASSWORD": "another-example"}
    ran = await provision(changed, "--json")
    assert ran.code == 4
    differences = json.loads(ran.out)["steps"][2]["differences"]
    assert differences == [{"field": "auth_password", "found": "(secret)", "wanted": "(secret)"}]


async def test_half_way_is_one_line_and_the_next_run_goes_on(
    server: Server, provision: Run
) -> None:
    server.fails["CreateSIPOutboundTrunk"] = False
    ran = await provision(server.environment, "--yes")
    assert ran.code == 3
    assert len(ran.err.strip().splitlines()) == 1
    assert "Not done: create outbound trunk" in ran.err
    assert (await provision(server.environment, "--yes")).code == 0
    assert await count(server) == (1, 1, 1)


async def test_the_test_call_is_printed_as_the_livekit_cli_takes_it(
    server: Server, provision: Run
) -> None:
    early = await provision(server.environment, "--test-call", "+32479202020")
    assert (early.code, early.out) == (2, "")
    assert "python agent.py provision" in early.err
    await provision(server.environment, "--yes")
    ran = await provision(server.environment, "--test-call", "0479 20 20 20")
    call = json.loads(ran.out)
    assert call["sip_trunk_id"] == (await server.has()).outbound[0].sip_trunk_id
    assert (call["sip_call_to"], call["sip_number"]) == ("+32479202020", "+3226010500")


async def test_a_folder_of_the_guide_is_warned_about(
    server: Server, provision: Run, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(ROOT / "sip_config", tmp_path / "sip-config"))
    (folder / "inboundTrunk.json").write_text(
        json.dumps({"trunk": {"name": "Telnyx Inbound Trunk", "numbers": ["+3226010500"]}})
    )
    ran = await provision(server.environment, "--yes", "--folder", str(folder))
    assert ran.code == 0, ran.err
    assert "warning:" in ran.err
    assert (await server.has()).inbound[0].allowed_addresses


@pytest.mark.parametrize(
    ("changes", "code", "told"),
    [
        ({"LIVEKIT_URL": "ws://127.0.0.1:1"}, 3, "LiveKit does not answer"),
        ({"LIVEKIT_API_SECRET": "example-" * 6}, 2, "LiveKit does not accept LIVEKIT_API_KEY"),
        ({"TELNYX_SIP_PASSWORD": ""}, 2, "TELNYX_SIP_PASSWORD not set"),
        ({"LIVEKIT_API_KEY": ""}, 2, "LIVEKIT_API_KEY not set"),
    ],
)
async def test_what_is_wrong_is_one_line(
    server: Server, provision: Run, changes: dict[str, str], code: int, told: str
) -> None:
    ran = await provision({**server.environment, **changes}, "--yes")
    assert (ran.code, len(ran.err.strip().splitlines())) == (code, 1)
    assert told in ran.err


async def test_with_a_key_of_telnyx_its_portal_is_set_up_too(
    server: Server, provision: Run
) -> None:
    telnyx = TelnyxPortal(["+3226010500"])
    async with serve_portal(telnyx) as url:
        both = {
            **server.environment,
            "TELNYX_API_KEY": EXAMPLE_KEY,
            "TELNYX_API_URL": url,
            "LIVEKIT_SIP_URI": "sip:abc123.sip.livekit.cloud",
            "PUBLIC_URL": "https://calls.fernhill.test",
        }
        first = await provision(both, "--yes")
        assert first.code == 0, first.err
        assert "done + create inbound trunk" in first.out
        assert "connection" in first.out
        second = await provision(both)
        assert (second.code, await count(server)) == (0, (1, 1, 1))
        asked = len(telnyx.requests)
        assert (await provision(both, "--only", "livekit")).code == 0
        assert len(telnyx.requests) == asked
        again = await provision(both, "--only", "telnyx", "--set-password")
        assert again.code == 4
        assert "password: found (secret), wanted (secret)" in again.out


async def test_without_a_key_of_telnyx_the_clicks_are_printed_with_our_values(
    server: Server, provision: Run
) -> None:
    ran = await provision(
        {**server.environment, "PUBLIC_URL": "https://calls.fernhill.test"}, "--yes"
    )
    assert "Telnyx, by hand" in ran.out
    assert "+3226010500: Connection LiveKit AI Sales System" in ran.out
    assert "https://calls.fernhill.test/api/telnyx/webhooks/call-events" in ran.out
    alone = await provision(server.environment, "--only", "livekit")
    assert "by hand" not in alone.out


async def test_a_plan_that_has_become_old_while_it_was_read_is_not_carried_out(
    server: Server, provision: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()

    def somebody_is_faster(*_: object, **__: object) -> bool:
        config = load(ROOT / "sip_config", {**server.environment, **VALUES})
        asyncio.run_coroutine_threadsafe(ensure(server.livekit, config), loop).result(timeout=10)
        return True

    monkeypatch.setattr("typer.confirm", somebody_is_faster)
    ran = await provision(server.environment, terminal_says="")
    assert ran.code == 1
    assert "LiveKit has changed since the plan was shown" in ran.err
    assert await count(server) == (1, 1, 1)


async def test_a_rule_for_a_trunk_of_another_server_is_refused_before_anything_is_done(
    provision: Run, server: Server, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(ROOT / "sip_config", tmp_path / "sip_config"))
    rule = folder / "dispatchRule.json"
    rule.write_text(rule.read_text().replace("${SIP_INBOUND_TRUNK_ID}", "ST_ofAnotherServer"))
    ran = await provision(server.environment, "--yes", "--folder", str(folder))
    assert ran.code == 2
    assert f"{rule}:4: this LiveKit has no inbound trunk ST_ofAnotherServer" in ran.err
    assert '"${SIP_INBOUND_TRUNK_ID}"' in ran.err
    assert "all is as it should be" not in ran.out


async def test_a_test_call_by_a_trunk_of_another_server_is_refused(
    provision: Run, server: Server, tmp_path: Path
) -> None:
    await provision(server.environment, "--yes")
    folder = Path(shutil.copytree(ROOT / "sip_config", tmp_path / "sip_config"))
    call = folder / "sipParticipant.json"
    call.write_text(call.read_text().replace("${SIP_OUTBOUND_TRUNK_ID}", "ST_ofAnotherServer"))
    ran = await provision(
        server.environment, "--test-call", "0479 20 20 20", "--folder", str(folder)
    )
    assert (ran.code, ran.out) == (2, "")
    assert f"{call}:2: this LiveKit has no outbound trunk ST_ofAnotherServer" in ran.err
