"""How many connections are needed is counted by what lives."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from agent.store.connections import connections_needed
from agent.store.heartbeats import Process, ProcessKind

_DOCS = Path(__file__).parents[3] / "docs" / "operations.md"


def _process(kind: ProcessKind, places: int | None = None) -> Process:
    detail = {} if places is None else {"places": places}
    return Process(uuid4(), kind, "here", 1, datetime(2026, 9, 14, tzinfo=UTC), detail)


def test_each_place_of_a_worker_is_a_connection_more() -> None:
    few, many = (connections_needed([_process(ProcessKind.WORKER, n)]) for n in (3, 10))
    assert many - few == 7


def test_the_example_of_the_docs_is_right() -> None:
    workers = [_process(ProcessKind.WORKER, 10) for _ in range(2)]
    others = [_process(ProcessKind.DIALER), _process(ProcessKind.API)]
    assert f"= {connections_needed(workers + others)}. " in _DOCS.read_text()


def test_every_kind_of_process_is_counted() -> None:
    idle = connections_needed([])
    assert all(connections_needed([_process(kind)]) > idle for kind in ProcessKind)
