"""The page to talk to the agent: who may call, what is served, and what of a call is told."""

from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from agent.dashboard.app import build_app
from agent.dashboard.parts import MayCall
from agent.domain.calls import CallTurn, Speaker
from agent.store.calls import CallStore
from agent.store.database import Database
from tests.facts import Story
from tests.integration.dashboard.page import CODE, LIVEKIT, page_parts

PAGE = "http://127.0.0.1:4000"
PUBLIC = "https://talk.example"


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    async with Database(dsn) as database:
        yield database


def _browser(
    database: Database, folder: Path, *, may_call: MayCall | None = None, address: str = PAGE
) -> httpx.AsyncClient:
    app = build_app(page_parts(database, folder, may_call=may_call))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=address)


async def _sign_in(browser: httpx.AsyncClient) -> httpx.Response:
    return await browser.post("/talk/session", json={"code": CODE})


async def _place(browser: httpx.AsyncClient) -> httpx.Response:
    return await browser.post("/talk/calls", json={"playbook": "default"})


async def test_the_link_works_once_and_its_browser_goes_on(
    database: Database, tmp_path: Path
) -> None:
    browser = _browser(database, tmp_path)
    assert (await _place(browser)).status_code == 401
    begun = await _sign_in(browser)
    assert begun.status_code == 204
    cookie = begun.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=strict", "Path=/talk"))
    assert (await _place(browser)).status_code == 201
    assert (await _sign_in(browser)).status_code == 204  # the page was reloaded
    assert (await _place(browser)).json()["url"] == LIVEKIT

    browser.cookies.clear()
    again = await _sign_in(browser)
    assert again.status_code == 401
    assert "used before" in again.json()["detail"]
    assert (await _place(browser)).status_code == 401


async def test_a_call_is_told_to_the_page_that_placed_it_and_to_no_other(
    database: Database, tmp_path: Path
) -> None:
    browser = _browser(database, tmp_path)
    await _sign_in(browser)
    room = (await _place(browser)).json()["room"]
    assert (await browser.get(f"/talk/calls/{room}")).status_code == 404  # nothing written yet
    call = Story()
    recording = f"{call.call_id}.ogg"
    (tmp_path / recording).write_bytes(b"OggS-a-recording")
    created = call.created(room_name=room, origin="browser", from_number="")
    events = [created, call("answered"), call("recording_started"), call("disclosed")]
    asked = call.turn(Speaker.CALLER, "What do you offer?")
    asked = _measured(asked, transcription_delay=0.3, end_of_turn_delay=0.5)
    answer = _measured(call.turn(Speaker.AGENT, "Batteries."), heard=1.0)
    await CallStore(database).append(events, [asked, answer])
    told = (await browser.get(f"/talk/calls/{room}")).json()
    assert (told["status"], told["disposition"], told["complete"]) == ("active", None, False)
    assert told["turns"][1]["wait"]["seconds"] == 1.0

    ended = [
        call("answer_saved", question="owns_home", value=True),
        call("caller_hung_up"),
        call("ended"),
        call("recording_saved", path=recording),
        call("summarised", summary="A test."),
    ]
    await CallStore(database).append(ended)
    told = (await browser.get(f"/talk/calls/{room}")).json()
    assert told["complete"]
    assert told["has_recording"]
    assert told["answers"] == {"owns_home": True}
    assert told["disposition"] is not None
    assert [each["second"] for each in told["evidence"]]
    played = await browser.get(f"/talk/calls/{room}/recording", headers={"Range": "bytes=0-3"})
    assert (played.status_code, played.content) == (206, b"OggS")
    assert played.headers["content-type"] == "audio/ogg"

    somebody = _browser(database, tmp_path)
    await _sign_in(somebody)
    for path in (f"/talk/calls/{room}", f"/talk/calls/{room}/recording"):
        assert (await somebody.get(path)).status_code == 404
        assert (await _browser(database, tmp_path).get(path)).status_code == 401


async def test_a_call_by_telephone_is_never_told_even_in_a_room_of_that_name(
    database: Database, tmp_path: Path
) -> None:
    browser = _browser(database, tmp_path)
    await _sign_in(browser)
    room = (await _place(browser)).json()["room"]
    await CallStore(database).append([Story().created(room_name=room)])
    assert (await browser.get(f"/talk/calls/{room}")).status_code == 404


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::1", "10.0.0.1"])
async def test_under_a_strangers_name_nothing_is_served(
    database: Database, tmp_path: Path, host: str
) -> None:
    browser = _browser(database, tmp_path)
    for path in ("/talk", "/talk/about", "/static/talk.js"):
        assert (await browser.get(path, headers={"Host": host})).status_code == 421
    refused = await browser.post("/talk/session", json={"code": CODE}, headers={"Host": host})
    assert refused.status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:4001"},
        {"Origin": "https://127.0.0.1:4000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_sites_page_can_ask_for_nothing(
    database: Database, tmp_path: Path, headers: dict[str, str]
) -> None:
    browser = _browser(database, tmp_path)
    refused = await browser.post("/talk/session", json={"code": CODE}, headers=headers)
    assert refused.status_code == 403
    assert (await _sign_in(browser)).status_code == 204, "the code was not used up"


@pytest.mark.parametrize(
    "body", [{}, {"code": ""}, {"code": 1}, {"code": "x" * 65}, {"other": "x"}, [], None]
)
async def test_a_body_that_the_page_does_not_send_begins_nothing(
    database: Database, tmp_path: Path, body: object
) -> None:
    browser = _browser(database, tmp_path)
    answer = await browser.post("/talk/session", json=body)
    assert answer.status_code in (401, 422)
    assert "set-cookie" not in answer.headers


async def test_a_body_without_end_is_not_read(database: Database, tmp_path: Path) -> None:
    browser = _browser(database, tmp_path)

    async def endless() -> AsyncIterator[bytes]:
        yield b"{"

    assert (await browser.post("/talk/session", content=endless())).status_code == 413
    long = await browser.post("/talk/session", json={"code": "x" * 5000})
    assert long.status_code == 413


async def test_an_unknown_playbook_is_not_called(database: Database, tmp_path: Path) -> None:
    browser = _browser(database, tmp_path)
    await _sign_in(browser)
    refused = await browser.post("/talk/calls", json={"playbook": "../default"})
    assert refused.status_code == 422


async def test_only_the_pages_own_files_are_served(database: Database, tmp_path: Path) -> None:
    browser = _browser(database, tmp_path)
    for name in ("talk.html", "../app.py", "%2e%2e/app.py", "vendor", "", "nothing.js"):
        assert (await browser.get(f"/static/{name}")).status_code == 404, name


async def test_everything_that_the_page_loads_is_here_and_nothing_is_written_in_it(
    database: Database, tmp_path: Path
) -> None:
    browser = _browser(database, tmp_path)
    answer = await browser.get("/talk")
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["permissions-policy"].startswith("microphone=(self)")
    page = _Page()
    page.feed(answer.text)
    assert page.inline == []
    assert len(page.loads) > 4
    for address in page.loads:
        assert address.startswith("/static/"), address
        assert (await browser.get(address)).status_code == 200


async def test_in_production_only_a_token_that_may_place_calls_opens_it_and_only_over_https(
    database: Database, tmp_path: Path
) -> None:
    async def may_call(token: str) -> bool:
        return token == "may-call"

    plain = _browser(database, tmp_path, may_call=may_call, address=PUBLIC.replace("https", "http"))
    assert (await plain.get("/talk")).status_code == 403
    browser = _browser(database, tmp_path, may_call=may_call, address=PUBLIC)
    assert (await browser.get("/talk/about")).json()["by"] == "token"
    for headers in ({}, {"Authorization": "Bearer may-read"}, {"Authorization": "Basic may-call"}):
        refused = await browser.post("/talk/session", json={"code": CODE}, headers=headers)
        assert refused.status_code == 401
        assert "calls:write" in refused.json()["detail"]
    begun = await browser.post(
        "/talk/session", json={}, headers={"Authorization": "Bearer may-call"}
    )
    assert begun.status_code == 204
    assert "Secure" in begun.headers["set-cookie"]
    assert (await _place(browser)).status_code == 201


def _measured(turn: CallTurn, *, heard: float | None = None, **metrics: float) -> CallTurn:
    return CallTurn(
        call_id=turn.call_id,
        turn_id=str(uuid4()),
        speaker=turn.speaker,
        text=turn.text,
        started_at=turn.started_at,
        ended_at=turn.ended_at,
        heard_latency=heard,
        metrics=metrics,
    )


class _Page(HTMLParser):
    """What a page loads, and what is written into it that a CSP would not run."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        address = given.get("src") or (given.get("href") if tag == "link" else None)
        if address and not address.startswith("data:"):
            self.loads.append(address)
        self.inline += [name for name in given if name.startswith("on") or name == "style"]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)
