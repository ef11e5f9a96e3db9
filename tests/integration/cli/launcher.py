"""Runs commands of a checkout, each in a process of its own that has imported them all already.

    python launcher.py CHECKOUT < requests > answers        one JSON object a line

A command that imports the speech framework takes seconds to start, and every command is to be seen
in every broken surrounding: so one process imports everything and forks for each command.
"""

import importlib
import json
import os
import pkgutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

CHANGES_SIGNALS = {"agent.wiring.preload"}
"""Modules that do more than to define."""
TERM_SECONDS = 15.0
"""Longest that a process may take to end after SIGTERM."""


def main() -> None:
    """Answer requests until stdin ends; in a fork, be the command."""
    checkout = Path(sys.argv[1])
    sys.path.insert(0, str(checkout))
    commands = importlib.import_module("agent.cli.commands")
    for room in ("agent.cli", "agent.wiring"):
        for module in pkgutil.iter_modules(importlib.import_module(room).__path__, f"{room}."):
            if module.name not in CHANGES_SIGNALS:
                importlib.import_module(module.name)
    assert threading.active_count() == 1, "a fork would lose a thread"
    for line in sys.stdin:
        batch = json.loads(line)
        running = {}
        for request in batch:
            pid = os.fork()
            if pid == 0:
                become(checkout, request)
                sys.argv = [str(checkout / "agent.py"), *request["arguments"]]
                os._exit(ended(commands.main))
            running[pid] = request
        print(json.dumps(wait(running)), flush=True)


def become(checkout: Path, request: dict) -> None:  # type: ignore[type-arg]  # as JSON has it
    """Take on the surroundings of the command: group, folder, environment, output."""
    os.setsid()
    os.chdir(checkout)
    os.environ.clear()
    os.environ.update(request["environment"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    if request["stdout"] is None:  # a pipe that nobody reads any more
        reading, writing = os.pipe()
        os.close(reading)
    else:
        writing = os.open(request["stdout"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(writing, 1)
    os.dup2(os.open(request["stderr"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)


def ended(command: Callable[[], None]) -> int:
    """Run the command and end as the interpreter does; returns the exit code.

    All but the taking apart of modules, which is a second of CPU for each fork.
    """
    code: object = 0
    try:
        command()
    except SystemExit as left:
        code = left.code
        if isinstance(code, str):
            print(code, file=sys.stderr)
            code = 1
    except BaseException:  # noqa: BLE001  the interpreter's own last net
        traceback.print_exc()
        code = 1
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as failure:
            print(f"Exception ignored: {failure!r}", file=sys.stderr)
            code = 120
    return code if isinstance(code, int) else 0


def wait(running: dict) -> dict[int, object]:  # type: ignore[type-arg]  # as JSON has it
    """Each request's number → exit code, and what was needed to end it."""
    answers: dict[int, object] = {}
    began, told = time.monotonic(), dict.fromkeys(running, 0.0)
    while running:
        now = time.monotonic()
        for pid, request in list(running.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                answers[request["number"]] = {
                    "code": os.waitstatus_to_exitcode(status),
                    "by": "TERM" if told[pid] else "itself",
                    "seconds": round(now - began, 1),
                }
                kill(pid, signal.SIGKILL)  # what it may have left behind
                del running[pid]
            elif told[pid] and now - told[pid] > TERM_SECONDS:
                kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                answers[request["number"]] = {"code": -9, "by": "KILL", "seconds": now - began}
                del running[pid]
            elif not told[pid] and now - began > request["seconds"]:
                os.kill(pid, signal.SIGTERM)
                told[pid] = now
        time.sleep(0.02)
    return answers


def kill(group: int, number: signal.Signals) -> None:
    """The whole group, if there is anything left of it."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    main()
