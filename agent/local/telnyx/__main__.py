"""The stand-in as a process: python -m agent.local.telnyx --port 8095."""

import argparse
import asyncio
import logging
import signal
import sys

from agent.errors import CallError
from agent.local.telnyx.server import EXAMPLE_KEY, TelnyxPortal, serve_portal

logger = logging.getLogger(__name__)


async def serve(options: argparse.Namespace) -> None:
    """Run until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    portal = TelnyxPortal(options.number, key=options.key)
    async with serve_portal(portal, host=options.host, port=options.port) as url:
        logger.info("Telnyx's stand-in (not Telnyx) listens: TELNYX_API_URL=%s", url)
        await stop.wait()


def main() -> int:
    """The command. Returns its exit code; a usual failure is one line on stderr."""
    parser = argparse.ArgumentParser(prog="python -m agent.local.telnyx")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--key", default=EXAMPLE_KEY, help="what TELNYX_API_KEY must be")
    parser.add_argument(
        "--number", action="append", default=[], help="a number that the account has; repeatable"
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        asyncio.run(serve(options))
    except CallError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
