"""Every command in every broken surrounding: no traceback, no hang, and one line that helps."""

import asyncio
import json
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from _pytest.mark.structures import ParameterSet
from aiohttp import web

from agent.local.stack.livekit_server import LocalLiveKit
from agent.local.stack.postgres import LocalPostgres
from agent.local.stack.processes import LOOPBACK, free_port
from agent.local.stack.valkey import LocalValkey
from agent.settings import ROOT
from tests.cli import every_command
from tests.database import empty_database, migrated_database
from tests.integration.cli.surroundings import SURROUNDINGS, Surrounding, filled

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(180),
    pytest.mark.skipif(sys.platform != "linux", reason="/proc makes files that cannot be read"),
]

SECONDS = 20.0
"""Longest that a command may take to see that it cannot do its work."""
WAITING_SECONDS = 3.0
"""How long a process is watched that runs on."""
ARGUMENTS = {
    "call": ["+32479202020", "--basis", "consent"],
    "calls show": ["1234"],
    "opt-outs correct": ["+32479202020", "--reason", "a mistake"],
    "opt-outs import": ["numbers.csv"],
    "provision": ["--yes"],
    "simulate": ["hangs-up"],
    "stack": ["--temporary"],
    "webhooks send": ["http://127.0.0.1:1"],
}
"""What a command is called with; nothing where it is not named here."""
PROCESSES = {"start", "dev", "dialer", "api", "stack", "demo", "talk"}
"""What runs until it is told: seen only where it cannot start, or is to wait."""
REPORTS = {"doctor", "webhooks send"}
"""Whose faults are its result, on stdout."""


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one command."""

    code: int
    by: str
    seconds: float
    out: str
    err: str

    @property
    def error_lines(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("error: ")]


class Machine:
    """A checkout on a machine where all is well, until a surrounding changes it."""

    def __init__(
        self, checkout: Path, launcher: asyncio.subprocess.Process, well: Mapping[str, str]
    ) -> None:
        self._checkout = checkout
        self._launcher = launcher
        self._well = well
        self._runs: dict[str, dict[str, Run]] = {}

    async def run(self, surrounding: Surrounding, places: Mapping[str, str]) -> dict[str, Run]:
        """Every command there, all at once; remembered."""
        if surrounding.name not in self._runs:
            for path, prepare in surrounding.files.items():
                prepare(self._checkout / path)
            try:
                self._runs[surrounding.name] = await self._run(surrounding, places)
            finally:
                self._restore(surrounding)
        return self._runs[surrounding.name]

    async def _run(self, surrounding: Surrounding, places: Mapping[str, str]) -> dict[str, Run]:
        logs = self._checkout.parent / "logs"
        logs.mkdir(exist_ok=True)
        environment = dict(self._well)
        for name, value in surrounding.environment.items():
            environment.pop(name, None)
            if value is not None:
                environment[name] = filled(value, places)
        names = commands_in(surrounding)
        may_wait = surrounding.waits | {"dev"}
        batch = [
            {
                "number": number,
                "arguments": [*name.split(), *ARGUMENTS.get(name, [])],
                "environment": {**environment, "HEALTH_PORT": str(free_port())},
                "stdout": None if surrounding.pipe_closed else str(logs / f"{number}.out"),
                "stderr": str(logs / f"{number}.err"),
                "seconds": WAITING_SECONDS if name in may_wait else SECONDS,
            }
            for number, name in enumerate(names)
        ]
        assert self._launcher.stdin
        assert self._launcher.stdout
        self._launcher.stdin.write(json.dumps(batch).encode() + b"\n")
        answers = json.loads(await self._launcher.stdout.readline())
        return {
            name: Run(
                answers[str(number)]["code"],
                answers[str(number)]["by"],
                answers[str(number)]["seconds"],
                "" if surrounding.pipe_closed else (logs / f"{number}.out").read_text(),
                (logs / f"{number}.err").read_text(),
            )
            for number, name in enumerate(names)
        }

    def _restore(self, surrounding: Surrounding) -> None:
        for name in surrounding.files:
            path = self._checkout / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
            if (ROOT / name).is_file() and not name.startswith("."):
                shutil.copy(ROOT / name, path)


@pytest.fixture(scope="module")
def migrated(postgres: LocalPostgres) -> Iterator[str]:
    """The database of a machine on which all is well."""
    yield from migrated_database(postgres)


@pytest.fixture(scope="module")
def empty(postgres: LocalPostgres) -> Iterator[str]:
    """A database that nobody has migrated."""
    yield from empty_database(postgres)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def machine(
    tmp_path_factory: pytest.TempPathFactory, migrated: str, empty: str
) -> AsyncIterator[tuple[Machine, dict[str, str]]]:
    folder = tmp_path_factory.mktemp("machine")
    checkout = folder / "checkout"
    for name in ("agent", "prompts", "sip_config"):
        shutil.copytree(ROOT / name, checkout / name)
    shutil.copy(ROOT / "agent.py", checkout)
    (checkout / "numbers.csv").write_text("phone_number\n+32479202020\n")
    async with AsyncExitStack() as stack:
        valkey = await stack.enter_async_context(LocalValkey(log=folder / "valkey.log"))
        livekit = await stack.enter_async_context(
            LocalLiveKit(redis_url=valkey.url, log=folder / "livekit.log")
        )
        silent = stack.enter_context(socket.create_server((LOOPBACK, 0), backlog=64))
        taken = stack.enter_context(socket.create_server((LOOPBACK, 0)))
        refusing = await _refusing(stack)
        launcher = await asyncio.create_subprocess_exec(
            *(sys.executable, str(Path(__file__).parent / "launcher.py"), str(checkout)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={"PATH": "/usr/bin:/bin"},
            limit=2**20,
        )
        well = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
            "COLUMNS": "80",
            "DATABASE_URL": migrated,
            "LIVEKIT_URL": f"ws://{livekit.address}",
            "LIVEKIT_API_KEY": livekit.api_key,
            "LIVEKIT_API_SECRET": livekit.api_secret,
            "OPENAI_API_KEY": "example",
            "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
            "DEEPGRAM_API_KEY": "example",
            "DEEPGRAM_BASE_URL": "http://127.0.0.1:1",
            "API_JWT_SECRET": "example-0123456789abcdefghijklmnopqrstuvwxyz",
            "API_PORT": "0",
            "SPEECH_CACHE_DIR": str(folder / "speech"),
            "TELNYX_SIP_USERNAME": "example-user",
            "TELNYX_SIP_PASSWORD": "example-password",
        }
        places = {
            "silent": f"{LOOPBACK}:{silent.getsockname()[1]}",
            "refusing": refusing,
            "taken": str(taken.getsockname()[1]),
            "checkout": str(checkout),
            "without_tables": empty,
        }
        try:
            yield Machine(checkout, launcher, well), places
        finally:
            assert launcher.stdin
            launcher.stdin.close()
            await launcher.wait()


async def _refusing(stack: AsyncExitStack) -> str:
    """An HTTP server that answers everybody with 403."""

    async def refuse(_: web.Request) -> web.Response:
        return web.json_response({"errors": [{"code": "10009", "title": "no"}]}, status=403)

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", refuse)
    runner = web.AppRunner(app)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, LOOPBACK, 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    return f"{host}:{port}"


def commands_in(surrounding: Surrounding) -> list[str]:
    """All but processes which it does not concern."""
    return [each for each in every_command() if surrounding.concerns(each, each in PROCESSES)]


ONE_OF_A_KIND = {
    *("nothing is set", "a .env that is no text", "no prompts", "a folder where the state is"),
    *("no database", "a database without tables", "no LiveKit", "another LiveKit's key"),
    *("a proxy that is none", "a reader who has gone"),
}
"""Every command runs in each of these in `make test`; in all the others in `make faults`."""


def cases() -> Iterator[ParameterSet]:
    assert {each.name for each in SURROUNDINGS} > ONE_OF_A_KIND
    for surrounding in SURROUNDINGS:
        marks = () if surrounding.name in ONE_OF_A_KIND else (pytest.mark.slow,)
        for name in commands_in(surrounding):
            yield pytest.param(surrounding, name, id=f"{surrounding.name}: {name}", marks=marks)


@pytest.mark.parametrize(("surrounding", "command"), list(cases()))
async def test_a_command_says_in_one_line_what_it_cannot_do(
    surrounding: Surrounding, command: str, machine: tuple[Machine, dict[str, str]]
) -> None:
    there, places = machine
    ran = (await there.run(surrounding, places))[command]
    said = f"{command}, {surrounding.name}: {ran}"
    assert "Traceback" not in ran.err + ran.out, said
    if command in surrounding.waits:
        assert (ran.by, ran.code) == ("TERM", 0), said
        return
    if command == "dev" and ran.by == "TERM":
        return  # it waits until the file is mended
    assert ran.by == "itself", f"hangs: {said}"
    if surrounding.pipe_closed:
        assert ran.code in range(5), said
        assert "Exception" not in ran.err, said
        return
    if surrounding.breaks is None or command in surrounding.breaks:
        assert ran.code != 0, said
    if ran.code != 0 and command not in REPORTS:
        assert len(ran.error_lines) == 1, said
        assert ran.err.splitlines() == ran.error_lines, said
