"""Runs one command that does not outlive the process that asked for it. Only `processes` starts it.

Run as a plain script (`python -I -S deathwatch.py …`), so it needs nothing but the standard library
and starts in 20 ms. Arguments: the asking process's pid, the signal its death is to send, the user
and group ids to drop to (`-` keeps ours), the life-line's file descriptor (`-` on Linux), command.

Two ways, because only Linux can tell a child of its parent's death:

- Linux: PR_SET_PDEATHSIG, then exec, so no process of ours stays. It has to be set after the change
  of user, which clears it, and the parent may have died before it was set, so that is asked last.
  The user is changed here, with the interpreter already loaded: the new user often cannot reach it.
- elsewhere: stay, hold the read end of a pipe whose write end only the parent has, and end the
  command when the pipe closes.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading

PR_SET_PDEATHSIG = 1
SECONDS_TO_END = 5.0
"""How long the command has for its own clean-up before it is killed."""
PARENT_IS_GONE = 75  # EX_TEMPFAIL


def main(arguments: list[str]) -> int:
    """Become the command (Linux), or run it and watch (elsewhere); returns its exit code."""
    parent, death_signal, uid, gid, lifeline, *command = arguments
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    if lifeline == "-":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != int(parent):
            return PARENT_IS_GONE
        os.execv(command[0], command)  # noqa: S606  # a list, never a shell
    return _watch(command, int(lifeline), signal.Signals(int(death_signal)))


def _watch(command: list[str], lifeline: int, death_signal: signal.Signals) -> int:
    child = subprocess.Popen(command)

    def end_with_the_parent() -> None:
        os.read(lifeline, 1)  # nothing is ever written: this returns when the parent is gone
        child.send_signal(death_signal)
        try:
            child.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            child.kill()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, lambda received, _frame: child.send_signal(received))
    threading.Thread(target=end_with_the_parent, daemon=True).start()
    code = child.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
