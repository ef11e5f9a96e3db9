"""The two answers of the health server."""

import socket

import aiohttp
import pytest

from agent.errors import SettingsError
from agent.worker.health import HealthServer


async def _get(server: HealthServer, path: str) -> tuple[int, str]:
    host, port = server.address
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"http://{host}:{port}{path}") as answer,
    ):
        return answer.status, (await answer.json())["status"]


async def test_it_is_healthy_always_and_ready_only_while_connected() -> None:
    ready = False
    async with HealthServer("127.0.0.1", 0, lambda: ready) as server:
        assert await _get(server, "/healthz") == (200, "ok")
        assert await _get(server, "/readyz") == (503, "not connected to LiveKit, or draining")
        ready = True
        assert await _get(server, "/readyz") == (200, "ok")
        ready = False
        assert (await _get(server, "/readyz"))[0] == 503
        assert await _get(server, "/healthz") == (200, "ok")


async def test_a_port_in_use_is_an_error_that_names_the_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"HEALTH_PORT: 127.0.0.1:{port} is in use"):
            async with HealthServer("127.0.0.1", port, lambda: True):
                pytest.fail("started on a port in use")


async def test_its_port_is_free_again_afterwards() -> None:
    async with HealthServer("127.0.0.1", 0, lambda: True) as server:
        host, port = server.address
    with socket.create_server((host, port)):
        pass
