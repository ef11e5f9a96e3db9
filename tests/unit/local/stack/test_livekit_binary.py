"""Which livekit-server is taken, and how it is built once. Programs here are shell scripts."""

import asyncio
import os
from pathlib import Path

import pytest

from agent.errors import StackError
from agent.local.stack.livekit_binary import VERSION, find_or_build

SERVER = f"echo livekit-server version {VERSION}"


class Host:
    """A PATH of its own, with the programs that a test puts there, and an empty cache."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.cache = folder / "cache"
        self.builds = folder / "builds"
        self.bin.mkdir()

    @property
    def cached(self) -> Path:
        return self.cache / f"livekit-server-{VERSION}"

    def put(self, name: str, script: str, folder: Path | None = None) -> Path:
        path = (folder or self.bin) / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def put_go(self, version: str = "go1.26.8", server: str = SERVER) -> None:
        """A Go that builds the given server, and notes that it did."""
        self.put(
            "go",
            f"""
if [ "$1" = env ]; then echo {version}; exit 0; fi
[ "$1 $2" = "install -v" ] && [ "$GOTOOLCHAIN" = local ] && [ "$CGO_ENABLED" = 0 ] || exit 9
echo "$3" >> {self.builds}
printf '#!/bin/sh\\n{server}\\n' > "$GOBIN/server"
chmod +x "$GOBIN/server"
""",
        )

    def times_built(self) -> int:
        return len(self.builds.read_text().splitlines()) if self.builds.exists() else 0


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    host = Host(tmp_path)
    for tool in ("chmod", "cat", "sleep"):
        found = next(Path(p) / tool for p in ("/bin", "/usr/bin") if (Path(p) / tool).exists())
        (host.bin / tool).symlink_to(found)
    monkeypatch.setenv("PATH", str(host.bin))
    return host


async def test_the_hosts_own_server_is_taken_first(host: Host) -> None:
    own = host.put("livekit-server", SERVER)
    host.put_go()
    assert (await find_or_build(cache=host.cache)).path == own
    assert host.times_built() == 0


async def test_another_recent_version_is_taken_with_a_word_about_it(host: Host) -> None:
    host.put("livekit-server", "echo livekit-server version 1.14.2")
    said: list[str] = []
    found = await find_or_build(cache=host.cache, report=said.append)
    assert found.version == "1.14.2"
    assert any("1.14.2" in line and VERSION in line for line in said)


@pytest.mark.parametrize("script", ["echo livekit-server version 1.12.9", "exit 1", "echo hello"])
async def test_a_server_that_is_too_old_or_broken_is_passed_over(host: Host, script: str) -> None:
    host.put("livekit-server", script)
    host.put_go()
    assert (await find_or_build(cache=host.cache)).path == host.cached


async def test_it_is_built_once_and_progress_is_told(host: Host) -> None:
    host.put_go()
    said: list[str] = []
    await find_or_build(cache=host.cache, report=said.append)
    found = await find_or_build(cache=host.cache)
    assert (found.path, found.version) == (host.cached, VERSION)
    assert host.builds.read_text().split() == [
        f"github.com/livekit/livekit-server/cmd/server@v{VERSION}"
    ]
    assert any("building livekit-server" in line for line in said)
    assert sorted(path.name for path in host.cache.iterdir()) == [
        f"livekit-server-{VERSION}",
        f"livekit-server-{VERSION}.lock",
    ]


async def test_two_that_need_it_at_once_build_it_once(host: Host) -> None:
    host.put_go()
    both = await asyncio.gather(find_or_build(cache=host.cache), find_or_build(cache=host.cache))
    assert both[0] == both[1]
    assert host.times_built() == 1


async def test_a_half_built_program_in_the_cache_is_built_again(host: Host) -> None:
    host.cache.mkdir()
    host.cached.write_bytes(b"\x7fELF half of it")
    host.cached.chmod(0o755)
    host.put_go()
    await find_or_build(cache=host.cache)
    assert host.times_built() == 1


async def test_what_a_killed_build_left_does_not_get_in_the_way(host: Host) -> None:
    leftover = host.cache / "build-dead"
    leftover.mkdir(parents=True)
    (leftover / "server").write_bytes(b"half")
    (host.cache / f"livekit-server-{VERSION}.lock").write_text("999999999")
    host.put_go()
    await find_or_build(cache=host.cache)
    assert not leftover.exists()


async def test_without_a_server_and_without_go_the_ways_out_are_told(host: Host) -> None:
    with pytest.raises(StackError, match=r"no Go.*brew install.*Go 1\.26.*LIVEKIT_URL") as raised:
        await find_or_build(cache=host.cache)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("version", ["go1.19.8", "go1.25", ""])
async def test_a_go_that_is_too_old_is_told_with_the_ways_out(host: Host, version: str) -> None:
    host.put_go(version)
    with pytest.raises(StackError, match=r"too old.*brew install.*Go 1\.26"):
        await find_or_build(cache=host.cache)
    assert host.times_built() == 0


async def test_a_failed_build_is_told_in_gos_own_words_and_leaves_nothing(host: Host) -> None:
    host.put("go", '[ "$1" = env ] && echo go1.27 && exit 0; echo "no route to host"; exit 1')
    with pytest.raises(StackError, match=r"go install.*failed.*no route to host"):
        await find_or_build(cache=host.cache)
    assert [path.suffix for path in host.cache.iterdir()] == [".lock"]


async def test_a_build_that_yields_a_broken_program_is_not_kept(host: Host) -> None:
    host.put_go(server="exit 1")
    with pytest.raises(StackError, match="failed"):
        await find_or_build(cache=host.cache)
    assert not host.cached.exists()


async def test_a_cancelled_build_ends_the_compiler_and_frees_the_lock(host: Host) -> None:
    pid = host.cache.parent / "pid"
    host.put(
        "go",
        f'[ "$1" = env ] && echo go1.26 && exit 0; echo $$ > {pid}; exec sleep 600',
    )
    building = asyncio.Event()
    task = asyncio.create_task(find_or_build(cache=host.cache, report=lambda _line: building.set()))
    await asyncio.wait_for(building.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    if pid.exists():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)
    host.put_go()
    await find_or_build(cache=host.cache)
    assert host.times_built() == 1
