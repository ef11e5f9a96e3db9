"""`/talk`: the page on which somebody phones the agent with the browser's own microphone.

The code of the link stands in its fragment and is sent in a body, at a click: no preview of the
link uses it up, and no log holds it.
"""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Response
from fastapi import Path as PathParameter
from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse

from agent.dashboard.parts import DashboardParts
from agent.dashboard.static_files import page
from agent.dashboard.talk_view import TalkView, talk_view
from agent.domain.calls import CallOrigin
from agent.store.call_list import CallFilter
from agent.store.calls import CallDetail
from agent.store.recordings import find_recording
from agent.telephony.browser_caller import ROOM_PREFIX
from agent.telephony.dispatch import BrowserCall

_PAGE = Path(__file__).parent / "static" / "talk.html"
_USED = "this link was used before, or is not whole: run `python agent.py talk` for a new one"
_NO_SCOPE = "this token does not let its bearer place calls: it needs the scope calls:write"
_BEARER = "bearer "

Code = Annotated[str, StringConstraints(min_length=1, max_length=64)]
RoomName = Annotated[str, PathParameter(pattern=f"^{ROOM_PREFIX}[0-9a-f]{{16}}$")]


class Form(BaseModel):
    """What the page sends."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SessionForm(Form):
    """The code of a link; none where a token is sent instead."""

    code: Code | None = None


class CallForm(Form):
    """A call with one of the playbooks."""

    playbook: Annotated[str, StringConstraints(max_length=64)]


class AboutView(BaseModel):
    """What the page shows before a call. `by`: whether one comes in by a link or by a token."""

    playbooks: tuple[str, ...]
    playbook: str
    by: str


class PlacedView(BaseModel):
    """Where to connect, and as whom."""

    url: str
    token: str
    room: str


def talk_routes(parts: DashboardParts) -> APIRouter:
    """The page and what it asks for."""
    router = APIRouter()
    sessions = parts.sessions

    async def session(request: Request) -> str:
        token = request.cookies.get(sessions.cookie, "")
        if not sessions.lives(token):
            raise HTTPException(401, _USED if parts.may_call is None else _NO_SCOPE)
        return token

    async def call_of(room: RoomName, token: Annotated[str, Depends(session)]) -> CallDetail:
        if not sessions.owns(token, room):
            raise HTTPException(404, "this is no call of this page")
        wanted = CallFilter(room_name=room, origin=CallOrigin.BROWSER)
        found = (await parts.call_list.page(wanted, limit=1)).calls
        if not found:
            raise HTTPException(404, "nothing is written of this call yet")
        return await parts.calls.show(found[0].id)

    @router.get("/")
    async def front() -> RedirectResponse:
        return RedirectResponse("/talk")

    @router.get("/talk")
    async def talk() -> FileResponse:
        return page(_PAGE)

    @router.get("/talk/about")
    async def about() -> AboutView:
        by = "link" if parts.may_call is None else "token"
        return AboutView(playbooks=parts.playbooks, playbook=parts.playbook, by=by)

    @router.post("/talk/session", status_code=204)
    async def begin(
        form: SessionForm,
        request: Request,
        response: Response,
        authorization: Annotated[str, Header(max_length=8192)] = "",
    ) -> None:
        """A session, for the code of the link, or for a token of the API."""
        if sessions.lives(request.cookies.get(sessions.cookie, "")):
            return
        token: str | None = None
        if parts.may_call is None:
            token = sessions.begin_by_code(form.code or "")
        elif authorization.lower().startswith(_BEARER) and await parts.may_call(
            authorization[len(_BEARER) :].strip()
        ):
            token = sessions.begin()
        if token is None:
            raise HTTPException(401, _USED if parts.may_call is None else _NO_SCOPE)
        response.set_cookie(
            sessions.cookie,
            token,
            httponly=True,
            samesite="strict",
            secure=parts.front.https_only,
            path="/talk",
        )

    @router.post("/talk/calls", status_code=201)
    async def place(form: CallForm, token: Annotated[str, Depends(session)]) -> PlacedView:
        """The way into a new room: nobody is in it, and nothing written, before the page comes."""
        if form.playbook not in parts.playbooks:
            raise HTTPException(422, "there is no such playbook any more: reload the page")
        room = parts.new_room_name()
        sessions.opened(token, room)
        return PlacedView(
            url=parts.front.livekit_url,
            token=parts.caller.token(room, BrowserCall(form.playbook)),
            room=room,
        )

    @router.get("/talk/calls/{room}")
    async def call(found: Annotated[CallDetail, Depends(call_of)]) -> TalkView:
        """What Postgres holds of the call now."""
        return talk_view(found, find_recording(parts.recordings_dir, found.record.recording))

    @router.get("/talk/calls/{room}/recording")
    async def recording(found: Annotated[CallDetail, Depends(call_of)]) -> FileResponse:
        """Stereo Ogg Opus, the caller left, the agent right. Understands Range."""
        path = find_recording(parts.recordings_dir, found.record.recording)
        if path is None:
            raise HTTPException(404, "there is no recording of this call on this machine")
        return FileResponse(path, media_type="audio/ogg", content_disposition_type="inline")

    return router
