"""`python agent.py opt-outs`: numbers that nobody may call, and how a mistake is put right."""

import asyncio
import getpass
from typing import Annotated

import typer

from agent.cli.console import console
from agent.cli.context import database
from agent.cli.tables import print_table
from agent.store.opt_outs import Correction, OptOutList

app = typer.Typer()


@app.callback(invoke_without_command=True)
def opt_outs(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 20,
) -> None:
    """The latest numbers that nobody may call, and those that were taken off again."""
    if context.invoked_subcommand is None:
        asyncio.run(_list(limit))


@app.command()
def correct(
    number: Annotated[str, typer.Argument(help="The number, as +32470123456.")],
    reason: Annotated[
        str, typer.Option("--reason", help="Why it never belonged on the list; kept for ever.")
    ],
) -> None:
    """Take a number off the list that was added by mistake; it may be called again.

    What stood there is kept in the table opt_out_corrections, with you and your reason.
    """
    corrected = asyncio.run(_correct(number, reason))
    console.print(
        f"{corrected.number} may be called again; it had been added by {corrected.source} "
        f"on {corrected.opted_out_at:%d %b %Y %H:%M} UTC"
    )


async def _list(limit: int) -> None:
    async with database() as opened:
        store = OptOutList(opened)
        page, corrections = await store.page(limit=limit), await store.corrections(limit)
    print_table(
        "Opt-outs",
        ("number", "since", "source"),
        [(each.number, f"{each.at:%d %b %Y %H:%M}", each.source) for each in page.opt_outs],
    )
    if corrections:
        print_table(
            "Taken off",
            ("number", "when", "by", "reason"),
            [
                (each.number, f"{each.corrected_at:%d %b %H:%M}", each.corrected_by, each.reason)
                for each in corrections
            ],
        )


async def _correct(number: str, reason: str) -> Correction:
    async with database() as opened:
        return await OptOutList(opened).correct(
            number, by=f"cli:{getpass.getuser()}", reason=reason
        )
