"""The whole stack on real servers; only our own two Python parts are replaced by small fakes."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import pytest
from livekit.api import LiveKitAPI
from livekit.protocol.sip import (
    ListSIPDispatchRuleRequest,
    ListSIPInboundTrunkRequest,
    ListSIPOutboundTrunkRequest,
)

from agent.errors import SettingsError, StackError
from agent.local.stack.parts import READY, Modules, Progress
from agent.local.stack.postgres import LocalPostgres
from agent.local.stack.processes import free_port, is_running, port_is_free
from agent.local.stack.stack import Stack
from agent.local.stack.state import Kind, StackState, read_state
from agent.local.stack.valkey import LocalValkey
from agent.provisioning.livekit.apply import ensure
from agent.provisioning.livekit.config import load
from agent.settings import ROOT
from tests.integration.local.waiting import until

FAKE = str(Path(__file__).parents[1] / "fake_server.py")
FAKES = Modules(providers=(FAKE,), phone_network=(FAKE,))
EVERYTHING_BUT_THE_DATABASE = {
    "LIVEKIT_URL": "wss://example.livekit.cloud",
    "LIVEKIT_API_KEY": "example-key",
    "LIVEKIT_API_SECRET": "example-secret",
    "OPENAI_API_KEY": "example-openai",
    "DEEPGRAM_API_KEY": "example-deepgram",
}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A checkout's `.stack`, where the unprivileged user of Postgres can reach it."""
    made = Path(tempfile.mkdtemp(prefix="test-stack-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def kinds(stack: Stack) -> dict[str, str]:
    return {part.name: part.kind.value for part in stack.parts}


def ports(state: StackState) -> set[int]:
    found = (urlsplit(p.address if "//" in p.address else f"//{p.address}") for p in state.parts)
    return {parts.port for parts in found if parts.port is not None}


def livekit(environment: Mapping[str, str], url: str) -> LiveKitAPI:
    return LiveKitAPI(url, environment["LIVEKIT_API_KEY"], environment["LIVEKIT_API_SECRET"])


async def get(url: str) -> dict[str, object]:
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        told = json.loads(await answer.text())
        assert isinstance(told, dict)
        return told


async def test_all_parts_run_are_published_and_are_gone_afterwards(folder: Path) -> None:
    steps: list[Progress] = []
    async with Stack({}, folder=folder, modules=FAKES, watch=steps.append) as stack:
        assert kinds(stack) == {
            "phone network": "stand-in",
            "livekit-server": "real",
            "valkey": "real",
            "deepgram": "stand-in",
            "openai": "stand-in",
            "postgres": "real",
        }
        state = read_state(folder)
        assert state is not None
        assert state.environment == stack.environment == stack.new_environment
        assert set(stack.environment) == {
            *("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "REDIS_URL"),
            *("DATABASE_URL", "OPENAI_BASE_URL", "OPENAI_API_KEY"),
            *("DEEPGRAM_BASE_URL", "DEEPGRAM_API_KEY", "PHONE_NETWORK_URL", "SPEECH_URL"),
            *("API_JWT_SECRET", "TELNYX_SIP_USERNAME", "TELNYX_SIP_PASSWORD"),
        }
        assert len(stack.environment["API_JWT_SECRET"]) >= 32
        assert len(stack.environment["LIVEKIT_API_SECRET"]) >= 32
        connection = await asyncpg.connect(stack.environment["DATABASE_URL"])
        assert await connection.fetchval("show fsync") == "on"
        await connection.close()
    assert {step.part for step in steps if step.doing == READY} == {
        *("phone network", "livekit-server", "valkey", "providers", "postgres")
    }
    assert read_state(folder) is None
    assert not any(is_running(part.pid) for part in state.parts if part.pid is not None)
    assert all(port_is_free(port) for port in ports(state))


async def test_the_phone_network_is_the_front_door_and_knows_its_server_key_and_voices(
    folder: Path,
) -> None:
    async with Stack({}, folder=folder, keep_data=False, modules=FAKES) as stack:
        environment = stack.environment
        told = await get(environment["PHONE_NETWORK_URL"])
        argv = told["argv"]
        assert isinstance(argv, list)
        options = dict(zip(argv[::2], argv[1::2], strict=True))
        assert options["--speech-url"] == environment["SPEECH_URL"]
        assert environment["LIVEKIT_URL"] == f"ws://127.0.0.1:{options['--port']}"
        assert told["LIVEKIT_API_KEY"] == environment["LIVEKIT_API_KEY"]
        assert told["LIVEKIT_API_SECRET"] == environment["LIVEKIT_API_SECRET"]
        async with livekit(environment, options["--upstream"]) as api:
            sip = api.sip
            (inbound,) = (await sip.list_inbound_trunk(ListSIPInboundTrunkRequest())).items
            (outbound,) = (await sip.list_outbound_trunk(ListSIPOutboundTrunkRequest())).items
            (rule,) = (await sip.list_dispatch_rule(ListSIPDispatchRuleRequest())).items
            assert list(inbound.numbers) == ["+3226010500"]
            assert outbound.headers["X-Telnyx-Username"] == "example-user"
            assert list(rule.trunk_ids) == [inbound.sip_trunk_id]
            assert rule.room_config.agents[0].agent_name == "ai-sales-agent"
            # Written a second time, it finds what is there.
            variables = {"PHONE_NUMBER": "+3226010500", "AGENT_NAME": "ai-sales-agent"}
            trunk = {"TELNYX_SIP_USERNAME": "example-user", "TELNYX_SIP_PASSWORD": "example-pass"}
            ids = await ensure(api, load(ROOT / "sip_config", variables | trunk))
            assert ids.inbound_trunk == inbound.sip_trunk_id
            assert ids.outbound_trunk == outbound.sip_trunk_id
            assert ids.dispatch_rule == rule.sip_dispatch_rule_id


async def test_calls_survive_a_restart_of_the_stack(folder: Path) -> None:
    given = EVERYTHING_BUT_THE_DATABASE
    async with Stack(given, folder=folder) as stack:
        connection = await asyncpg.connect(stack.environment["DATABASE_URL"])
        await connection.execute("create table kept as select 42 as n")
        await connection.close()
    async with Stack(given, folder=folder) as stack:
        connection = await asyncpg.connect(stack.environment["DATABASE_URL"])
        assert await connection.fetchval("select n from kept") == 42
        await connection.close()
    async with Stack(given, folder=folder, keep_data=False) as stack:
        connection = await asyncpg.connect(stack.environment["DATABASE_URL"])
        assert await connection.fetchval("select to_regclass('kept')") is None
        await connection.close()


async def test_what_the_environment_names_is_used_and_only_the_rest_is_started(
    folder: Path,
) -> None:
    async with Stack(EVERYTHING_BUT_THE_DATABASE, folder=folder, keep_data=False) as stack:
        assert kinds(stack) == {
            "livekit": "yours",
            "deepgram": "yours",
            "openai": "yours",
            "postgres": "real",
        }
        assert set(stack.new_environment) == {"DATABASE_URL", "API_JWT_SECRET"}
        assert stack.environment == {**EVERYTHING_BUT_THE_DATABASE, **stack.new_environment}


async def test_a_redis_and_a_postgres_of_yours_are_used(folder: Path) -> None:
    async with (
        LocalValkey(log=folder / "yours.log") as valkey,
        LocalPostgres() as postgres,
    ):
        given = {
            "REDIS_URL": valkey.url,
            "DATABASE_URL": postgres.dsn,
            "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
        }
        async with Stack(given, folder=folder, modules=FAKES) as stack:
            assert {name for name, kind in kinds(stack).items() if kind == Kind.YOURS} == {
                *("redis", "postgres", "openai")
            }
            assert stack.environment["OPENAI_BASE_URL"] == given["OPENAI_BASE_URL"]
            assert "OPENAI_API_KEY" not in stack.environment
            assert "DEEPGRAM_BASE_URL" in stack.new_environment
        assert is_running(valkey.pid)
        assert is_running(postgres.pid)


async def test_a_livekit_key_that_is_already_set_is_the_local_servers_too(folder: Path) -> None:
    key = {"LIVEKIT_API_KEY": "example-key", "LIVEKIT_API_SECRET": "example-" * 5}
    async with Stack(key, folder=folder, keep_data=False, modules=FAKES) as stack:
        told = await get(stack.environment["PHONE_NETWORK_URL"])
        assert {name: told[name] for name in key} == key


async def test_two_stacks_run_side_by_side_in_two_folders(folder: Path) -> None:
    async with (
        Stack({}, folder=folder / "one", keep_data=False, modules=FAKES),
        Stack({}, folder=folder / "two", keep_data=False, modules=FAKES),
    ):
        one, two = read_state(folder / "one"), read_state(folder / "two")
        assert one is not None
        assert two is not None
        assert not ports(one) & ports(two)


async def test_a_second_stack_in_one_folder_is_refused_and_the_first_goes_on(
    folder: Path,
) -> None:
    async with Stack(EVERYTHING_BUT_THE_DATABASE, folder=folder) as stack:
        with pytest.raises(StackError, match=rf"already runs .*process {os.getpid()}\)"):
            await Stack(EVERYTHING_BUT_THE_DATABASE, folder=folder).start()
        assert read_state(folder) is not None
        connection = await asyncpg.connect(stack.environment["DATABASE_URL"])
        await connection.close()


async def test_a_part_that_dies_is_told_by_name(folder: Path) -> None:
    async with Stack({}, folder=folder, keep_data=False, modules=FAKES) as stack:
        ended = asyncio.create_task(stack.part_ended())
        pid = next(part.pid for part in stack.parts if part.name == "livekit-server")
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert "livekit-server has ended by itself" in str(await asyncio.wait_for(ended, 10))


async def test_when_one_part_cannot_start_the_others_are_stopped(folder: Path) -> None:
    before = children(os.getpid())
    broken = Modules(providers=(FAKE,), phone_network=("-c", "raise SystemExit('no voices')"))
    with pytest.raises(StackError, match=r"phone network exited with 1; .*no voices"):
        await Stack({}, folder=folder, keep_data=False, modules=broken).start()
    assert not [pid for pid in children(os.getpid()) if pid not in before and is_running(pid)]
    assert read_state(folder) is None
    async with Stack(EVERYTHING_BUT_THE_DATABASE, folder=folder, keep_data=False):
        pass  # and the folder is free again


async def test_a_cancelled_start_leaves_nothing(folder: Path) -> None:
    before = children(os.getpid())
    some_run = asyncio.Event()

    def watch(step: Progress) -> None:
        if step.doing == READY:
            some_run.set()

    stack = Stack({}, folder=folder, keep_data=False, modules=FAKES, watch=watch)
    starting = asyncio.create_task(stack.start())
    await asyncio.wait_for(some_run.wait(), 20)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert not [pid for pid in children(os.getpid()) if pid not in before and is_running(pid)]


async def test_a_port_in_use_is_told(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StackError, match=rf"phone network: port {port} is in use"):
            await Stack({}, folder=folder, keep_data=False, port=port, modules=FAKES).start()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"DATABASE_URL": "postgresql://example-user:example-password@127.0.0.1:1/x"},
            r"cannot connect to the Postgres of DATABASE_URL .*start it",
        ),
        ({"DATABASE_URL": "mysql://example-password@127.0.0.1:1/x"}, "DATABASE_URL"),
        ({"REDIS_URL": "redis://:example-password@127.0.0.1:1"}, r"no Redis answers on 127.*:1 "),
        ({"LIVEKIT_URL": "wss://x"}, "LIVEKIT_API_KEY and LIVEKIT_API_SECRET not"),
        ({"LIVEKIT_URL": "nonsense"}, "LIVEKIT_URL"),
    ],
)
async def test_what_is_given_and_cannot_be_used_is_told_in_one_line_without_its_secret(
    folder: Path, given: dict[str, str], told: str
) -> None:
    with pytest.raises((StackError, SettingsError), match=told) as raised:
        await Stack(given, folder=folder, keep_data=False, modules=FAKES).start()
    assert "example-password" not in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_a_killed_stack_leaves_no_process_and_no_port_and_its_folder_starts_again(
    folder: Path,
) -> None:
    program = f"""
import asyncio
from pathlib import Path
from agent.local.stack.stack import Stack
from agent.local.stack.parts import Modules
fakes = Modules(({FAKE!r},), ({FAKE!r},))
async def main():
    async with Stack({{}}, folder=Path({str(folder)!r}), modules=fakes) as stack:
        print("up", flush=True)
        await stack.part_ended()
asyncio.run(main())
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"up\n"
        state = read_state(folder)
        assert state is not None
        family = children(owner.pid)
        assert len(family) > len(ports(state))  # Postgres has children of its own
        owner.kill()
    await until(lambda: not any(is_running(pid) for pid in family))
    assert all(port_is_free(port) for port in ports(state))
    assert read_state(folder) is None
    async with Stack({}, folder=folder, modules=FAKES) as stack:
        assert len(stack.parts) == 6


def children(pid: int) -> list[int]:
    """Process ids of all descendants."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *children(child)]
    return found
