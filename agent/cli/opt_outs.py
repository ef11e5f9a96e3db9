"""`python agent.py opt-outs`: numbers that nobody may call, and how a mistake is put right."""

import asyncio
import getpass
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from agent.cli.console import console, errors
from agent.cli.context import database, settings
from agent.cli.tables import print_table
from agent.domain.number_lists import NumberList, read_number_list
from agent.domain.phone_numbers import PhoneNumber, country_code
from agent.domain.tables import MAX_BYTES
from agent.edited_files.text import read_bytes
from agent.store.opt_outs import Correction, OptOutList
from agent.wiring.outbound_calls import home_country

app = typer.Typer()

_SHOWN = 20
"""Lines that were not read, before the rest is only counted."""
_PREVIEW = 3

Country = Annotated[
    str | None,
    typer.Option(help="Of numbers without their country's code, like BE; ours if not given."),
]


@app.callback(invoke_without_command=True)
def opt_outs(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 20,
) -> None:
    """The latest numbers that nobody may call, and those that were taken off again."""
    if context.invoked_subcommand is None:
        asyncio.run(_list(limit))


@app.command("import")
def import_list(
    file: Annotated[Path, typer.Argument(help="A CSV file, as a CRM or Excel saves it.")],
    country: Country = None,
    column: Annotated[str | None, typer.Option(help="The heading above the numbers.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read it, add nothing.")] = False,
) -> None:
    """Add every number of a list; lines that cannot be read are told and do not keep out others."""
    data = read_bytes(file, missing="check its name", max_bytes=MAX_BYTES)
    found = read_number_list(data, file.name, country=_country(country), column=column)
    _tell(found)
    if dry_run:
        for row in found.rows[:_PREVIEW]:
            console.print(f"line {row.line}: {' '.join((row.number, *row.also))}")
        console.print(f"{_counted(found)}, nothing was added")
    else:
        added = asyncio.run(_add(found.numbers))
        console.print(f"{_counted(found)}, {added} of them new")
    raise SystemExit(1 if found.refused else 0)


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


def _country(given: str | None) -> str | None:
    return country_code(given) if given is not None else home_country(settings())


def _counted(found: NumberList) -> str:
    numbers = len(found.numbers)
    return "1 number" if numbers == 1 else f"{numbers} numbers"


def _tell(found: NumberList) -> None:
    console.print(escape(f"column {found.column!r}: {found.read} rows"))
    for line, first in found.repeated[:_SHOWN]:
        console.print(f"line {line}: the number of line {first} again")
    for row in found.refused[:_SHOWN]:
        errors.print(escape(f"line {row.line}: {row.written!r}: {row.why}"))
    if len(found.refused) > _SHOWN:
        errors.print(f"and {len(found.refused) - _SHOWN} more lines that were not read")


async def _add(numbers: Collection[PhoneNumber]) -> int:
    source = f"cli:{getpass.getuser()}"
    async with database() as opened:
        return await OptOutList(opened).add(numbers, source=source, at=datetime.now(UTC))


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
