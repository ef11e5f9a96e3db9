"""`/api/opt-outs`: numbers that nobody may call, for whatever reason and campaign."""

import asyncio
from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request

from agent.api.access import needs
from agent.api.cursors import read_cursor, write_cursor
from agent.api.middleware import IMPORT_PATH, MAX_IMPORT_BYTES
from agent.api.parts import ApiParts
from agent.api.problems import Problem, not_found, problems
from agent.api.routes.attempts import read_country, read_number
from agent.api.routes.calls import Cursor, Limit
from agent.api.schemas import (
    CorrectionForm,
    CorrectionListView,
    CorrectionView,
    ImportView,
    LineError,
    OptOutForm,
    OptOutPageView,
    OptOutView,
)
from agent.api.scopes import Client, Scope
from agent.domain.number_lists import NumberList, read_number_list
from agent.errors import FileError, Refused
from agent.store.opt_outs import OptOutCursor

log = structlog.get_logger(__name__)

_MAX_ERRORS = 100
"""Told in one answer; whoever has more of them has the wrong file."""

ListCountry = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=4,
        description="Of numbers without their country's code, like BE, where the file has no "
        "column that says so; left out: the country of our own number.",
    ),
]
ListColumn = Annotated[
    str | None,
    Query(min_length=1, max_length=128, description="The heading to take, instead of ours."),
]
Writer = Annotated[Client, needs(Scope.OPTOUTS_WRITE)]
Admin = Annotated[Client, needs(Scope.ADMIN)]


def opt_out_routes(parts: ApiParts) -> APIRouter:
    """The routes around opt-outs. Only an admin takes a number off the list, with a reason."""
    router = APIRouter(prefix="/api/opt-outs", tags=["opt-outs"])

    @router.get("", responses=problems(403, 422, 503))
    async def list_opt_outs(_: Writer, cursor: Cursor = None, limit: Limit = 50) -> OptOutPageView:
        """Opt-outs, newest first."""
        after = OptOutCursor(*read_cursor(cursor)) if cursor is not None else None
        page = await parts.opt_outs.page(limit=limit, after=after)
        return OptOutPageView(
            opt_outs=[OptOutView.model_validate(each) for each in page.opt_outs],
            next_cursor=write_cursor(page.next.at, page.next.number) if page.next else None,
        )

    @router.post("", status_code=201, responses=problems(400, 403, 408, 413, 415, 422, 503))
    async def add_opt_out(form: OptOutForm, client: Writer) -> OptOutView:
        """Never call this number again. Sent twice, it changes nothing."""
        country = read_country(form.country, parts.country)
        number, now = read_number(form.phone_number, country), parts.now()
        source = f"api:{client.subject}"
        await parts.opt_outs.add([number], source=source, at=now)
        return OptOutView(number=number, scope="all", source=source, at=now)

    @router.post(
        IMPORT_PATH.removeprefix(router.prefix),
        responses=problems(400, 403, 408, 413, 415, 422, 503),
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    "text/csv": {
                        "schema": {"type": "string"},
                        "example": "phone_number\n+32479202020\n",
                    }
                },
            }
        },
    )
    async def import_opt_outs(
        request: Request,
        client: Writer,
        country: ListCountry = None,
        column: ListColumn = None,
    ) -> ImportView:
        """Never call these numbers again: a CSV file, its column found by its heading.

        Lines that cannot be read do not keep out the others. A file whose columns are not
        understood is refused whole, with its first lines.
        """
        usual = read_country(country, parts.country)
        body = await request.body()
        # Tens of thousands of lines take seconds: other requests do not wait for them.
        found = await asyncio.to_thread(_read_file, body, usual, column)
        added = await parts.opt_outs.add(
            found.numbers, source=f"api:{client.subject}", at=parts.now()
        )
        return ImportView(
            column=found.column,
            read=found.read,
            added=added,
            repeated=len(found.repeated),
            refused=len(found.refused),
            errors=[
                LineError(line=row.line, written=row.written, detail=row.why)
                for row in found.refused[:_MAX_ERRORS]
            ],
        )

    @router.get("/corrections", responses=problems(403, 422, 503))
    async def list_corrections(_: Admin, limit: Limit = 50) -> CorrectionListView:
        """Opt-outs that were corrected, newest first: what stood there, who removed it and why."""
        found = await parts.opt_outs.corrections(limit)
        return CorrectionListView(
            corrections=[CorrectionView.model_validate(each) for each in found]
        )

    @router.post(
        "/corrections",
        status_code=201,
        responses=problems(400, 403, 404, 408, 413, 415, 422, 503),
    )
    async def correct_opt_out(form: CorrectionForm, client: Admin) -> CorrectionView:
        """Take a number off the list that was added by mistake; it may be called again."""
        # Not read_number: what stands on the list need not be a number that exists.
        country = read_country(form.country, parts.country)
        try:
            corrected = await parts.opt_outs.correct(
                form.phone_number, by=f"api:{client.subject}", reason=form.reason, country=country
            )
        except Refused as error:
            raise not_found(str(error)) from None
        log.info("opt_out_corrected", by=client.subject)
        return CorrectionView.model_validate(corrected)

    return router


def _read_file(body: bytes, country: str | None, column: str | None) -> NumberList:
    """What the file says. Raises Problem 422 for one that is refused whole."""
    try:
        return read_number_list(
            body, "the file", country=country, column=column, max_bytes=MAX_IMPORT_BYTES
        )
    except FileError as error:
        raise Problem(422, "invalid", str(error)) from None
