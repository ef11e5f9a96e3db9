"""`/api/calls`: what happened in which call; its words and its recording."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse
from pydantic import AwareDatetime

from agent.api.access import needs
from agent.api.cursors import bad_cursor, read_cursor, write_cursor
from agent.api.parts import ApiParts
from agent.api.problems import not_found, problems
from agent.api.ranged_file import RangedFile
from agent.api.routes.attempts import read_number
from agent.api.schemas import (
    CallDetailView,
    CallPageView,
    CallView,
    EventView,
    TranscriptView,
    TurnView,
)
from agent.api.scopes import Client, Scope
from agent.domain.calls import CallOrigin, Direction
from agent.domain.dispositions import Disposition
from agent.errors import Refused
from agent.store.call_list import CallCursor, CallFilter, ListedCall
from agent.store.calls import CallDetail
from agent.store.recordings import find_recording

CallId = Annotated[UUID, Path(description="The call's id.")]
Cursor = Annotated[
    str | None, Query(max_length=256, description="`next_cursor` of the page before.")
]
Limit = Annotated[int, Query(ge=1, le=200)]


def call_routes(parts: ApiParts) -> APIRouter:
    """The routes that read calls."""
    router = APIRouter(prefix="/api/calls", tags=["calls"])

    @router.get("", responses=problems(403, 422, 503))
    async def list_calls(
        _: Annotated[Client, needs(Scope.CALLS_READ)],
        direction: Direction | None = None,
        disposition: Disposition | None = None,
        number: Annotated[str | None, Query(min_length=3, max_length=64)] = None,
        customer_id: Annotated[str | None, Query(max_length=128, pattern=r"^[^\x00]*$")] = None,
        since: AwareDatetime | None = None,
        until: AwareDatetime | None = None,
        origin: CallOrigin = CallOrigin.PHONE,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> CallPageView:
        """Calls, newest first. `number` is either side's; `until` is not included.

        `origin=browser` lists test calls, which are not among the others.
        """
        wanted = CallFilter(
            direction=direction,
            disposition=disposition,
            number=read_number(number, parts.country, "number") if number is not None else None,
            customer_id=customer_id,
            since=since,
            until=until,
            origin=origin,
        )
        page = await parts.call_list.page(wanted, limit=limit, after=_place(cursor))
        return CallPageView(
            calls=[call_view(call) for call in page.calls],
            next_cursor=write_cursor(page.next.created_at, str(page.next.id))
            if page.next
            else None,
        )

    @router.get("/{call_id}", responses=problems(403, 404, 422, 503))
    async def show_call(
        call_id: CallId, _: Annotated[Client, needs(Scope.CALLS_READ)]
    ) -> CallDetailView:
        """One call with what it taught us and what happened in it."""
        return _detail_view(await _detail(parts, call_id))

    @router.get("/{call_id}/transcript", responses=problems(403, 404, 422, 503))
    async def transcript(
        call_id: CallId, _: Annotated[Client, needs(Scope.CALLS_READ)]
    ) -> TranscriptView:
        """Who said what, as the other side heard it."""
        detail = await _detail(parts, call_id)
        turns = [TurnView.model_validate(turn) for turn in detail.turns]
        return TranscriptView(call_id=call_id, turns=turns)

    @router.get(
        "/{call_id}/recording",
        response_class=FileResponse,
        responses={
            200: {"content": {"audio/ogg": {}}, "description": "The whole recording"},
            206: {"content": {"audio/ogg": {}}, "description": "The part asked for with Range"},
            **problems(400, 403, 404, 416, 422, 503),
        },
    )
    async def recording(
        call_id: CallId, _: Annotated[Client, needs(Scope.RECORDINGS_READ)]
    ) -> RangedFile:
        """Stereo Ogg Opus, the caller left, the agent right. Understands Range."""
        record = (await _detail(parts, call_id)).record
        path = find_recording(parts.recordings_dir, record.recording)
        if path is None:
            raise not_found("there is no recording of this call, or not any more")
        return RangedFile(path, media_type="audio/ogg", filename=f"{call_id}.ogg")

    return router


def call_view(call: ListedCall) -> CallView:
    """A line of the list as the API shows it."""
    return CallView(
        id=call.id,
        created_at=call.created_at,
        direction=call.direction,
        customer_id=call.customer_id,
        from_number=call.from_number,
        to_number=call.to_number,
        room_name=call.room_name,
        status=call.state,
        disposition=call.disposition,
        reason=call.reason,
        duration_s=call.duration_s,
        summary=call.summary,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        has_recording=call.has_recording,
        playbook=call.playbook,
        language=call.language,
        origin=call.origin,
    )


async def _detail(parts: ApiParts, call_id: UUID) -> CallDetail:
    try:
        return await parts.calls.show(call_id)
    except Refused:
        raise not_found("there is no such call") from None


def _detail_view(detail: CallDetail) -> CallDetailView:
    record = detail.record
    outcome = record.outcome
    return CallDetailView(
        id=record.id,
        created_at=record.created_at,
        direction=record.direction,
        customer_id=record.customer_id,
        from_number=record.from_number,
        to_number=record.to_number,
        room_name=record.room_name,
        status=record.state,
        disposition=outcome.disposition if outcome else None,
        reason=(outcome.reason or None) if outcome else None,
        duration_s=record.duration_s,
        summary=record.summary,
        answered_at=record.answered_at,
        ended_at=record.ended_at,
        has_recording=record.recording is not None,
        playbook=record.playbook,
        language=record.language,
        origin=record.origin,
        answers=dict(record.facts.answers),
        appointment_at=record.facts.appointment_at,
        callback_at=record.facts.callback_at,
        events=[
            EventView(at=event.at, kind=event.kind, source=event.source, detail=dict(event.detail))
            for event in detail.events
        ],
    )


def _place(cursor: str | None) -> CallCursor | None:
    if cursor is None:
        return None
    at, key = read_cursor(cursor)
    try:
        return CallCursor(at, UUID(key))
    except ValueError:
        raise bad_cursor() from None
