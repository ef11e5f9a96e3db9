"""`python agent.py simulate`: a simulated customer phones the agent."""

import asyncio
from typing import Annotated

import typer

from agent.cli.calls import SHORT_ID, print_calls
from agent.cli.console import console, errors
from agent.cli.context import settings
from agent.cli.dialogue import dialogue_printer
from agent.cli.tables import print_table
from agent.local.scenarios.scenario import Scenario, find_scenario, scenario_names
from agent.local.simulation import phone_network_url, unmet, wait_for_record
from agent.local.simulation import simulate as place_call
from agent.local.stack.state import read_state
from agent.store.calls import CallStore
from agent.store.database import Database

app = typer.Typer()


@app.command()
def simulate(
    scenario: Annotated[
        str | None, typer.Argument(help="A scenario's name or YAML file; none: list them.")
    ] = None,
) -> None:
    """Let a simulated customer dial our number, hear them talk, and read the row back."""
    if scenario is None:
        known = [find_scenario(name) for name in scenario_names()]
        print_table("scenarios", ("name", "who calls"), ((s.name, s.about) for s in known))
        return
    raise SystemExit(asyncio.run(_simulate(find_scenario(scenario))))


async def _simulate(scenario: Scenario) -> int:
    current = settings()
    current.need("DATABASE_URL")
    state = read_state()
    network = phone_network_url(state.environment if state else {})
    call = await place_call(
        network, scenario, current.phone_number, dialogue_printer(scenario.name)
    )
    async with Database(current.database_url or "") as database:
        record = await wait_for_record(CallStore(database), call.phone.room_name)
    if record is not None:
        print_calls([record])
        if record.recording is not None:
            console.print(
                f"to hear it: {current.recordings_dir / record.recording}", soft_wrap=True
            )
        console.print(f"all of it: python agent.py calls show {str(record.id)[:SHORT_ID]}")
    problems = [*([call.result.problem] if call.result.problem else []), *unmet(scenario, record)]
    for problem in problems:
        errors.print(f"[red]not as expected:[/] {problem}")
    return 1 if problems else 0
