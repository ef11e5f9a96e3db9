"""The local stack: everything a call needs, on this machine, without an account.

    async with Stack(read_environment()) as stack:
        stack.parts, stack.environment
        raise await stack.part_ended()                # until something goes wrong

livekit-server, Valkey and Postgres are real; the phone network, OpenAI and Deepgram are stand-ins.
A part that the environment already names is used and not started.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from agent.errors import StackError
from agent.local.stack.external import ExternalServers
from agent.local.stack.parts import (
    PART_ORDER,
    STOPPED_FIRST,
    Modules,
    Plan,
    Progress,
    ProgressWatch,
    StackParts,
)
from agent.local.stack.state import (
    STACK_DIR,
    OnlyStack,
    StackPart,
    read_state,
    remove_state,
    write_state,
)


def watch_nothing(_progress: Progress) -> None:
    """The ProgressWatch of callers that show no progress."""


class Stack:
    """All parts, started together and stopped in order. One stack has one `folder`.

    `given` is the environment a person has set. `keep_data` keeps Postgres' data in the folder and
    makes it durable; without it the data is temporary. `port` fixes where the phone network (that
    is LIVEKIT_URL) listens. `webhook_url` is where livekit-server posts its webhooks,
    `telnyx_webhook_url` where the phone network posts those of Telnyx; TELNYX_PUBLIC_KEY is then
    its key.
    """

    def __init__(
        self,
        given: Mapping[str, str],
        *,
        folder: Path = STACK_DIR,
        keep_data: bool = True,
        port: int | None = None,
        webhook_url: str | None = None,
        telnyx_webhook_url: str | None = None,
        watch: ProgressWatch = watch_nothing,
        modules: Modules | None = None,
    ) -> None:
        """Raises SettingsError or StackError when what is given is malformed or half given."""
        self._given = ExternalServers.read(given)
        self._folder = folder
        plan = Plan(folder, keep_data, port, webhook_url, modules or Modules(), telnyx_webhook_url)
        self._started = StackParts(self._given, plan, watch)
        self._claim: OnlyStack | None = None

    @property
    def parts(self) -> tuple[StackPart, ...]:
        """The parts, also those that are not ours, in the order in which a call meets them."""
        return tuple(sorted(self._started.parts, key=lambda part: PART_ORDER.index(part.name)))

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables with which a worker uses this stack, given ones included."""
        return dict(sorted(self._started.environment.items()))

    @property
    def new_environment(self) -> Mapping[str, str]:
        """Those of `environment` that are not set already."""
        given = self._given.variables
        return {name: value for name, value in self.environment.items() if name not in given}

    async def start(self) -> None:
        """Start what is not given and publish the state file. A stack is started once.

        Raises StackError when one part cannot start, or another stack has the folder; whatever had
        started is stopped again.
        """
        self._claim = OnlyStack(self._folder)
        try:
            read_state(self._folder)  # removes what a killed stack left
            await self._started.start()
            write_state(self.environment, self.parts, self._folder)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Withdraw the state file and stop the parts, those that use others first.

        Safe to call twice.
        """
        if self._claim is None:
            return
        remove_state(self._folder)
        servers = self._started.servers
        try:
            for name in STOPPED_FIRST:
                for server in servers:
                    if server.name == name:
                        await server.stop()
            await asyncio.gather(*(server.stop() for server in servers))
        finally:
            for server in servers:
                server.kill()  # for when we are cancelled: no part outlives this call
            servers.clear()
            self._claim.release()
            self._claim = None

    async def part_ended(self) -> StackError:
        """Wait, without a deadline, until a part has ended by itself; returns what to say."""
        if not self._started.servers:
            await asyncio.Event().wait()  # every part is somebody else's: none of ours can end
        waits = {asyncio.create_task(server.exited()): server for server in self._started.servers}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            server = waits[done.pop()]
            return StackError(f"{server.name} has ended by itself; {server.last_words()}")
        finally:
            for wait in waits:
                wait.cancel()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()
