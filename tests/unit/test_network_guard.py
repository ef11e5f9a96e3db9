"""The guard that keeps tests from reaching a real provider bites, here and in child processes."""

import asyncio
import socket
import subprocess
import sys

import aiohttp
import pytest

from tests.network_guard.loopback_only import LeftTheMachine
from tests.network_guard.plugin import Attempts

PROVIDERS = ("api.openai.com", "api.deepgram.com", "example.livekit.cloud", "api.telnyx.com")


@pytest.mark.parametrize("host", [*PROVIDERS, "192.0.2.1", "2001:db8::1"])
def test_another_host_is_not_reached_and_the_attempt_is_known(
    host: str, refused_attempts: Attempts
) -> None:
    with pytest.raises(LeftTheMachine, match=host):
        socket.create_connection((host, 443), timeout=1)
    assert refused_attempts.take() == [host]


async def test_a_client_of_asyncio_is_refused_too(refused_attempts: Attempts) -> None:
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.ClientConnectionError):
            await http.get("https://api.openai.com/v1/models")
        with pytest.raises(aiohttp.ClientConnectionError):
            await http.get("https://192.0.2.1/")
    assert refused_attempts.take() == ["api.openai.com", "192.0.2.1"]


def test_a_process_that_a_test_starts_is_refused_too(refused_attempts: Attempts) -> None:
    program = "import socket; socket.create_connection(('api.deepgram.com', 443), timeout=1)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.returncode == 1
    assert "LeftTheMachine: a test tried to reach api.deepgram.com" in ended.stderr
    assert refused_attempts.take() == ["api.deepgram.com"]


async def test_servers_of_this_machine_are_reached(refused_attempts: Attempts) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(greet, "localhost", 0)
    async with server:
        for host, port, *_ in (one.getsockname() for one in server.sockets):
            reader, writer = await asyncio.open_connection(host, port)
            assert await reader.read() == b""
            writer.close()
    assert refused_attempts.take() == []


def test_a_test_that_hides_its_attempt_fails_all_the_same(pytester: pytest.Pytester) -> None:
    pytester.makeconftest('pytest_plugins = ["tests.network_guard.plugin"]')
    pytester.makepyfile(
        """
        import contextlib, socket

        def test_it():
            with contextlib.suppress(OSError):
                socket.create_connection(("api.openai.com", 443), timeout=1)
        """
    )
    run = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    run.assert_outcomes(passed=1, errors=1)
    run.stdout.fnmatch_lines(["*tried to reach api.openai.com*"])
