"""What the API shows: calls, words, recordings, rooms, opt-outs, health and figures."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.api.scopes import Scope
from agent.domain.calls import Speaker
from agent.domain.suspicion import Limit, Thresholds
from agent.store.heartbeats import ProcessKind
from tests.facts import NOON, Story
from tests.integration.api.conftest import Api, bearer, running_api
from tests.integration.store.test_statistics import dialled

AUDIO = bytes(range(256)) * 40


async def _booked(api: Api, call: Story) -> None:
    turn = call.turn(Speaker.AGENT, "Hello.")
    events = [
        call.created(),
        call("answered"),
        call("disclosed"),
        call("answer_saved", question="budget", value=250),
        call("appointment_booked", starts_at="2026-09-15T10:00:00+02:00"),
        call("caller_hung_up"),
        call("recording_saved", path=f"{call.call_id}.ogg", seconds=4.0),
    ]
    await api.parts.calls.append(events, [turn])


async def test_a_call_is_shown_with_what_it_taught_us(api: Api) -> None:
    call = Story()
    await _booked(api, call)
    shown = (await api.client.get(f"/api/calls/{call.call_id}")).json()
    assert (shown["status"], shown["disposition"], shown["answers"]) == (
        *("ended", "converted"),
        {"budget": 250},
    )
    assert shown["appointment_at"] == "2026-09-15T08:00:00Z"
    assert [event["kind"] for event in shown["events"]][:2] == ["created", "answered"]
    (listed,) = (await api.client.get("/api/calls")).json()["calls"]
    assert listed == {key: shown[key] for key in listed}
    words = (await api.client.get(f"/api/calls/{call.call_id}/transcript")).json()["turns"]
    assert [(turn["speaker"], turn["text"]) for turn in words] == [("agent", "Hello.")]


async def test_pages_follow_one_another_without_gap_or_repetition(api: Api) -> None:
    calls = [Story(start=NOON + timedelta(minutes=number // 3)) for number in range(11)]
    for call in calls:  # three of them share each moment
        await api.parts.calls.append([call.created()])
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limit": "3", **({"cursor": cursor} if cursor else {})}
        page = (await api.client.get("/api/calls", params=query)).json()
        seen += [call["id"] for call in page["calls"]]
        if len(seen) == 6:  # a new call must not shift what follows
            await api.parts.calls.append([Story(start=NOON + timedelta(days=1)).created()])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen))
    assert set(seen) == {str(call.call_id) for call in calls}


async def test_calls_can_be_filtered(api: Api) -> None:
    incoming, outgoing = Story(), Story(start=NOON + timedelta(hours=1))
    await _booked(api, incoming)
    await api.parts.calls.append([outgoing.created(direction="outbound")])

    async def found(**query: str) -> set[str]:
        answer = await api.client.get("/api/calls", params=query)
        assert answer.status_code == 200, answer.text
        return {call["id"] for call in answer.json()["calls"]}

    one, other = str(incoming.call_id), str(outgoing.call_id)
    assert await found(direction="outbound") == {other}
    assert await found(disposition="converted") == {one}
    assert await found(number="0479 20 20 20") == {one, other}
    assert await found(number="+32479202021") == set()
    assert await found(since=(NOON + timedelta(minutes=30)).isoformat()) == {other}
    assert await found(until=(NOON + timedelta(minutes=30)).isoformat()) == {one}
    assert await found(customer_id="c-1") == set()


@pytest.mark.parametrize(
    ("wanted", "status", "part"),
    [
        (None, 200, AUDIO),
        ("bytes=0-99", 206, AUDIO[:100]),
        ("bytes=-10", 206, AUDIO[-10:]),
        ("bytes=10000-", 206, AUDIO[10000:]),
        ("bytes=0-0,2-2,4-4", 200, AUDIO),
        (",".join(f"bytes={n}-{n}" for n in range(500)), 200, AUDIO),
        ("bytes=99999-", 416, None),
        ("bytes=9-2", 400, None),
    ],
)
async def test_a_recording_is_served_in_whole_or_in_part(
    api: Api, wanted: str | None, status: int, part: bytes | None
) -> None:
    call = Story()
    await _booked(api, call)
    (api.parts.recordings_dir / f"{call.call_id}.ogg").write_bytes(AUDIO)
    headers = {"Range": wanted} if wanted else {}
    path = f"/api/calls/{call.call_id}/recording"
    answer = await api.client.get(path, headers=headers)
    assert answer.status_code == status
    if part is not None:
        assert answer.content == part
        assert answer.headers["Content-Type"] == "audio/ogg"


@pytest.mark.parametrize(
    "name",
    ["../secret.ogg", "/etc/passwd", "..", "link.ogg", ".hidden.ogg", "folder.ogg", "x.txt", ""],
)
async def test_no_other_file_is_ever_served_as_a_recording(api: Api, name: str) -> None:
    folder = api.parts.recordings_dir
    (folder.parent / "secret.ogg").write_text("secret")
    (folder / ".hidden.ogg").write_text("secret")
    (folder / "x.txt").write_text("secret")
    (folder / "folder.ogg").mkdir()
    (folder / "link.ogg").symlink_to(folder.parent / "secret.ogg")
    call = Story()
    await api.parts.calls.append([call.created(), call("recording_saved", path=name)])
    answer = await api.client.get(f"/api/calls/{call.call_id}/recording")
    assert answer.status_code == 404
    assert "secret" not in answer.text


async def test_a_room_shows_its_call_and_can_be_ended_once(api: Api) -> None:
    call = Story()
    await api.parts.calls.append([call.created(), call("answered")])
    room = "ai-sales-call_+3226010500_x"
    api.livekit.open(room)
    shown = (await api.client.get(f"/api/telnyx/room/{room}")).json()
    assert (shown["open"], shown["call"]["id"]) == (True, str(call.call_id))
    assert (await api.client.delete(f"/api/telnyx/room/{room}")).status_code == 204
    assert (await api.client.delete(f"/api/telnyx/room/{room}")).status_code == 409
    await api.parts.calls.append([call("ended", after=60)])
    record = (await api.parts.calls.show(call.call_id)).record
    assert record.outcome is not None
    assert (record.outcome.disposition, record.outcome.reason) == ("hung_up", "operator")


async def test_a_room_that_is_not_ours_is_neither_shown_nor_ended(api: Api) -> None:
    api.livekit.open("somebody-elses")
    path = "/api/telnyx/room/somebody-elses"
    assert (await api.client.get(path)).status_code == 404
    assert (await api.client.delete(path)).status_code == 404
    assert "somebody-elses" in api.livekit.rooms


async def test_trunks_are_listed_without_their_credentials(api: Api) -> None:
    trunks = (await api.client.get("/api/telnyx/sip/trunks")).json()["trunks"]
    assert [(each["direction"], each["has_credentials"]) for each in trunks] == [
        ("inbound", False),
        ("outbound", True),
    ]
    assert not {key for each in trunks for key in each if "pass" in key or "user" in key}


async def test_opt_outs_are_added_once_listed_and_binding(api: Api) -> None:
    for _ in range(2):
        answer = await api.client.post("/api/opt-outs", json={"phone_number": "0479 20 20 20"})
        assert (answer.status_code, answer.json()["number"]) == (201, "+32479202020")
    listed = (await api.client.get("/api/opt-outs")).json()["opt_outs"]
    assert [(each["number"], each["source"]) for each in listed] == [("+32479202020", "api:office")]
    assert (await api.call()).status_code == 403


async def test_an_opt_out_added_by_mistake_is_corrected_by_an_admin_with_a_reason(
    api: Api,
) -> None:
    await api.ready()
    path, reason = "/api/opt-outs/corrections", "a record id was imported"
    body = {"phone_number": "0479 20 20 20", "reason": reason}
    await api.client.post("/api/opt-outs", json={"phone_number": "+32479202020"})
    may_add = bearer(Scope.OPTOUTS_WRITE)
    assert (await api.client.post(path, json=body, headers=may_add)).status_code == 403
    for without in ({"phone_number": "+32479202020"}, {**body, "reason": "   "}):
        assert (await api.client.post(path, json=without)).status_code == 422
    assert (await api.call()).status_code == 403  # nothing of this has taken it off
    corrected = await api.client.post(path, json=body)
    assert (corrected.status_code, corrected.json()["source"]) == (201, "api:office")
    assert (await api.client.post(path, json=body)).status_code == 404
    assert (await api.call()).status_code == 202
    (kept,) = (await api.client.get(path)).json()["corrections"]
    assert (kept["number"], kept["corrected_by"], kept["reason"]) == (
        *("+32479202020", "api:office"),
        reason,
    )


@pytest.mark.parametrize(
    "text",
    [
        "+32479202020\n0479 20 20 21\n+32479202020\n",
        "phone_number\n+32479202020\n+32479202021\n",
        '\ufeffname,number\r\n"Peeters, An",+32479202020\r\nB,+32479202021\r\n\r\n',
    ],
)
async def test_a_file_of_opt_outs_is_imported(api: Api, text: str) -> None:
    answer = await api.client.post(
        "/api/opt-outs/import", content=text.encode(), headers={"Content-Type": "text/csv"}
    )
    assert (answer.status_code, answer.json()["added"], answer.json()["errors"]) == (200, 2, [])
    for number in ("+32479202020", "+32479202021"):
        assert await api.parts.opt_outs.standing(number)


async def test_bad_lines_of_a_file_are_named_and_do_not_keep_out_the_good(api: Api) -> None:
    content = b"phone_number\nnobody\n+32479202020\n112\n"
    headers = {"Content-Type": "text/csv"}
    told = (await api.client.post("/api/opt-outs/import", content=content, headers=headers)).json()
    assert (told["read"], told["added"]) == (3, 1)
    assert [error["line"] for error in told["errors"]] == [2, 4]
    broken = await api.client.post("/api/opt-outs/import", content=b"\xff\xfe", headers=headers)
    assert broken.status_code == 422


async def test_pages_of_opt_outs_follow_one_another(api: Api) -> None:
    numbers = "".join(f"+324792020{n:02}\n" for n in range(7))
    headers = {"Content-Type": "text/csv"}
    await api.client.post("/api/opt-outs/import", content=numbers, headers=headers)
    first = (await api.client.get("/api/opt-outs", params={"limit": 5})).json()
    cursor = {"limit": "5", "cursor": first["next_cursor"]}
    second = (await api.client.get("/api/opt-outs", params=cursor)).json()
    seen = {each["number"] for page in (first, second) for each in page["opt_outs"]}
    assert (len(first["opt_outs"]), len(seen), second["next_cursor"]) == (5, 7, None)


async def test_health_names_each_part_and_what_is_wrong(dsn: str, tmp_path: Path) -> None:
    async with running_api(dsn, tmp_path) as api:

        async def wrong() -> set[str]:
            answer = await api.client.get("/api/telnyx/health")
            told = answer.json()
            bad = {part["name"] for part in told["parts"] if not part["ok"]}
            assert (answer.status_code, told["status"]) == (
                (503, "problem") if bad else (200, "ok")
            )
            return bad

        assert await wrong() == {"diallers", "workers"}
        await api.start(ProcessKind.DIALER)
        await api.start(ProcessKind.WORKER, places=8, free=3)
        assert await wrong() == set()
        parts = (await api.client.get("/api/telnyx/health")).json()["parts"]
        assert "1 running, 3 free places" in {part["detail"] for part in parts}
        await api.parts.kill_switch.stop("a test")
        assert await wrong() == {"dialling"}
        await api.parts.kill_switch.resume()
        api.livekit.trunk_list = api.livekit.trunk_list[:1]
        assert await wrong() == {"trunks"}
        api.livekit.away = True
        assert await wrong() == {"livekit", "trunks"}


async def test_suspicious_patterns_are_in_health_and_metrics(dsn: str, tmp_path: Path) -> None:
    thresholds = Thresholds(same_number=Limit(2, 3))
    async with running_api(dsn, tmp_path, thresholds=thresholds) as api:
        await api.ready()
        for _ in range(3):
            await dialled(api.database, datetime.now(UTC))
        await api.parts.calls.append(
            [Story(start=datetime.now(UTC) - timedelta(minutes=1)).created()]
        )
        answer = await api.client.get("/api/telnyx/health")
        assert answer.status_code == 200
        (found,) = answer.json()["suspicious"]
        assert (found["pattern"], found["severity"], found["count"]) == ("same_number", "stop", 3)
        figures = (await api.client.get("/metrics")).text
        assert 'sales_call_suspicious{pattern="same_number"} 2.0' in figures
        assert 'sales_call_suspicious{pattern="spend"} 0.0' in figures
        assert 'sales_call_calls{outcome="created"} 1.0' in figures
        assert 'sales_call_processes{kind="worker"} 1.0' in figures
        assert "sales_call_free_places 8.0" in figures


async def test_national_numbers_are_of_our_own_country_or_of_the_requests(
    dsn: str, tmp_path: Path
) -> None:
    async with running_api(dsn, tmp_path, country="FR") as api:
        for country, number in ((None, "+33478123456"), ("be", "+32478123456")):
            form = {"phone_number": "04 78 12 34 56"} | ({"country": country} if country else {})
            answer = await api.client.post("/api/opt-outs", json=form)
            assert (answer.status_code, answer.json()["number"]) == (201, number)
        refused = await api.client.post(
            "/api/opt-outs", json={"phone_number": "04 78 12 34 56", "country": "XX"}
        )
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "country")


async def test_an_import_says_which_column_it_took_and_what_it_did_not_read(api: Api) -> None:
    content = (
        "Record ID;Name;Tel;GSM\n27123456;Jan;02/601.05.00;0470 12 34 56\n"
        "27123457;An;;O470123456\n27123458;Eva;;+32470123456\n"
    )
    answer = await api.client.post(
        "/api/opt-outs/import", content=content, headers={"Content-Type": "text/csv"}
    )
    told = answer.json()
    assert (told["column"], told["read"], told["added"]) == ("GSM", 3, 1)
    assert (told["repeated"], told["refused"]) == (1, 1)
    (error,) = told["errors"]
    assert (error["line"], error["written"]) == (3, "O470123456")
    assert "'O' is a letter" in error["detail"]


async def test_an_import_whose_column_is_not_known_adds_nothing(api: Api) -> None:
    answer = await api.client.post(
        "/api/opt-outs/import",
        content="Record ID,First Name\n27123456,Jan\n",
        headers={"Content-Type": "text/csv"},
    )
    assert answer.status_code == 422
    assert "it begins: Record ID; First Name | 27123456; Jan" in answer.json()["detail"]
    assert (await api.client.get("/api/opt-outs")).json()["opt_outs"] == []


async def test_the_column_and_the_country_of_a_file_may_be_named(api: Api) -> None:
    answer = await api.client.post(
        "/api/opt-outs/import",
        params={"country": "FR", "column": "contact"},
        content="GSM,Contact\n0479202020,04 78 12 34 56\n",
        headers={"Content-Type": "text/csv"},
    )
    assert (answer.json()["column"], answer.json()["added"]) == ("Contact", 1)
    assert await api.parts.opt_outs.standing("+33478123456")
