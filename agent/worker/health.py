"""`/healthz` (the process lives) and `/readyz` (it is connected to LiveKit and takes calls)."""

from collections.abc import Callable

from aiohttp import web

from agent.errors import SettingsError


class HealthServer:
    """Two plain answers over HTTP. `ready` is asked anew for each request."""

    def __init__(self, host: str, port: int, ready: Callable[[], bool]) -> None:
        self._host = host
        self._port = port
        self._ready = ready
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> "HealthServer":
        app = web.Application()
        app.add_routes([web.get("/healthz", self._healthz), web.get("/readyz", self._readyz)])
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError:
            await self._runner.cleanup()
            raise SettingsError(
                f"HEALTH_PORT: {self._host}:{self._port} is in use; set HEALTH_PORT to a free "
                "port, or 0 for any"
            ) from None
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that it listens on."""
        assert self._runner is not None
        host, port = self._runner.addresses[0][:2]
        return str(host), int(port)

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _readyz(self, _: web.Request) -> web.Response:
        ready = self._ready()
        text = "ok" if ready else "not connected to LiveKit, or draining"
        return web.json_response({"status": text}, status=200 if ready else 503)
