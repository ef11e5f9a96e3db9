"""Every recorded outbound and inbound call, again, against the stand-in.

`sip-recorded.json` is a recording of a real livekit-sip. Answers are compared byte for byte but
for ids and addresses; events in their partial order only, since the real ones race too.
"""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from google.protobuf.duration_pb2 import Duration
from livekit import api
from livekit.protocol.sip import CreateSIPParticipantRequest, SIPParticipantInfo

from agent.errors import Refused
from agent.local.phone_network.behaviours import (
    Answers,
    Behaviour,
    NeverAnswers,
    NoSuchCarrier,
    Refuses,
    TransferDead,
    TransferRefused,
)
from agent.local.phone_network.network import Credentials
from agent.local.phones.phone import Phone
from tests.integration.local.phone_network.conftest import (
    CALLEE,
    DEAD_CARRIER_SECONDS,
    GUARDED,
    OURS,
    Door,
)
from tests.integration.local.phone_network.witness import Witness

pytestmark = pytest.mark.asyncio(loop_scope="package")

RECORDING = json.loads((Path(__file__).parents[3] / "fixtures" / "sip-recorded.json").read_text())
OUTBOUND, INBOUND = RECORDING["outbound"], RECORDING["inbound"]

Event = dict[str, Any]


async def presses_and_hangs_up(phone: Phone) -> None:
    await phone.press("5#")


AT_ONCE = Answers(after=0, rings=False)
BEHAVIOURS: dict[str, Behaviour] = {
    **{f"reject{code}": Refuses(code) for code in (403, 404, 408, 480, 486, 488, 500, 503)},
    **{f"reject{code}": Refuses(code) for code in (600, 603)},
    "reject486_nowait": Refuses(486),
    "no_answer": NeverAnswers(),
    "no_answer_nowait": NeverAnswers(),
    "answer_bye": Answers(after=0.6, handler=presses_and_hangs_up),
    "answer_bye_nowait": Answers(after=0.6, handler=presses_and_hangs_up),
    "bad_number": NoSuchCarrier(),
    "max_call_duration_4s": AT_ONCE,
    "room_deleted_ringing": NeverAnswers(),
    "room_deleted_active": AT_ONCE,
    "participant_removed": AT_ONCE,
    "transfer_refused603": AT_ONCE,
    "transfer_accepted_target_dead": AT_ONCE,
    "unknown_trunk": AT_ONCE,
}


def request_of(scenario: str, door: Door) -> CreateSIPParticipantRequest:
    request = CreateSIPParticipantRequest(
        sip_trunk_id="ST_unknown" if scenario == "unknown_trunk" else door.trunk_id,
        sip_call_to="12 34 x" if scenario == "bad_number" else CALLEE,
        room_name=f"rec-{scenario}",
        participant_identity="callee",
        wait_until_answered=not scenario.endswith("_nowait"),
    )
    if scenario.startswith("no_answer"):
        request.ringing_timeout.CopyFrom(Duration(nanos=700_000_000))
    if scenario == "max_call_duration_4s":
        request.max_call_duration.CopyFrom(Duration(seconds=1))
    return request


async def post(
    http: aiohttp.ClientSession, door: Door, request: CreateSIPParticipantRequest
) -> tuple[int, str, bytes]:
    headers = {
        "Authorization": f"Bearer {door.token()}",
        "Content-Type": "application/protobuf",
    }
    url = f"{door.url}/twirp/livekit.SIP/CreateSIPParticipant"
    async with http.post(url, data=request.SerializeToString(), headers=headers) as answer:
        return answer.status, answer.content_type, await answer.read()


async def meanwhile(scenario: str, door: Door, witness: Witness) -> None:
    """What the recorded run did to the call from outside."""
    room = f"rec-{scenario}"
    if scenario == "room_deleted_ringing":
        await witness.sees(lambda w: "ringing" in w.statuses("callee"), "ringing")
        await witness.sees(lambda w: bool(w.of("track")), "a track")
        await door.lk.room.delete_room(api.DeleteRoomRequest(room=room))
    elif scenario in ("room_deleted_active", "participant_removed"):
        await witness.sees(lambda w: "active" in w.statuses("callee"), "active")
        await witness.sees(lambda w: bool(w.of("track")), "a track")
        if scenario == "room_deleted_active":
            await door.lk.room.delete_room(api.DeleteRoomRequest(room=room))
        else:
            who = api.RoomParticipantIdentity(room=room, identity="callee")
            await door.lk.room.remove_participant(who)
    elif scenario.startswith("transfer_"):
        await witness.sees(lambda w: "active" in w.statuses("callee"), "active")
        refused = TransferRefused() if "refused" in scenario else TransferDead()
        door.network.on_transfer("sip:human@127.0.0.1:5071", refused)
        [recorded] = [e for e in OUTBOUND[scenario]["events"] if e["ev"] == "transfer error"]
        with pytest.raises(api.TwirpError) as raised:
            await door.lk.sip.transfer_sip_participant(
                api.TransferSIPParticipantRequest(
                    participant_identity="callee",
                    room_name=room,
                    transfer_to="sip:human@127.0.0.1:5071",
                )
            )
        assert type(raised.value).__name__ == recorded["type"]
        assert str(raised.value) == recorded["e"]
        assert raised.value.code == recorded["code"]
        assert repr(dict(raised.value.metadata)) == recorded["meta"]
        phone = door.network.find(room, "callee")
        assert phone is not None, "a transfer that failed leaves the call alone"
        await phone.hang_up()


def check_answer(scenario: str, door: Door, answer: tuple[int, str, bytes]) -> None:
    recorded = OUTBOUND[scenario]["api"]
    status, content_type, body = answer
    assert (status, content_type) == (recorded["status"], recorded["ctype"])
    if status != 200:
        assert body.decode() == recorded["body"]
        return
    info = SIPParticipantInfo.FromString(body)
    [phone] = [phone for phone in door.network.calls if phone.room_name == f"rec-{scenario}"]
    shown = re.sub(r'"(PA_|SCL_)\w+"', r'"\1"', str(info))
    assert shown == re.sub(r'"(PA_|SCL_)\w+"', r'"\1"', recorded["body"])
    assert info.sip_call_id == phone.call_id


State = tuple[frozenset[str], str]
"""Which attributes a participant had, and its sip.callStatus."""


def states(joined: dict[str, str], events: list[dict[str, str]]) -> list[State]:
    """What a participant was, one after the other, once each."""
    attributes, found = dict(joined), list[State]()
    for change in ({}, *events):
        attributes |= change
        state = (frozenset(attributes), attributes["sip.callStatus"])
        if state not in found:
            found.append(state)
    return found


def in_order(some: list[State], of_all: list[State]) -> bool:
    """Whether `some` has nothing else, the same order and the same end.

    The server merges changes that follow closely, on a busy machine more of them.
    """
    rest = iter(of_all)
    return some[-1] == of_all[-1] and all(state in rest for state in some)


@pytest.mark.parametrize("scenario", sorted(OUTBOUND))
async def test_an_outbound_call_goes_as_recorded(
    scenario: str, door: Door, http: aiohttp.ClientSession
) -> None:
    recorded: list[Event] = OUTBOUND[scenario]["events"]
    request = request_of(scenario, door)
    door.network.on_outbound(request.sip_call_to, BEHAVIOURS[scenario])
    async with door.witness(request.room_name) as witness:
        asked = asyncio.create_task(post(http, door, request))
        await meanwhile(scenario, door, witness)
        check_answer(scenario, door, await asked)

        ends = [e for e in recorded if e["ev"] == "disconnected"]
        if ends:
            await witness.sees(lambda w: bool(w.of("disconnected", "callee")), "the end")
            [left] = witness.of("disconnected", "callee")
            assert left.reason == ends[0]["reason"]
            assert left.attributes["sip.callStatus"] == ends[0]["last"]["sip.callStatus"]
        if any(e["ev"] == "room_disconnected" and e["reason"] == "5" for e in recorded):
            await witness.sees(lambda w: bool(w.of("cut")), "the room's end")
            assert witness.of("cut")[0].reason == "ROOM_DELETED"
            phone = door.network.calls[-1]
            assert (await phone.wait_ended(5)).by == "them"

        joined = [e for e in recorded if e["ev"] == "connected"]
        if not joined:
            assert witness.seen == []
            return
        [connected] = witness.of("connected", "callee")
        expected = {**joined[0]["attrs"], "sip.trunkID": door.trunk_id}
        assert connected.kind == joined[0]["kind"]
        late = {"sip.callIDFull", "sip.callTag"}
        assert set(expected) <= set(connected.attributes) <= set(expected) | late
        own = {"sip.callID", "sip.callStatus", *late}
        assert {k: v for k, v in connected.attributes.items() if k not in own} == {
            k: v for k, v in expected.items() if k not in own
        }
        assert connected.attributes["sip.callID"].startswith("SCL_")
        if scenario != "transfer_accepted_target_dead":  # its recording stops before the end
            seen = states(connected.attributes, [e.attributes for e in witness.of("attributes")])
            happened = states(
                {**expected, "sip.callStatus": "dialing"},  # its witness once came later
                [expected, *(e["changed"] for e in recorded if e["ev"] == "attributes")],
            )
            assert in_order(seen, happened), (seen, happened)
        order = [e.what for e in witness.seen if e.identity == "callee"]
        assert order[0] == "connected"
        # Nobody waits for the track of a call that is refused, or ends by the clock.
        assert "track" in order or scenario.startswith(("reject", "max_call")), order
        keys = [(e.attributes["digit"], e.kind) for e in witness.of("dtmf")]
        assert keys == [(e["digit"], e["code"]) for e in recorded if e["ev"] == "dtmf"]


async def test_a_number_that_never_answers_is_waited_for_as_long_as_the_setting_says(
    door: Door, http: aiohttp.ClientSession
) -> None:
    request = request_of("bad_number", door)
    request.room_name = "rec-dead-again"
    door.network.on_outbound(request.sip_call_to, NoSuchCarrier())
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert (await post(http, door, request))[0] == 408
    assert loop.time() - began >= DEAD_CARRIER_SECONDS


def present(scenario: str) -> Event:
    [event] = [e for e in INBOUND[scenario] if e["ev"] == "present"]
    return dict(event)


async def check_present(phone: Phone, witness: Witness, scenario: str, door: Door) -> None:
    recorded = present(scenario)
    [connected] = witness.of("connected")
    assert (connected.identity, connected.kind) == (recorded["identity"], recorded["kind"])
    who = witness.room.remote_participants[connected.identity]
    assert (who.name, who.metadata) == (recorded["name"], recorded["metadata"])
    # The recording's phone sent Telnyx's ids; this network was told not to.
    expected = {k: v for k, v in recorded["attrs"].items() if not k.startswith("sip.telnyx.")}
    expected |= {"sip.trunkID": door.inbound_trunk_id, "sip.ruleID": door.rule_id}
    assert set(connected.attributes) == set(expected)
    random = {"sip.callID", "sip.callIDFull", "sip.callTag"}
    assert {k: v for k, v in connected.attributes.items() if k not in random} == {
        k: v for k, v in expected.items() if k not in random
    }
    assert re.fullmatch(r"ai-sales-call-_\+32470123456_\w{12}", phone.room_name)


async def test_an_inbound_call_is_answered_and_hung_up_as_recorded(door: Door) -> None:
    scenario = "answered_then_caller_hangs_up"
    phone = await door.network.place_call(caller="+32470123456", callee=OURS)
    async with door.witness(phone.room_name) as witness:
        await check_present(phone, witness, scenario, door)
        assert phone.status == "ringing"
        assert phone.answered_at is None
        await witness.publish()
        await phone.wait_active(5)
        await witness.sees(lambda w: "active" in w.statuses(phone.identity), "active")
        await phone.hang_up()
        await witness.sees(lambda w: bool(w.of("disconnected")), "the end")
        assert witness.statuses(phone.identity) == ["ringing", "active", "hangup"]
        assert witness.of("disconnected")[0].reason == "CLIENT_INITIATED"
        rooms = await door.lk.room.list_rooms(api.ListRoomsRequest(names=[phone.room_name]))
        [recorded] = [e for e in INBOUND[scenario] if e["ev"] == "room"]
        room = rooms.rooms[0]
        assert room.metadata == recorded["metadata"]
        assert (room.empty_timeout, room.departure_timeout) == (
            recorded["empty_timeout"],
            recorded["departure_timeout"],
        )


@pytest.mark.parametrize("scenario", ["caller_gives_up_while_ringing", "no_agent_8s"])
async def test_a_call_that_nobody_takes_rings_until_the_caller_gives_up(
    scenario: str, door: Door
) -> None:
    phone = await door.network.place_call(caller="+32470123456", callee=OURS)
    async with door.witness(phone.room_name) as witness:
        await check_present(phone, witness, scenario, door)
        with pytest.raises(TimeoutError):
            await phone.wait_active(0.5)
        await phone.hang_up()
        await witness.sees(lambda w: bool(w.of("disconnected")), "the end")
        assert witness.statuses(phone.identity) == ["ringing", "hangup"]
        assert witness.of("disconnected")[0].reason == "CLIENT_INITIATED"


async def test_a_wrong_password_is_refused_without_a_room(door: Door) -> None:
    before = {room.name for room in (await door.lk.room.list_rooms(api.ListRoomsRequest())).rooms}
    with pytest.raises(Refused, match="401 Unauthorized"):
        await door.network.place_call(
            caller="+32470123456",
            callee=GUARDED,
            credentials=Credentials("example-user", "wrong"),
        )
    after = {room.name for room in (await door.lk.room.list_rooms(api.ListRoomsRequest())).rooms}
    assert after <= before


async def test_a_number_that_no_trunk_has_rings_without_a_room(door: Door) -> None:
    before = {room.name for room in (await door.lk.room.list_rooms(api.ListRoomsRequest())).rooms}
    phone = await door.network.place_call(caller="+32470123456", callee="+3226010501")
    assert (phone.status, phone.room_name) == ("ringing", "")
    with pytest.raises(TimeoutError):
        await phone.wait_active(0.3)
    after = {room.name for room in (await door.lk.room.list_rooms(api.ListRoomsRequest())).rooms}
    assert after <= before
    await phone.hang_up()
    assert (await phone.wait_ended(1)).reason == "hung_up"
