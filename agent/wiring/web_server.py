"""uvicorn as our processes use it: quiet, and ended by returning."""

from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from agent.api.connections import ConnectionProtocol

_KEEP_ALIVE_SECONDS = 20


class WebServer(uvicorn.Server):
    """Serves an application; ends its requests within `grace` s.

    It takes at most `at_once` connections; None: the application counts its requests itself.
    """

    def __init__(self, app: ASGIApp, *, at_once: int | None, grace: int) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,  # ours knows no numbers; theirs prints paths and queries
                server_header=False,
                lifespan="off",
                http=ConnectionProtocol,
                limit_concurrency=at_once,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=grace,
            )
        )

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Its own raises the signal again at the end: our connections would stay open."""
        yield
