"""`/api/telnyx/room/{room_name}` and `/api/telnyx/sip/trunks`: LiveKit's side of our calls."""

from typing import Annotated

from fastapi import APIRouter, Path

from agent.api.access import needs
from agent.api.parts import ApiParts
from agent.api.problems import Problem, not_found, problems
from agent.api.routes.calls import call_view
from agent.api.schemas import ROOM_NAME, ParticipantView, RoomView, TrunksView, TrunkView
from agent.api.scopes import Client, Scope
from agent.domain.calls import CallEvent, CallState, Direction, EventKind, Source
from agent.store.call_list import CallFilter, ListedCall

RoomPath = Annotated[str, Path(pattern=ROOM_NAME)]


def room_routes(parts: ApiParts) -> APIRouter:
    """The routes that look into LiveKit."""
    router = APIRouter(prefix="/api/telnyx", tags=["telnyx"])

    @router.get("/room/{room_name}", responses=problems(403, 404, 422, 503))
    async def room(room_name: RoomPath, _: Annotated[Client, needs(Scope.CALLS_READ)]) -> RoomView:
        """Who is in a room now, and the latest call that was in it. Only rooms of our calls."""
        call = await _call_in(parts, room_name)
        found = await parts.livekit.room(room_name)
        return RoomView(
            room_name=room_name,
            open=found is not None,
            created_at=found.created_at if found else None,
            participants=[ParticipantView.model_validate(one) for one in found.participants]
            if found
            else [],
            call=call_view(call),
        )

    @router.delete(
        "/room/{room_name}", status_code=204, responses=problems(403, 404, 409, 422, 503)
    )
    async def end_room(
        room_name: RoomPath, client: Annotated[Client, needs(Scope.CALLS_WRITE)]
    ) -> None:
        """Hang up the call that is going on in a room. 409: it is over already."""
        call = await _call_in(parts, room_name)
        if not await parts.livekit.end_room(room_name):
            raise Problem(409, "over", "nobody is in this room any more")
        if call.state is CallState.ENDED:
            return
        # After the room is gone, so that a failed try leaves no trace in the call's outcome.
        hung_up = CallEvent(
            call_id=call.id,
            kind=EventKind.OPERATOR_HUNG_UP,
            at=parts.now(),
            source=Source.API,
            source_id=f"{call.id}:hung_up",
            detail={"by": client.subject},
        )
        await parts.calls.append([hung_up])

    @router.get("/sip/trunks", responses=problems(403, 503))
    async def trunks(_: Annotated[Client, needs(Scope.CALLS_READ)]) -> TrunksView:
        """The SIP trunks of the LiveKit server; whether they have credentials, never which."""
        return TrunksView(
            trunks=[
                TrunkView(
                    id=trunk.id,
                    name=trunk.name,
                    direction=Direction.INBOUND if trunk.inbound else Direction.OUTBOUND,
                    numbers=list(trunk.numbers),
                    address=trunk.address,
                    transport=trunk.transport,
                    allowed_addresses=list(trunk.allowed_addresses),
                    has_credentials=trunk.has_credentials,
                )
                for trunk in await parts.livekit.trunks()
            ]
        )

    return router


async def _call_in(parts: ApiParts, room_name: str) -> ListedCall:
    """The latest call in the room: what others do in the same LiveKit is not ours to show."""
    page = await parts.call_list.page(CallFilter(room_name=room_name), limit=1)
    if not page.calls:
        raise not_found("no call of ours was ever in this room")
    return page.calls[0]
