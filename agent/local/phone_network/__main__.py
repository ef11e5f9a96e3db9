"""`python -m agent.local.phone_network --port P --upstream http://… --speech-url http://…`."""

import argparse
import asyncio
import logging
import signal
import sys

from agent.errors import CallError
from agent.local.phone_network.callee import Waits
from agent.local.phone_network.server import open_door
from agent.local.phone_network.upstream import Upstream
from agent.settings import load_settings


def main() -> int:
    """Run until SIGTERM or Ctrl-C. The key is LIVEKIT_API_KEY, as livekit-server has it."""
    parser = argparse.ArgumentParser(prog="python -m agent.local.phone_network")
    parser.add_argument("--port", type=int, required=True, help="where LIVEKIT_URL will point")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--upstream", required=True, help="livekit-server, http://host:port")
    parser.add_argument(
        "--speech-url",
        default="",
        help="the simulated customers' voices; without them callees say nothing",
    )
    parser.add_argument("--webhook-url", help="where Telnyx's webhooks go; none without it")
    parser.add_argument("--wait-scale", type=float, default=1.0, help="of the 30 s waits")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        asyncio.run(_serve(options))
    except CallError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


async def _serve(options: argparse.Namespace) -> None:
    settings = load_settings()
    settings.need("LIVEKIT_API_KEY", "LIVEKIT_API_SECRET")
    key, secret = settings.livekit_api_key or "", settings.livekit_api_secret or ""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with open_door(
        Upstream(options.upstream, key, secret),
        port=options.port,
        host=options.host,
        speech_url=options.speech_url,
        waits=Waits(scale=options.wait_scale),
        webhook_url=options.webhook_url,
    ):
        await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
