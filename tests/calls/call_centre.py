"""Everything that whole calls need: a local stack, workers that answer numbers, callers.

    async with CallCentre(folder) as centre, centre.worker() as line:
        async with line.call() as caller: ...

The servers are processes of their own. The front door of LiveKit, with the phone network behind
it, is in this process, so that a test can set what a transfer does.
"""

import asyncio
import json
import shutil
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import aiohttp
from livekit import api
from livekit.protocol.agent_dispatch import RoomAgentDispatch
from livekit.protocol.room import RoomConfiguration
from livekit.protocol.sip import (
    SIPDispatchRule,
    SIPDispatchRuleCallee,
    SIPDispatchRuleInfo,
    SIPInboundTrunkInfo,
)

from agent.local.phone_network.network import PhoneNetwork
from agent.local.phone_network.server import open_door
from agent.local.phone_network.upstream import Upstream
from agent.local.scenarios.agent_rules import Rule
from agent.local.stack.processes import LOOPBACK, ChildProcess, free_port, spawn
from agent.local.stack.python_server import PythonServer
from agent.local.stack.stack import Stack
from agent.settings import ROOT
from agent.store.calls import CallStore
from agent.store.database import Database
from agent.store.migrate import migrate
from agent.store.opt_outs import OptOutList
from tests.calls.cable import Cable
from tests.calls.caller import Caller
from tests.calls.letter_box import LetterBox
from tests.calls.speech import Speech

READY_WITHIN = 60.0
ENDS_WITHIN = 60.0

SHORT_DISCLOSURE = "This is Robin, an AI of Fernhill Energy. This call is recorded."
SILENCE_SECONDS = 8
"""More than a slow recogniser takes on a busy machine to tell a test what the agent said."""


class CallCentre:
    """Use as `async with`. Nothing of it outlives the block, and it keeps nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers_dialled_from: list[str] = []
        self.worker_logs: list[Path] = []
        self._open = AsyncExitStack()
        self._shipped: Line | None = None
        self._starting = asyncio.Lock()
        self._numbers = count(1)

    line: "Line"
    """The number that most tests ring, set by the fixture."""
    network: PhoneNetwork
    letters: LetterBox
    """Every webhook of every call. No process of ours is told of them."""
    telnyx_key: str
    livekit: api.LiveKitAPI
    speech: Speech
    database: Database
    store: CallStore
    opt_outs: OptOutList
    stack_pids: set[int]
    environment: dict[str, str]
    """What a process of ours is given here."""

    async def __aenter__(self) -> Self:
        enter = self._open.enter_async_context
        try:
            self.letters = await enter(LetterBox())
            stack = await enter(
                Stack(
                    {},
                    folder=self.folder / "stack",
                    keep_data=False,
                    webhook_url=self.letters.livekit_url,
                )
            )
            given = dict(stack.environment)
            self.stack_pids = {part.pid for part in stack.parts if part.pid is not None}
            await migrate(given["DATABASE_URL"])
            key, secret = given["LIVEKIT_API_KEY"], given["LIVEKIT_API_SECRET"]
            server = next(part for part in stack.parts if part.name == "livekit-server")
            door = await enter(
                open_door(
                    Upstream(f"http://{server.address}", key, secret),
                    port=free_port(),
                    webhook_url=self.letters.telnyx_url,
                )
            )
            self.network = door.network
            self.telnyx_key = door.webhooks.account.public_key
            self.livekit = await enter(api.LiveKitAPI(f"http://{server.address}", key, secret))
            self.database = await enter(Database(given["DATABASE_URL"], max_size=10))
            self.store = CallStore(self.database)
            self.opt_outs = OptOutList(self.database)
            http = await enter(aiohttp.ClientSession())
            self.speech = Speech(given["SPEECH_URL"], http)
        except BaseException:
            await self._open.aclose()
            raise
        self.environment = given | {
            "LIVEKIT_URL": door.url.replace("http", "ws", 1),
            "RECORDINGS_DIR": str(self.folder / "recordings"),
            "SPEECH_CACHE_DIR": str(self.folder / "speech"),
            "PROMPTS_DIR": str(prompts(self.folder / "prompts")),
            "PLAYBOOK": "short",
            "HEALTH_HOST": LOOPBACK,
        }
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._open.aclose()

    @asynccontextmanager
    async def worker(
        self, *, speech: Speech | None = None, **settings: str
    ) -> AsyncIterator["Line"]:
        """A worker process with a number of its own, ready to take calls.

        `settings` are environment variables; `speech` are other providers than everybody's. A
        worker that still runs at the end of the block is stopped, and must then end with 0.
        """
        number = f"+322601{1000 + next(self._numbers)}"
        name = f"agent-{number[1:]}"
        await self._answer_at(number, name)
        port = free_port()
        log = self.folder / "logs" / f"{name}.log"
        recordings = self.folder / "recordings" / name
        self.worker_logs.append(log)
        url, dsn = self.environment["LIVEKIT_URL"], self.environment["DATABASE_URL"]
        async with Cable(port_of(url)) as to_livekit, Cable(port_of(dsn)) as to_postgres:
            process = spawn(
                name,
                [sys.executable, ROOT / "agent.py", "start"],
                log=log,
                environment={
                    **self.environment,
                    **({} if speech is None else speech.environment),
                    "LIVEKIT_URL": through(url, to_livekit.port),
                    "DATABASE_URL": through(dsn, to_postgres.port),
                    "AGENT_NAME": name,
                    "PHONE_NUMBER": number,
                    "HEALTH_PORT": str(port),
                    "RECORDINGS_DIR": str(recordings),
                    "MAX_CONCURRENT_CALLS": "3",
                    "IDLE_PROCESSES": "2",
                    **settings,
                },
                cwd=ROOT,
            )
            line = Line(
                centre=self,
                number=number,
                worker=process,
                health_url=f"http://{LOOPBACK}:{port}",
                log=log,
                recordings=recordings,
                to_livekit=to_livekit,
                to_postgres=to_postgres,
                speech=speech or self.speech,
            )
            try:
                await process.ready(line.is_ready, timeout=READY_WITHIN)
                yield line
                if process.exit_code is None:
                    await process.stop(timeout=ENDS_WITHIN)
                    assert process.exit_code == 0, process.last_words()
            finally:
                process.kill()

    @asynccontextmanager
    async def other_providers(self) -> AsyncIterator[Speech]:
        """A second stand-in for OpenAI and Deepgram, to be broken while the first goes on."""
        log = self.folder / "logs" / "other-providers.log"
        module = ("-m", "agent.local.providers")
        async with PythonServer("providers", module, ready_path="/healthz", log=log) as server:
            yield Speech(server.url, self.speech.http)

    async def shipped_playbook(self) -> "Line":
        """A number answered with the playbook as it ships; its worker starts when first wanted."""
        async with self._starting:
            if self._shipped is None:
                wanted = self.worker(
                    PLAYBOOK="default", IDLE_PROCESSES="3", MAX_CONCURRENT_CALLS="8"
                )
                self._shipped = await self._open.enter_async_context(wanted)
            return self._shipped

    def new_number(self) -> str:
        """Somebody whom we have never spoken to."""
        number = f"+3247055{1000 + next(self._numbers)}"
        self.numbers_dialled_from.append(number)
        return number

    async def _answer_at(self, number: str, agent: str) -> None:
        """Have the server send calls for `number` to workers of that name, a room a call."""
        sip = self.livekit.sip
        trunk = await sip.create_inbound_trunk(
            api.CreateSIPInboundTrunkRequest(
                trunk=SIPInboundTrunkInfo(name=agent, numbers=[number])
            )
        )
        rule = SIPDispatchRuleCallee(room_prefix="test-call", randomize=True)
        await sip.create_dispatch_rule(
            api.CreateSIPDispatchRuleRequest(
                dispatch_rule=SIPDispatchRuleInfo(
                    name=agent,
                    trunk_ids=[trunk.sip_trunk_id],
                    rule=SIPDispatchRule(dispatch_rule_callee=rule),
                    room_config=RoomConfiguration(agents=[RoomAgentDispatch(agent_name=agent)]),
                )
            )
        )


@dataclass(frozen=True, slots=True)
class Line:
    """A number, and the worker that answers it."""

    centre: CallCentre
    number: str
    worker: ChildProcess
    health_url: str
    log: Path
    recordings: Path
    to_livekit: Cable
    """The worker's way to LiveKit, its calls' too."""
    to_postgres: Cable
    """The worker's way to Postgres; tests have one of their own."""
    speech: Speech

    @asynccontextmanager
    async def call(
        self, *script: Rule, summary: str = "A test called.", interim: bool = False
    ) -> AsyncIterator[Caller]:
        """Somebody dials the number; the block is their call, from the ringing on.

        `script`: what the language model answers, before the rules of scenarios/default.yaml.
        `interim`: the caller understands words while they are spoken.
        """
        centre = self.centre
        phone = await centre.network.place_call(
            caller=centre.new_number(), callee=self.number, ringing_timeout=60
        )
        caller = Caller(phone, self.speech, centre.store)
        async with caller.on_the_line(script, summary, interim=interim):
            yield caller

    async def is_ready(self) -> bool:
        """What /readyz says; False too when nobody answers there."""
        timeout = aiohttp.ClientTimeout(total=2)
        try:
            async with self.centre.speech.http.get(
                f"{self.health_url}/readyz", timeout=timeout
            ) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def is_free(self) -> None:
        """Return when no call is held here any more."""

        async def nobody_is_there() -> bool:
            rooms = (await self.centre.livekit.room.list_rooms(api.ListRoomsRequest())).rooms
            return not [room for room in rooms if self.number in room.name]

        await until(nobody_is_there, f"nobody is on the line of {self.number}")

    def logged(self) -> list[dict[str, object]]:
        """The worker's log so far, job processes included."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line[:1] == "{"]


def prompts(folder: Path) -> Path:
    """The shipped prompts, with a second playbook `short`: the default one, sooner to the point."""
    shutil.copytree(ROOT / "prompts", folder)
    text = (folder / "playbooks" / "default.md").read_text()
    before, rest = text.split("disclosure: >-\n", 1)
    _, after = rest.split("recording:", 1)
    text = f"{before}disclosure: {SHORT_DISCLOSURE}\nrecording:{after}"
    text = text.replace("silence_seconds: 7", f"silence_seconds: {SILENCE_SECONDS}")
    # Callers are told of the key 9, where it makes no test's greeting longer.
    text = text.replace("Is this a good moment?", "Press 9 and we stop. Is this a good moment?")
    text = text.replace("limits:\n", "opt_out_key: true\n\nlimits:\n", 1)
    # In one language: lines in four would have to be spoken before each worker's first call.
    text = text.replace("languages: [en, fr, nl, de]\n", "")
    (folder / "playbooks" / "short.md").write_text(text)
    return folder


async def together(*calls: Awaitable[object]) -> None:
    """Calls that have nothing to do with one another, at the same time; every failure is told."""
    ended = await asyncio.gather(*calls, return_exceptions=True)
    failed = [result for result in ended if isinstance(result, BaseException)]
    if len(failed) == 1:
        raise failed[0]
    if failed:
        raise BaseExceptionGroup("calls failed", failed)


async def until(
    fact: Callable[[], Awaitable[bool]], what: str, *, within: float = 30.0, every: float = 0.1
) -> None:
    """Return when `fact` holds; fail after `within` seconds, saying `what` was waited for."""
    deadline = time.monotonic() + within
    while not await fact():
        assert time.monotonic() < deadline, f"not so after {within:g} s: {what}"
        await asyncio.sleep(every)


def port_of(url: str) -> int:
    """The port in a server's URL."""
    port = urlsplit(url).port
    assert port is not None
    return port


def through(url: str, port: int) -> str:
    """The URL by way of another port of this machine."""
    parts = urlsplit(url)
    assert parts.port is not None
    return url.replace(f":{parts.port}", f":{port}", 1)
