"""`python agent.py doctor`: what is wrong, in order of cause, each with what fixes it."""

import asyncio
import json
import os
import sys
from typing import Annotated

import typer
from rich.markup import escape

from agent.cli.console import console
from agent.cli.context import settings
from agent.cli.doctor_call import try_a_call
from agent.cli.tables import print_paragraph
from agent.doctor.examination import Line, Report
from agent.doctor.findings import Group, Level, error
from agent.errors import SettingsError
from agent.wiring.doctor import examine_all

app = typer.Typer()

_MARKS = {
    Level.OK: "[green]✓[/]",
    Level.WARNING: "[yellow]![/]",
    Level.ERROR: "[red]✗[/]",
    Level.UNCHECKED: "[dim]·[/]",
}


@app.command()
def doctor(
    number: Annotated[
        str | None,
        typer.Argument(help="With --call: a phone of yours, like +32479202020, to be called."),
    ] = None,
    call: Annotated[
        bool,
        typer.Option("--call", help="At last one call end to end; simulated without a NUMBER."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Look for what keeps calls from working. Exit code 0: nothing, 1: warnings, 2: errors."""
    if number is not None and not call:
        raise typer.BadParameter("write --call as well, if this phone is to ring")
    report = asyncio.run(_examine(number, call=call))
    if as_json:
        console.print_json(json.dumps(_form(report), ensure_ascii=False))
    else:
        print_report(report)
    sys.stdout.flush()
    # A hanging DNS look-up runs in a thread that Python would wait for at exit.
    os._exit(report.exit_code)


async def _examine(number: str | None, *, call: bool) -> Report:
    try:
        current = settings()
    except SettingsError as failure:
        malformed = error(
            "malformed_settings", str(failure), "correct it; then all else is checked"
        )
        return Report((Line(Group.SETTINGS, "settings", malformed),))
    report = await examine_all(current)
    return await try_a_call(report, number) if call else report


def print_report(report: Report) -> None:
    """The findings by group, then what to begin with."""
    for group in Group:
        lines = [line for line in report.lines if line.group is group]
        if lines:
            _print_group(group, lines)
    console.print()
    _print_verdict(report)


def _print_group(group: Group, lines: list[Line]) -> None:
    """One line for what is well, one for each fault; what was not checked by its cause."""
    levels = [line.finding.level for line in lines]
    worst = next(each for each in _WORST_FIRST if each in levels)
    fine = " · ".join(line.finding.says for line in lines if line.finding.level is Level.OK)
    detail = f"  [dim]{escape(fine)}[/]" if fine else ""
    print_paragraph(f"[bold]\\[{_MARKS[worst]}][/] [bold]{group}[/]{detail}")
    for line in lines:
        found = line.finding
        if found.level in (Level.WARNING, Level.ERROR):
            print_paragraph(f"{_MARKS[found.level]} {escape(found.says)}", indent=4)
            if found.remedy:
                print_paragraph(f"[cyan]→ {escape(found.remedy)}[/]", indent=6)
    causes: dict[str, list[str]] = {}
    for line in lines:
        if line.finding.level is Level.UNCHECKED:
            causes.setdefault(line.finding.says, []).append(line.check)
    for cause, names in causes.items():
        text = f"{', '.join(names)} not checked: {cause}"
        print_paragraph(f"{_MARKS[Level.UNCHECKED]} [dim]{escape(text)}[/]", indent=4)


def _print_verdict(report: Report) -> None:
    levels = [line.finding.level for line in report.lines]
    errors, warnings = levels.count(Level.ERROR), levels.count(Level.WARNING)
    first = report.first
    if first is None:
        console.print("[green]No problems found.[/]")
        return
    counted = f"{errors} errors, {warnings} warnings"
    print_paragraph(f"{counted}. First: {escape(first.finding.says)}")


_WORST_FIRST = (Level.ERROR, Level.WARNING, Level.OK, Level.UNCHECKED)


def _form(report: Report) -> dict[str, object]:
    """For `--json`."""
    return {
        "level": report.level,
        "first": report.first.finding.code if report.first else None,
        "findings": [
            {
                "group": line.group,
                "check": line.check,
                "code": line.finding.code,
                "level": line.finding.level,
                "says": line.finding.says,
                "remedy": line.finding.remedy,
            }
            for line in report.lines
        ],
    }
