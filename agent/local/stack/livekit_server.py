"""A real livekit-server on the loopback interface, with a key of its own.

    async with LocalLiveKit(redis_url=valkey.url, log=folder / "livekit-server.log") as livekit:
        livekit.url, livekit.api_key, livekit.api_secret

Where the program comes from: `livekit_binary`.
"""

import secrets
import socket
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml

from agent.errors import StackError
from agent.local.stack.livekit_binary import LiveKitBinary, find_or_build
from agent.local.stack.processes import LOOPBACK, ChildProcess, free_port, spawn
from agent.local.stack.server import Report, Server, http_ok, say_nothing

START_SECONDS = 20.0
API_KEY = "local-key"


class LocalLiveKit(Server):
    """One livekit-server. Without Redis its SIP API (trunks, dispatch rules) does not work.

    `webhook_url` is where it posts its own webhooks; None posts none. `key` is an API key and its
    secret (32 characters or more); None makes a new one.
    """

    name = "livekit-server"
    stop_seconds = 2.0  # on TERM it waits for every participant to leave; here they need not

    def __init__(
        self,
        *,
        redis_url: str,
        log: Path,
        webhook_url: str | None = None,
        key: tuple[str, str] | None = None,
        port: int | None = None,
        report: Report = say_nothing,
    ) -> None:
        super().__init__(port=port)
        self.api_key, self.api_secret = key or (API_KEY, secrets.token_urlsafe(32))
        self._redis_url = redis_url
        self._webhook_url = webhook_url
        self._log = log
        self._report = report
        self._binary: LiveKitBinary | None = None

    @property
    def url(self) -> str:
        """What LIVEKIT_URL would hold."""
        return f"ws://{self.address}"

    async def _prepare(self) -> None:
        self._binary = await find_or_build(report=self._report)

    async def _launch(self) -> ChildProcess:
        assert self._binary is not None
        return spawn(
            self.name,
            [self._binary.path],
            log=self._log,
            # Not an argument and not a file: the key is in it.
            environment={"LIVEKIT_CONFIG": self._config()},
        )

    async def _wait_until_ready(self, child: ChildProcess) -> None:
        await child.ready(lambda: http_ok(f"http://{self.address}/"), timeout=START_SECONDS)

    def _config(self) -> str:
        # The server refuses keys it does not know: look them up before adding one.
        config: dict[str, object] = {
            "port": self.port,
            "bind_addresses": [LOOPBACK],
            "development": True,
            "log_level": "info",
            "redis": _redis_config(self._redis_url),
            "keys": {self.api_key: self.api_secret},
            "rtc": {
                "udp_port": free_port(socket.SOCK_DGRAM),
                "tcp_port": 0,
                "use_external_ip": False,
                "enable_loopback_candidate": True,
                "ips": {"includes": [f"{LOOPBACK}/32"]},
                "node_ip": LOOPBACK,
                # Nothing listens there: it keeps the server from asking public STUN servers.
                "stun_servers": [f"{LOOPBACK}:3478"],
            },
        }
        if self._webhook_url is not None:
            config["webhook"] = {"api_key": self.api_key, "urls": [self._webhook_url]}
        return yaml.safe_dump(config, sort_keys=False)


def _redis_config(url: str) -> dict[str, object]:
    """livekit-server's own form of a `redis://user:password@host:port/db` URL."""
    parts = urlsplit(url)
    if parts.scheme not in ("redis", "rediss") or not parts.hostname:
        raise StackError("REDIS_URL: expected redis://host:port/db or rediss://host:port/db")
    config: dict[str, object] = {"address": f"{parts.hostname}:{parts.port or 6379}"}
    if parts.username:
        config["username"] = unquote(parts.username)
    if parts.password:
        config["password"] = unquote(parts.password)
    if parts.path.strip("/").isdecimal():
        config["db"] = int(parts.path.strip("/"))
    if parts.scheme == "rediss":
        config["use_tls"] = True
    return config
