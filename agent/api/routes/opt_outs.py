"""`/api/opt-outs`: numbers that nobody may call, for whatever reason and campaign, for good."""

import csv
import io
from typing import Annotated

from fastapi import APIRouter, Request

from agent.api.access import needs
from agent.api.cursors import read_cursor, write_cursor
from agent.api.middleware import IMPORT_PATH
from agent.api.parts import ApiParts
from agent.api.problems import Problem, problems
from agent.api.routes.attempts import read_number
from agent.api.routes.calls import Cursor, Limit
from agent.api.schemas import ImportView, LineError, OptOutForm, OptOutPageView, OptOutView
from agent.api.scopes import Client, Scope
from agent.domain.phone_numbers import PhoneNumber, parse
from agent.errors import Refused
from agent.store.opt_outs import OptOutCursor

_MAX_ERRORS = 100
"""Told in one answer; whoever has more of them has the wrong file."""
_HEADINGS = frozenset({"phone_number", "number", "phone"})

Writer = Annotated[Client, needs(Scope.OPTOUTS_WRITE)]


def opt_out_routes(parts: ApiParts) -> APIRouter:
    """The routes around opt-outs. There is none that takes a number off the list."""
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
        number, now = read_number(form.phone_number), parts.now()
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
    async def import_opt_outs(request: Request, client: Writer) -> ImportView:
        """Never call these numbers again: CSV, the number in the first column or `phone_number`."""
        numbers, errors, lines = _read_file(await request.body())
        added = await parts.opt_outs.add(numbers, source=f"api:{client.subject}", at=parts.now())
        return ImportView(read=lines, added=added, errors=errors[:_MAX_ERRORS])

    return router


def _read_file(body: bytes) -> tuple[set[PhoneNumber], list[LineError], int]:
    """Numbers, what was wrong, and how many lines held something. Raises Problem 422."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Problem(422, "invalid", "the file is not UTF-8") from None
    numbers: set[PhoneNumber] = set()
    errors: list[LineError] = []
    column = read = 0
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        for row in reader:
            headings = [cell.strip().lower() for cell in row]
            if not any(headings):
                continue
            found = _HEADINGS.intersection(headings)
            if read == 0 and found:
                column = headings.index(min(found))
                continue
            read += 1
            try:
                numbers.add(parse(row[column]))
            except (Refused, IndexError) as error:
                detail = str(error) if isinstance(error, Refused) else "the number is missing"
                errors.append(LineError(line=reader.line_num, detail=detail))
    except csv.Error:
        raise Problem(422, "invalid", f"line {reader.line_num} is not CSV") from None
    return numbers, errors, read
