"""The page's server in this process, for a browser."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agent.dashboard.app import build_app
from agent.dashboard.parts import DashboardParts
from agent.wiring.web_server import WebServer


@asynccontextmanager
async def served(parts: DashboardParts) -> AsyncIterator[str]:
    """The page's address, without a code."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = WebServer(build_app(parts), at_once=20, grace=1)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/talk"
        finally:
            server.should_exit = True
            await serving
