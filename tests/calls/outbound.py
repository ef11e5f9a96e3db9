"""What tests of outbound calls need besides the call centre: a dialler, customers, wishes.

number = out.number(Answers())
attempt = await out.wish(number)
done = await out.done(attempt)
"""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

from agent.domain.attempts import Attempt, AttemptState, Basis, CallRequest, Origin
from agent.domain.phone_numbers import parse
from agent.local.phone_network.behaviours import Answers, Behaviour
from agent.local.phones.phone import Phone
from agent.local.stack.processes import ChildProcess, spawn
from agent.settings import ROOT
from agent.store.attempts import AttemptStore
from agent.store.calls import CallDetail
from agent.store.database import Database
from agent.store.heartbeats import HeartbeatStore, ProcessKind
from agent.store.kill_switch import KillSwitchStore
from agent.store.trunks import TrunkStore
from tests.calls.cable import Cable
from tests.calls.call_centre import CallCentre, Line, port_of, through, until
from tests.calls.caller import Caller

STARTS_WITHIN = 40.0
DONE_WITHIN = 60.0
COMMAND_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Outbound:
    """A worker's line, and the dialler's side of it."""

    centre: CallCentre
    line: Line
    attempts: AttemptStore
    trunks: TrunkStore
    kill_switch: KillSwitchStore

    @asynccontextmanager
    async def dialler(self, **settings: str) -> AsyncIterator[ChildProcess]:
        """A dialler process for the line's agent; ready when the block begins."""
        name = f"dialler-{uuid4().hex[:8]}"
        process = spawn(
            name,
            [sys.executable, ROOT / "agent.py", "dialer"],
            log=self.centre.folder / "logs" / f"{name}.log",
            environment=self.centre.environment
            | {
                "AGENT_NAME": f"agent-{self.line.number[1:]}",
                "PHONE_NUMBER": self.line.number,
                "TRUNK_CALLS_PER_SECOND": "5",
                "RINGING_SECONDS": "5",
            }
            | settings,
            cwd=ROOT,
        )
        heartbeats = HeartbeatStore(self.centre.database)

        async def lives() -> bool:
            assert process.exit_code is None, process.last_words()
            live = await heartbeats.live(ProcessKind.DIALER)
            return any(each.pid == process.pid for each in live)

        try:
            await until(lives, "the dialler beats", within=STARTS_WITHIN)
            yield process
            if process.exit_code is None:
                await process.stop(timeout=20)
                assert process.exit_code in (0, -signal.SIGKILL), process.last_words()
        finally:
            process.kill()

    @asynccontextmanager
    async def cable(self, setting: str) -> AsyncIterator[tuple[Cable, str]]:
        """A cable to the server that this setting names, and the URL that leads through it."""
        url = self.centre.environment[setting]
        async with Cable(port_of(url)) as cable:
            yield cable, through(url, cable.port)

    def number(self, behaviour: Behaviour) -> str:
        """A new telephone that does this when it is called."""
        number = self.centre.new_number()
        self.centre.network.on_outbound(number, behaviour)
        return number

    def customer(self, *, number: str | None = None) -> tuple[str, asyncio.Future[Caller]]:
        """Somebody who picks up, hears who calls and is not interested; their call when it ended.

        `number`: theirs; a new one if not given.
        """
        talked: asyncio.Future[Caller] = asyncio.get_running_loop().create_future()

        async def picks_up(phone: Phone) -> None:
            caller = Caller(phone, self.centre.speech, self.centre.store)
            try:
                async with caller.on_the_line((), "A test.", interim=False):
                    await caller.hears("AI of Fernhill")
                    await caller.says("I am not interested, goodbye.")
                    await caller.is_hung_up_on()
            except AssertionError as error:
                talked.set_exception(error)
            else:
                talked.set_result(caller)

        number = number or self.centre.new_number()
        self.centre.network.on_outbound(number, Answers(after=1.0, handler=picks_up))
        return number, talked

    async def wish(self, number: str, **wanted: str) -> Attempt:
        """Somebody wants the number called."""
        request = CallRequest(
            Origin.API, parse(number), Basis.EXISTING_CUSTOMER, datetime.now(UTC), "c-1"
        )
        request = replace(request, **wanted)  # type: ignore[arg-type]  # names of text fields only
        return await self.attempts.add(
            request, attempt_id=uuid4(), call_id=uuid4(), now=datetime.now(UTC)
        )

    async def done(self, attempt: Attempt, *, within: float = DONE_WITHIN) -> Attempt:
        """The attempt when it is over."""
        found = attempt

        async def over() -> bool:
            nonlocal found
            found = await self.attempts.show(attempt.id)
            return found.state is AttemptState.DONE

        await until(over, "the attempt is over", within=within)
        return found

    async def tried(self, attempt: Attempt, *, within: float = DONE_WITHIN) -> Attempt:
        """The attempt when one try has come to nothing and the next is planned."""
        found = attempt

        async def waits() -> bool:
            nonlocal found
            found = await self.attempts.show(attempt.id)
            return found.state is AttemptState.QUEUED and found.tries > 0

        await until(waits, "the attempt is tried and waits", within=within)
        return found

    async def call(self, call_id: UUID) -> CallDetail:
        """The call's record, ended."""

        async def ended() -> bool:
            return (await self.centre.store.show(call_id)).record.outcome is not None

        await until(ended, "the call's record has ended")
        return await self.centre.store.show(call_id)

    def rung(self, number: str) -> list[Phone]:
        """Every INVITE that reached this number."""
        return [phone for phone in self.centre.network.calls if phone.number == number]

    async def rings(self, number: str) -> Phone:
        """The telephone of this number, once it is called."""

        async def it_rings() -> bool:
            return bool(self.rung(number))

        await until(it_rings, "the phone rings")
        return self.rung(number)[0]

    async def job_of(self, attempt: Attempt) -> int:
        """The process that holds the attempt's call, once it is ready to dial."""
        pids: list[int] = []

        async def ready() -> bool:
            pids[:] = [
                int(str(entry["pid"]))
                for entry in self.line.logged()
                if entry.get("call_id") == str(attempt.call_id) and "pid" in entry
            ]
            return bool(pids)

        await until(ready, "a job is ready to dial")
        return pids[0]

    async def all_free(self) -> bool:
        """Whether the line's worker says that all its places are free."""
        name = f"agent-{self.line.number[1:]}"
        live = await HeartbeatStore(self.centre.database).live(ProcessKind.WORKER)
        (mine,) = [each for each in live if each.detail["agent"] == name]
        return mine.detail["free"] == mine.detail["places"]


@asynccontextmanager
async def held(centre: CallCentre, statement: str) -> AsyncIterator[None]:
    """Hold a lock in Postgres: whoever needs it stops there until the block ends."""
    async with (
        Database(centre.environment["DATABASE_URL"], max_size=1) as database,
        database.connection() as connection,
        connection.transaction(),
    ):
        await connection.execute(statement)
        yield


async def until_somebody_waits(centre: CallCentre) -> None:
    """Return when a process of ours stands at a lock."""

    async def waits() -> bool:
        async with centre.database.connection() as connection:
            return bool(
                await connection.fetchval(
                    "select exists (select from pg_locks join pg_stat_activity using (pid) "
                    "where not granted and datname = current_database())"
                )
            )

    await until(waits, "somebody waits at the lock")


async def command(environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """`python agent.py WORDS`, ended."""
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "agent.py", *words],
        cwd=ROOT,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
