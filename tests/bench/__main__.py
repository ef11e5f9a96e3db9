"""`make bench`: this project's worker and the plain framework's, measured in turns on one stack.

    python -m tests.bench [--quick] [--only calls|webhooks|pacing|language]

Prints a table and writes bench-results.json. A missed target is a result, not a failure: the exit
code is 0 unless the measurement itself failed.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from agent.cli.console import console, errors, fail
from agent.errors import CallError, StackError
from agent.settings import ROOT
from tests.bench.language import language_table
from tests.bench.measuring import Measured, measure_calls, measure_further_calls
from tests.bench.outbound import measure_outbound
from tests.bench.pacing import QUICK_SECONDS, SECONDS, measure_pacing
from tests.bench.processes import two_cores
from tests.bench.results import results
from tests.bench.rig import Side, rig
from tests.bench.webhooks import bench_webhooks

RESULTS = ROOT / "bench-results.json"
PACING = ROOT / "bench-pacing.json"
WEBHOOK_RESULTS = ROOT / "bench-webhooks.json"
_CALLS, _QUICK_CALLS = 10, 2
_TWICE, _QUICK_TWICE = 2, 1
"""Pairs of calls at once, for the memory of a further one."""


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few calls: to see that it works")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave logs and data here")
    only = ("calls", "webhooks", "pacing", "language")
    parser.add_argument("--only", choices=only, help="one of them")
    options = parser.parse_args()
    try:
        if options.only in (None, "language"):
            console.print(language_table())
        if options.only in (None, "webhooks"):
            asyncio.run(_bench_webhooks(options.quick, options.keep))
        if options.only in (None, "calls"):
            asyncio.run(_bench(options.quick, options.keep))
        if options.only in (None, "pacing"):
            asyncio.run(_pacing(options.quick))
    except CallError as error:
        fail(error)


async def _bench_webhooks(quick: bool, keep: Path | None) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        found = await bench_webhooks(quick, keep or Path(temporary), errors.print)
    found.write(WEBHOOK_RESULTS)
    console.print(found.table())


async def _bench(quick: bool, keep: Path | None) -> None:
    if sys.platform != "linux":
        raise StackError("make bench needs Linux: it reads the processes' memory from /proc")
    phones_core, workers_core = two_cores()
    calls = _QUICK_CALLS if quick else _CALLS
    measured = {side: Measured() for side in Side}
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        folder = keep or Path(temporary)
        errors.print("starting the stack and both workers …")
        async with rig(folder, phones_core, workers_core) as running:
            await measure_calls(running, measured, calls, errors.print)
            await measure_further_calls(
                running, measured, _QUICK_TWICE if quick else _TWICE, errors.print
            )
            measured[Side.OURS].outbound_first_words = await measure_outbound(
                running, folder, calls, errors.print
            )
    found = results(measured, calls, pinned=workers_core is not None)
    found.write(RESULTS)
    console.print(found.table())
    console.print(f"Every value: {RESULTS}")


async def _pacing(quick: bool) -> None:
    seconds = QUICK_SECONDS if quick else SECONDS
    errors.print(f"the pace of outbound calls, {seconds:g} s …")
    found = await measure_pacing(seconds)
    found.write(PACING)
    console.print(str(found))


if __name__ == "__main__":
    main()
