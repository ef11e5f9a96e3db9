"""`python agent.py provision`: what LiveKit and Telnyx must know of us, plan first."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from agent.cli.console import console, errors
from agent.cli.context import settings
from agent.cli.plan_display import as_json, show_done, show_plan, summary
from agent.cli.tables import print_paragraph
from agent.errors import Refused
from agent.provisioning.plan import Action, Plan, Service, Step
from agent.provisioning.targets import SIP_FOLDER, Target, by_hand, filled_test_call, targets
from agent.wiring.outbound_calls import gate_rules, home_country

app = typer.Typer()

PENDING = 4
"""Exit code: there is something to do, and it was not done."""


@app.command()
def provision(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan only.")] = False,
    as_document: Annotated[
        bool, typer.Option("--json", help="One JSON document on stdout; never asks.")
    ] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Also remove what there is twice; asks once more.")
    ] = False,
    only: Annotated[
        Service | None,
        typer.Option("--only", case_sensitive=False, help="One service.", show_default=False),
    ] = None,
    set_password: Annotated[
        bool,
        typer.Option(
            "--set-password", help="Send Telnyx TELNYX_SIP_PASSWORD again; it never tells its own."
        ),
    ] = False,
    folder: Annotated[
        Path, typer.Option("--folder", help="Where the JSON files are.", show_default=False)
    ] = SIP_FOLDER,
    test_call: Annotated[
        str | None,
        typer.Option(
            "--test-call",
            metavar="NUMBER",
            help="Change nothing: print sipParticipant.json filled in, for `lk`.",
        ),
    ] = None,
) -> None:
    """Set up LiveKit, and Telnyx with TELNYX_API_KEY. Shows a plan, asks, does it.

    LiveKit gets the trunks and the dispatch rule of sip_config/. Run again it changes nothing. Exit
    code 4: there is something to do and nobody said yes.
    """
    if test_call is not None:
        console.print_json(data=_test_call(folder, test_call))
        return
    command = Provisioning(
        folder=folder.resolve(),
        prune=prune,
        only=only,
        set_password=set_password,
        yes=yes and not dry_run,
        asks=not (yes or dry_run or as_document) and sys.stdin.isatty(),
        document=as_document,
    )
    pending = asyncio.run(command.run())
    raise SystemExit(PENDING if pending and not dry_run else 0)


def _test_call(folder: Path, number: str) -> dict[str, object]:
    current = settings()
    return asyncio.run(filled_test_call(current, folder, number, home_country(current)))


class Provisioning:
    """One run of the command."""

    def __init__(
        self,
        *,
        folder: Path,
        prune: bool,
        only: Service | None,
        set_password: bool,
        yes: bool,
        asks: bool,
        document: bool,
    ) -> None:
        self._folder = folder
        self._prune = prune
        self._only = only
        self._set_password = set_password
        self._yes = yes
        self._asks = asks
        self._document = document

    async def run(self) -> bool:
        """Whether there is still something to do."""
        current = settings()
        rules = gate_rules(current)
        clicks = by_hand(
            current, rules, self._only
        )  # now: what is malformed must not stop it half-way
        opened = targets(current, rules, self._folder, self._only, set_password=self._set_password)
        remarks: list[str] = []
        async with opened as all_sides:
            plans = [await target.plan(prune=self._prune) for target in all_sides]
            self._show(all_sides, plans)
            to_do = any(plan.to_do for plan in plans)
            agreed = to_do and (self._yes or (self._asks and await self._ask(all_sides, plans)))
            if agreed:
                for number, target in enumerate(all_sides):
                    plans[number] = await self._apply(target, plans[number], remarks)
        self._tell(plans, remarks, clicks, done=agreed)
        return bool(remarks) or (to_do and not agreed)

    def _show(self, all_sides: Sequence[Target], plans: Sequence[Plan]) -> None:
        if self._document:
            return
        for target, plan in zip(all_sides, plans, strict=True):
            show_plan(f"{target.service}, {target.place}", plan)
        console.print(summary([step for plan in plans for step in plan.steps]))

    async def _ask(self, all_sides: Sequence[Target], plans: list[Plan]) -> bool:
        """Ask; removals need a second confirmation. `plans` are what was agreed to."""
        steps = [step for plan in plans for step in plan.to_do]
        removals = [step for step in steps if step.action is Action.REMOVE]
        if len(steps) > len(removals) and not typer.confirm("Do this?", err=True):
            return False
        prune = self._prune
        if removals:
            names = ", ".join(f"{step.part} {step.name!r} ({step.id})" for step in removals)
            prune = typer.confirm(f"Remove {names} for good?", err=True)
            if not prune and len(steps) == len(removals):
                return False
        for number, target in enumerate(all_sides):
            before = plans[number]
            plans[number] = await target.plan(prune=prune)
            if prune == self._prune and plans[number] != before:
                raise Refused(
                    f"{target.service} has changed since the plan was shown: nothing was done, "
                    "run it again to see the new plan"
                )
        return True

    async def _apply(self, target: Target, plan: Plan, remarks: list[str]) -> Plan:
        """The plan with the ids of what was created; what was not kept goes into `remarks`."""
        done: dict[tuple[str, str], Step] = {}

        def told(step: Step) -> None:
            done[step.part, step.name] = step
            if not self._document:
                show_done(step)

        remarks += await target.apply(told)
        return replace(
            plan, steps=tuple(done.get((step.part, step.name), step) for step in plan.steps)
        )

    def _tell(
        self, plans: Sequence[Plan], remarks: Sequence[str], clicks: Sequence[str], *, done: bool
    ) -> None:
        if self._document:
            extra = {"done": done, "remarks": list(remarks), "by_hand": list(clicks)}
            console.print_json(data={**as_json(plans), **extra})
            return
        for remark in remarks:
            errors.print(f"[yellow]warning:[/] {escape(remark)}")
        if any(plan.to_do for plan in plans) and not done:
            errors.print("nothing was changed; `--yes` does it without asking")
        elif plans:
            console.print("[green]done[/]" if done else "[green]all is as it should be[/]")
        if clicks:
            console.print("\n[bold]Telnyx, by hand[/] (TELNYX_API_KEY is not set)")
            for line in clicks:
                plain = line.lstrip()
                print_paragraph(escape(plain), indent=len(line) - len(plain))
        if plans:
            console.print(_TEST_CALL, soft_wrap=True)


_TEST_CALL = """
Test call, by the agent: python agent.py call NUMBER --basis consent
      by LiveKit's tool: python agent.py provision --test-call NUMBER > test-call.json
                         lk sip participant create test-call.json"""
