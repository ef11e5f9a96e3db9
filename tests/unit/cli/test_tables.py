"""Tables fit the terminal, and no word of a cell is broken in the middle."""

import io
from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from agent.cli import calls, tables
from agent.cli.doctor import print_report
from agent.cli.plan_display import show_plan
from agent.doctor.examination import Line, Report
from agent.doctor.findings import Group, error, ok
from agent.domain.calls import Speaker
from agent.domain.dispositions import Disposition, Reason
from agent.domain.outcomes import Outcome
from agent.domain.record import fold
from agent.provisioning.plan import Action, Difference, Plan, Service, Step
from agent.store.calls import CallDetail
from tests.facts import Story

WIDTHS = (120, 80, 60, 40)
SUMMARY = "The customer's bill is over 200 euros; a visit is booked for Tuesday at ten o'clock."

_words = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1)
_cells = st.none() | st.lists(_words, max_size=12).map(" ".join)


@pytest.fixture
def out(monkeypatch: pytest.MonkeyPatch) -> Console:
    """What the commands print on: a terminal whose width a test sets."""
    console = Console(record=True, force_terminal=True, highlight=False, width=80, height=25)
    for module in (tables, calls):
        monkeypatch.setattr(module, "console", console)
    monkeypatch.setattr("agent.cli.doctor.console", console)
    monkeypatch.setattr("agent.cli.plan_display.console", console)
    return console


def words_of(printed: str) -> set[str]:
    return set(printed.replace("│", " ").split())


@given(
    rows=st.lists(st.tuples(_cells, _cells, _cells, _cells), max_size=4),
    below=_cells,
    width=st.integers(1, 120),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_word_of_every_cell_is_printed_in_one_piece(
    rows: list[tuple[str | None, ...]], below: str | None, width: int
) -> None:
    console = Console(file=io.StringIO(), record=True, width=width)
    notes = [below] * len(rows)
    made = tables.table("a title", ("id", "", "of whom", "x"), rows, below=notes)
    console.print(made, soft_wrap=True)
    printed = console.export_text()
    for cell in (cell for row in rows for cell in [*row, below] if cell):
        assert words_of(cell) <= words_of(printed)


def test_brackets_are_shown_as_they_are_and_none_as_nothing(out: Console) -> None:
    tables.print_table("Calls", ["id", "reason"], [["c1", "[bold]said no[/]"], ["c2", None]])
    printed = out.export_text()
    assert "[bold]said no[/]" in printed
    assert "None" not in printed


def a_call(disposition: Disposition, reason: Reason = Reason.NONE) -> CallDetail:
    """A call with all that can be known of one."""
    story = Story(uuid4())
    events = [
        story.created(direction="outbound"),
        story("answered"),
        story("answer_saved", question="monthly_bill_in_euros", value="more than two hundred"),
        story("recording_saved", path=f"{story.call_id}.ogg"),
    ]
    turn = story.turn(Speaker.AGENT, "We have three offers, may I tell you about the first?")
    record = replace(
        fold(story.call_id, events),
        outcome=Outcome(disposition, reason, tuple(events[:2])),
        summary=SUMMARY,
        room_name="ai-sales-call-+3226010500-a1b2c3d4e5",
    )
    return CallDetail(record, (turn,), tuple(events), None)


OUTCOMES = [*((each, Reason.NONE) for each in Disposition)]
OUTCOMES += [(Disposition.FAILED, each) for each in Reason]


def fits(printed: str, words: str, width: int) -> None:
    """Nothing is wider than the terminal, and all words are there in one piece."""
    assert words_of(words) <= words_of(printed)
    assert max(map(len, printed.splitlines())) <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_calls_fit_the_terminal_whatever_came_of_them(out: Console, width: int) -> None:
    out.width = width
    details = [a_call(*outcome) for outcome in OUTCOMES]
    calls.print_calls([detail.record for detail in details])
    said = {f"{each}" for pair in OUTCOMES for each in pair} - {""}
    printed = out.export_text()
    fits(printed.replace("(", "").replace(")", ""), f"{' '.join(said)} {SUMMARY}", width)
    if width >= 80:
        (line,) = [line for line in printed.splitlines() if str(details[-1].record.id)[:8] in line]
        assert "+32479202020" in line
        assert "failed" in line


@pytest.mark.parametrize("width", WIDTHS)
def test_everything_about_a_call_fits_the_terminal(out: Console, width: int) -> None:
    out.width = width
    detail = a_call(Disposition.DO_NOT_CALL)
    calls.print_call(detail)
    said = f"{detail.record.room_name} {SUMMARY} {detail.turns[0].text} monthly_bill_in_euros"
    fits(out.export_text(), said, max(width, len(f"room_name={detail.record.room_name},") + 2))


@pytest.mark.parametrize("width", WIDTHS)
def test_what_the_doctor_finds_fits_the_terminal(out: Console, width: int) -> None:
    out.width = width
    says = "LiveKit does not answer at LIVEKIT_URL=wss://example.livekit.cloud (TimeoutError)"
    remedy = "start it, or correct LIVEKIT_URL in the environment or in the file .env"
    print_report(
        Report(
            (
                Line(Group.SETTINGS, "settings", ok("settings", "all variables that calls need")),
                Line(Group.LIVEKIT, "livekit", error("livekit", says, remedy)),
            )
        )
    )
    fits(out.export_text(), f"{says} {remedy}", max(width, 50))


@pytest.mark.parametrize("width", WIDTHS)
def test_a_plan_fits_the_terminal(out: Console, width: int) -> None:
    out.width = width
    found = Difference("allowed_addresses", "192.76.120.10/32", "192.76.120.10/32 64.16.250.10/32")
    reason = "Telnyx never tells its password; it is sent again with --set-password only"
    step = Step(
        Service.TELNYX, "connection", "ai-sales-call", Action.CHANGE, "12", (found,), reason
    )
    show_plan("Telnyx, https://api.telnyx.com", Plan((step,)))
    fits(out.export_text(), f"{found.wanted} {reason}", width)


def test_in_a_pipe_a_paragraph_stays_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(record=True, width=40)
    monkeypatch.setattr(tables, "console", console)
    tables.print_paragraph(SUMMARY, indent=4)
    assert console.export_text() == f"    {SUMMARY}\n"
