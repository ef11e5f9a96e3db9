"""A real Postgres: temporary or kept, and back on its feet after a kill."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from agent.errors import StackError
from agent.local.stack import postgres as postgres_module
from agent.local.stack.postgres import LocalPostgres
from agent.local.stack.processes import is_running, port_is_free
from agent.settings import ROOT
from tests.integration.local.waiting import until


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the unprivileged user can reach, which pytest's own is not for root."""
    made = Path(tempfile.mkdtemp(prefix="test-postgres-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


async def ask(postgres: LocalPostgres, sql: str) -> object:
    connection = await asyncpg.connect(postgres.dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_a_temporary_server_is_fast_and_leaves_neither_process_nor_port_nor_file() -> None:
    async with LocalPostgres() as postgres:
        data = Path(str(await ask(postgres, "show data_directory")))
        assert data.exists()
        assert await ask(postgres, "show fsync") == "off"
        assert str(await ask(postgres, "show server_version")).startswith("18.")
        pid, port = postgres.pid, postgres.port
    assert not data.exists()
    assert not is_running(pid)
    assert port_is_free(port)


async def test_kept_data_is_there_after_a_restart_and_was_written_durably(folder: Path) -> None:
    async with LocalPostgres(data_dir=folder / "data", durable=True) as postgres:
        assert await ask(postgres, "show fsync") == "on"
        await ask(postgres, "create table kept as select 42 as n")
    async with LocalPostgres(data_dir=folder / "data", durable=True) as postgres:
        assert await ask(postgres, "select n from kept") == 42


async def test_text_sorts_and_folds_as_unicode_on_every_system() -> None:
    async with LocalPostgres() as postgres:
        assert await ask(postgres, "select upper('é')") == "É"


async def test_two_servers_run_side_by_side() -> None:
    async with LocalPostgres() as one, LocalPostgres() as two:
        assert one.port != two.port
        assert await ask(one, "select 1") == await ask(two, "select 1") == 1


@pytest.mark.parametrize("pid", ["999999999", str(os.getpid()), ""], ids=["dead", "reused", "cut"])
async def test_a_lock_that_no_postgres_holds_is_recovered(folder: Path, pid: str) -> None:
    data = folder / "data"
    async with LocalPostgres(data_dir=data):
        pass
    (data / "postmaster.pid").write_text(f"{pid}\n{data}\n")
    async with LocalPostgres(data_dir=data) as postgres:
        assert await ask(postgres, "select 1") == 1


async def test_data_that_a_live_server_uses_is_refused_with_its_process_id(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_module, "STALE_LOCK_SECONDS", 0.1)
    async with LocalPostgres(data_dir=folder / "data") as postgres:
        with pytest.raises(StackError, match=rf"in use by process {postgres.pid}\b"):
            await LocalPostgres(data_dir=folder / "data").start()
        assert await ask(postgres, "select 1") == 1


async def test_a_killed_owner_leaves_no_postgres_and_its_data_opens_again(folder: Path) -> None:
    program = f"""
import asyncio
from pathlib import Path
from agent.local.stack.postgres import LocalPostgres
async def main():
    async with LocalPostgres(data_dir=Path({str(folder)!r}) / "data", durable=True) as postgres:
        print(postgres.pid, postgres.port, flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout is not None
        pid, port = map(int, owner.stdout.readline().split())
        assert is_running(pid)
        owner.kill()
    # At once, while the server is still on its way out.
    async with LocalPostgres(data_dir=folder / "data", durable=True) as postgres:
        assert await ask(postgres, "select 1") == 1
        assert not is_running(pid)
    assert port_is_free(port)


async def test_a_killed_postgres_opens_again(folder: Path) -> None:
    async with LocalPostgres(data_dir=folder / "data", durable=True) as postgres:
        await ask(postgres, "create table kept as select 42 as n")
        os.kill(postgres.pid, signal.SIGKILL)
        await postgres.exited()
    async with LocalPostgres(data_dir=folder / "data", durable=True) as postgres:
        assert await ask(postgres, "select n from kept") == 42


async def test_a_half_made_data_folder_does_not_get_in_the_way(folder: Path) -> None:
    half = folder / "data.new-1"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    async with LocalPostgres(data_dir=folder / "data") as postgres:
        assert await ask(postgres, "select 1") == 1
    assert not half.exists()


async def test_data_of_another_version_is_told_in_postgres_own_words(folder: Path) -> None:
    async with LocalPostgres(data_dir=folder / "data"):
        pass
    (folder / "data" / "PG_VERSION").write_text("12\n")
    with pytest.raises(StackError, match=r"postgres exited with 1; .*initialized by .*version 12"):
        await LocalPostgres(data_dir=folder / "data").start()


@pytest.mark.skipif(os.geteuid() != 0, reason="another user can reach its own folders")
async def test_root_keeps_data_of_a_private_folder_elsewhere_behind_a_link(folder: Path) -> None:
    private = folder / "home"
    private.mkdir(mode=0o700)
    async with LocalPostgres(data_dir=private / "data") as postgres:
        assert await ask(postgres, "select 1") == 1
    place = (private / "data").readlink()
    assert (place / "PG_VERSION").exists()
    assert private.stat().st_mode & 0o777 == 0o700
    # Who removes the link has removed the data: the next one starts empty, and nothing is left.
    (private / "data").unlink()
    other = folder / "other"
    other.mkdir(mode=0o700)
    async with LocalPostgres(data_dir=other / "data"):
        assert not place.exists()
    (other / "data").unlink()
    async with LocalPostgres(data_dir=private / "data"):
        pass
    shutil.rmtree((private / "data").readlink().parent)


async def test_what_a_killed_owner_left_in_the_temporary_folder_is_removed() -> None:
    program = """
import asyncio
from agent.local.stack.postgres import LocalPostgres
async def main():
    async with LocalPostgres() as postgres:
        print(postgres.pid, postgres._data, flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout is not None
        pid, data = owner.stdout.readline().decode().split()
        owner.kill()
    await until(lambda: not is_running(int(pid)))
    assert Path(data).exists()
    async with LocalPostgres():
        assert not Path(data).parent.exists()
