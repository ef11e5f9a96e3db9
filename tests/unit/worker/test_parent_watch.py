"""What hangs in a job process does not keep it when its worker is gone."""

import subprocess
import sys

HANGS = """
import sys, threading
from agent.worker.parent_watch import end_with
end_with(int(sys.argv[1]), grace=0.1)
print("watching", flush=True)
threading.Event().wait()
"""


def _hanging_job(worker: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", HANGS, str(worker)], stdout=subprocess.PIPE, text=True
    )


def test_a_hanging_process_ends_when_the_process_it_watches_is_killed() -> None:
    worker = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with worker, _hanging_job(worker.pid) as job:
        assert job.stdout is not None
        assert job.stdout.readline() == "watching\n"
        assert job.poll() is None
        worker.kill()
        worker.wait()
        assert job.wait(timeout=20) == 1


def test_a_process_whose_worker_is_gone_before_it_looks_ends_as_well() -> None:
    worker = subprocess.Popen([sys.executable, "-c", ""])
    worker.wait()
    with _hanging_job(worker.pid) as job:
        assert job.wait(timeout=20) == 1
