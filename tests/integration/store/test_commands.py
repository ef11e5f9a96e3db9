"""`migrate` and `calls` on the command line."""

import asyncio
from collections.abc import Callable

import pytest
import typer
from typer.testing import CliRunner

from agent.cli import calls, context, database, opt_outs
from agent.domain.calls import CallEvent, CallTurn, Speaker
from agent.errors import DatabaseUnavailable, Refused
from agent.settings import Settings, load_settings
from agent.store.calls import CallStore
from agent.store.database import Database
from tests.facts import Story

Run = Callable[..., str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command of 80 columns against a database; returns what it printed."""

    def run(app: typer.Typer, dsn: str, *arguments: str) -> str:
        def settings() -> Settings:
            return load_settings(environ={"DATABASE_URL": dsn}, env_file=None)

        for module in (context, database):
            monkeypatch.setattr(module, "settings", settings)
        monkeypatch.setenv("COLUMNS", "80")
        result = CliRunner().invoke(app, arguments)
        if result.exception is not None:
            raise result.exception
        return result.stdout

    return run


def _append(dsn: str, events: list[CallEvent], turns: list[CallTurn]) -> None:
    async def append() -> None:
        async with Database(dsn) as opened:
            await CallStore(opened).append(events, turns)

    asyncio.run(append())


def test_migrate_says_what_it_did_and_then_that_nothing_is_left(run: Run, empty_dsn: str) -> None:
    assert "applied 0001_call_record" in run(database.app, empty_dsn, "migrate")
    again = run(database.app, empty_dsn, "migrate")
    assert "applied" not in again
    assert "up to date" in again


def test_an_opt_out_is_corrected_and_shown_as_such(run: Run, dsn: str) -> None:
    call = Story()
    _append(dsn, [call.created(), call("opted_out")], [])
    assert "+32479202020" in run(opt_outs.app, dsn)
    corrected = run(opt_outs.app, dsn, "correct", "+32479202020", "--reason", "misheard")
    assert "+32479202020 may be called again" in corrected
    listed = run(opt_outs.app, dsn)
    assert "misheard" in listed
    assert "cli:" in listed


def test_calls_lists_a_call_in_one_line_of_a_terminal(run: Run, dsn: str) -> None:
    assert "no calls yet" in run(calls.app, dsn)
    call = Story()
    _append(dsn, [call.created(), call("answered"), call("opted_out"), call("ended")], [])
    printed = run(calls.app, dsn)
    (line,) = [line for line in printed.splitlines() if str(call.call_id)[:8] in line]
    assert "+32479202020" in line
    assert "do_not_call" in line
    assert len(line) <= 80


def test_calls_show_tells_everything_about_a_call(run: Run, dsn: str) -> None:
    call = Story()
    events = [
        call.created(),
        call("answered"),
        call("answer_saved", question="budget", value=250),
        call("recording_saved", path="/recordings/a.ogg"),
    ]
    turn = call.turn(Speaker.AGENT, "We have [three] offers.")
    _append(dsn, [*events, call("caller_hung_up")], [turn])
    printed = run(calls.app, dsn, "show", str(call.call_id)[:13])
    for said in (
        *(str(call.call_id), "hung_up (during_disclosure)", "answer: budget", "250"),
        *("/recordings/a.ogg", "We have [three] offers.", "0.40 s", "caller_hung_up"),
    ):
        assert said in printed


def test_a_call_that_does_not_exist_is_refused_in_words(run: Run, dsn: str) -> None:
    with pytest.raises(Refused, match="no call has an id"):
        run(calls.app, dsn, "show", "nothing")


def test_a_database_that_is_away_is_one_clear_error(run: Run) -> None:
    with pytest.raises(DatabaseUnavailable, match=r"127\.0\.0\.1:1"):
        run(calls.app, "postgresql://127.0.0.1:1/none")
