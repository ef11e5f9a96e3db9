"""A plan as a person reads it, and as a program does."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from rich.markup import escape

from agent.cli.console import console, errors
from agent.cli.tables import print_paragraph
from agent.provisioning.plan import Action, Plan, Step

_SIGNS = {
    Action.CREATE: ("+", "green"),
    Action.CHANGE: ("~", "yellow"),
    Action.LEAVE: ("=", "dim"),
    Action.REMOVE: ("-", "red"),
}


def show_plan(place: str, plan: Plan) -> None:
    """Each step with what differs, then what a person should know."""
    console.print(f"[bold]{escape(place)}[/]")
    for step in plan.steps:
        print_paragraph(_line(step), indent=2)
        for one in step.differences:
            found, wanted = escape(one.found), escape(one.wanted)
            print_paragraph(f"{escape(one.field)}: found {found}, wanted {wanted}", indent=6)
        if step.reason:
            print_paragraph(f"[dim]{escape(step.reason)}[/]", indent=6)
    for warning in plan.warnings:
        errors.print(f"[yellow]warning:[/] {escape(warning)}")


def show_done(step: Step) -> None:
    """One step that has been carried out."""
    print_paragraph(f"[green]done[/] {_line(step)}", indent=2)


def summary(steps: Sequence[Step]) -> str:
    """How much of what: `2 to create, 1 to leave`."""
    counted = Counter(step.action for step in steps)
    return ", ".join(f"{counted[action]} to {action}" for action in Action if counted[action])


def as_json(plans: Sequence[Plan]) -> dict[str, object]:
    """All plans as one document, with the ids that are known by now."""
    return {
        "steps": [asdict(step) for plan in plans for step in plan.steps],
        "warnings": [warning for plan in plans for warning in plan.warnings],
        "to_do": sum(len(plan.to_do) for plan in plans),
    }


def _line(step: Step) -> str:
    sign, style = _SIGNS[step.action]
    known = f" ({step.id})" if step.id else ""
    return f"[{style}]{sign} {step.action:6}[/] {step.part}: {escape(step.name)}{escape(known)}"
