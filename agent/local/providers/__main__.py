"""The stand-in as a process: python -m agent.local.providers --port 8090."""

import argparse
import asyncio
import logging
import sys
from pathlib import Path

from agent.errors import CallError
from agent.local.providers.server import serve
from agent.local.scenarios.scenario import DEFAULT, SCENARIOS_DIR


def main() -> int:
    """The command. Returns its exit code; a usual failure is one line on stderr."""
    parser = argparse.ArgumentParser(prog="python -m agent.local.providers", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--llm-ms", type=int, default=0, help="until a reply's first token")
    parser.add_argument("--tts-ms", type=int, default=0, help="until the first audio byte")
    parser.add_argument("--stt-ms", type=int, default=0, help="added to a final transcript")
    parser.add_argument("--default", default=DEFAULT, help="scenario of rooms nobody registered")
    parser.add_argument("--scenarios", type=Path, default=SCENARIOS_DIR, metavar="DIR")
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
