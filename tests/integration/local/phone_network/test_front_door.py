"""The door: who may ask, what passes through, and its own control API."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import aiohttp
import pytest
import pytest_asyncio
from livekit import api
from livekit.protocol.agent import JobType, RegisterWorkerRequest, ServerMessage, WorkerMessage
from livekit.protocol.sip import CreateSIPParticipantRequest

from agent.errors import StackError
from agent.local.phone_network.control import RunCustomer
from agent.local.phone_network.server import OpenDoor, open_door
from agent.local.phone_network.upstream import Upstream
from agent.local.phones.phone import Phone
from agent.local.scenarios.scenario import Scenario
from agent.local.stack.processes import free_port
from agent.settings import child_environment
from tests.integration.local.phone_network.conftest import CALLEE, OURS, Door

pytestmark = pytest.mark.asyncio(loop_scope="package")

CREATE = "/twirp/livekit.SIP/CreateSIPParticipant"


def body(door: Door, **changes: str | bool) -> bytes:
    fields = {"sip_trunk_id": door.trunk_id, "sip_call_to": CALLEE, "room_name": "door", **changes}
    return CreateSIPParticipantRequest(**fields).SerializeToString()  # type: ignore[arg-type]


async def post(
    http: aiohttp.ClientSession, url: str, body: bytes, token: str | None
) -> tuple[int, dict[str, str]]:
    headers = {"Content-Type": "application/protobuf"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    async with http.post(url, data=body, headers=headers) as answer:
        return answer.status, json.loads(await answer.read() or b"{}")


async def test_a_token_without_the_call_grant_is_refused_in_the_servers_own_words(
    door: Door, http: aiohttp.ClientSession
) -> None:
    for grants in (api.SIPGrants(admin=True), api.SIPGrants()):
        status, said = await post(http, door.url + CREATE, body(door), door.token(sip=grants))
        assert (status, said) == (401, {"code": "unauthenticated", "msg": "permissions denied"})
    assert (await post(http, door.url + CREATE, body(door), None))[0] == 401
    assert not [phone for phone in door.network.calls if phone.room_name == "door"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sip_call_to": ""}, "missing sip callee number"),
        ({"sip_call_to": "sip:x@y"}, "SipCallTo should be a phone number"),
        ({"room_name": ""}, "missing room name"),
        ({"sip_trunk_id": ""}, "missing sip trunk id"),
    ],
)
async def test_a_malformed_request_is_refused_as_the_server_refuses_it(
    door: Door, http: aiohttp.ClientSession, changes: dict[str, str], words: str
) -> None:
    asked = body(door, **changes)
    status, said = await post(http, door.url + CREATE, asked, door.token())
    direct = f"http://{door.livekit.address}{CREATE}"
    assert (status, said) == await post(http, direct, asked, door.token())
    assert status == 400
    assert words in said["msg"]


async def test_transferring_needs_the_rooms_admin_grant(
    door: Door, http: aiohttp.ClientSession
) -> None:
    url = f"{door.url}/twirp/livekit.SIP/TransferSIPParticipant"
    phone = await door.network.place_call(caller="+32470000020", callee=OURS)
    asked = api.TransferSIPParticipantRequest(
        participant_identity=phone.identity, room_name=phone.room_name, transfer_to="tel:+32470"
    )
    status, _ = await post(http, url, asked.SerializeToString(), door.token(room="other"))
    assert (status, phone.end) == (401, None)
    asked.transfer_to = "nonsense"
    token = door.token(room=phone.room_name)
    assert (await post(http, url, asked.SerializeToString(), token))[0] == 400
    asked.participant_identity = "nobody"
    asked.transfer_to = "tel:+32470"
    assert (await post(http, url, asked.SerializeToString(), token))[0] == 404
    await phone.hang_up()


async def test_json_is_answered_with_json(door: Door, http: aiohttp.ClientSession) -> None:
    headers = {"Authorization": f"Bearer {door.token()}"}
    asked = {"sipTrunkId": door.trunk_id, "sipCallTo": "+32479000030", "roomName": "door-json"}
    async with http.post(door.url + CREATE, json=asked, headers=headers) as answer:
        said = await answer.json()
    assert (answer.status, said["room_name"]) == (200, "door-json")
    await door.network.calls[-1].hang_up()


async def test_everything_else_passes_through(door: Door, http: aiohttp.ClientSession) -> None:
    async with http.get(door.url) as answer:
        assert await answer.text() == "OK"
    async with http.get(f"{door.url}/rtc/validate?access_token=wrong%2Fone") as answer:
        direct = f"http://{door.livekit.address}/rtc/validate?access_token=wrong%2Fone"
        async with http.get(direct) as straight:
            assert (answer.status, await answer.read()) == (straight.status, await straight.read())
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await http.ws_connect(f"{door.url}/agent")
    assert refused.value.status == 401


async def test_a_worker_registers_through_the_door(door: Door, http: aiohttp.ClientSession) -> None:
    token = (
        api.AccessToken(door.livekit.api_key, door.livekit.api_secret)
        .with_grants(api.VideoGrants(agent=True))
        .to_jwt()
    )
    headers = {"Authorization": f"Bearer {token}"}
    async with http.ws_connect(f"{door.url}/agent", headers=headers) as socket:
        hello = WorkerMessage(
            register=RegisterWorkerRequest(type=JobType.JT_ROOM, agent_name="door-test")
        )
        await socket.send_bytes(hello.SerializeToString())
        answer = ServerMessage.FromString(await socket.receive_bytes(timeout=5))
        assert answer.register.worker_id.startswith("AW_")


@dataclass(frozen=True, slots=True)
class Said:
    """What the customer of these tests reports."""

    words: str


PLAYED: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
"""The number and the scenario of each customer."""


def customer() -> RunCustomer:
    async def run(
        phone: Phone, scenario: Scenario, speech_url: str, on_event: Callable[[object], None]
    ) -> object:
        PLAYED.put_nowait((phone.number, scenario.name))
        on_event(Said(f"{scenario.name} at {speech_url}"))
        await phone.wait_active(10)
        return Said("goodbye")

    return run


@pytest_asyncio.fixture(loop_scope="package")
async def own(door: Door) -> AsyncIterator[OpenDoor]:
    """A second door to the same server, whose customers are those above."""
    upstream = Upstream(
        f"http://{door.livekit.address}", door.livekit.api_key, door.livekit.api_secret
    )
    async with open_door(
        upstream,
        port=free_port(),
        speech_url="http://voices",
        customer=lambda: customer(),
    ) as opened:
        yield opened


async def test_a_simulated_customer_calls_and_its_events_are_streamed(
    own: OpenDoor, door: Door, http: aiohttp.ClientSession
) -> None:
    asked = {"caller": "+32470000040", "callee": OURS, "scenario": "silent"}
    lines = []
    async with http.post(f"{own.url}/phone-network/calls", json=asked) as answer:
        lines.append(json.loads(await answer.content.readline()))
        assert lines[0]["line"] == "ringing"
        async with door.witness(lines[0]["call"]["room_name"], speaks=True):
            lines += [json.loads(line) async for line in answer.content]
    assert [line["line"] for line in lines] == ["ringing", "event", "result", "ended"]
    assert lines[1]["event"] == {"words": "silent at http://voices"}
    assert lines[2]["event"] == {"words": "goodbye"}
    assert (lines[3]["call"]["ended_by"], lines[3]["call"]["answered"]) == ("us", True)
    async with http.get(f"{own.url}/phone-network/calls") as answer:
        [call] = await answer.json()
    assert (call["call_id"], call["status"]) == (lines[0]["call"]["call_id"], "hangup")


async def test_a_reader_who_goes_away_hangs_the_customer_up(
    own: OpenDoor, http: aiohttp.ClientSession
) -> None:
    asked = {"caller": "+32470000041", "callee": OURS, "scenario": "silent"}
    async with http.post(f"{own.url}/phone-network/calls", json=asked) as answer:
        await answer.content.readline()
    [phone] = own.network.calls
    assert (await phone.wait_ended(15)).by == "us"


async def test_whom_we_call_at_a_number_that_nobody_set_talks(
    own: OpenDoor, door: Door, http: aiohttp.ClientSession
) -> None:
    asked = body(door, sip_call_to="+32479000044", room_name="door-talks", wait_until_answered=True)
    headers = {"Authorization": f"Bearer {door.token()}", "Content-Type": "application/protobuf"}
    async with http.post(own.url + CREATE, data=asked, headers=headers) as answer:
        assert answer.status == 200
    async with asyncio.timeout(5):
        while await PLAYED.get() != ("+32479000044", "picks-up"):
            pass  # another test's


async def test_a_numbers_behaviour_is_set_over_http(
    own: OpenDoor, door: Door, http: aiohttp.ClientSession
) -> None:
    url = f"{own.url}/phone-network/numbers/+32479000042"
    said = {"does": "refuses", "code": 403, "words": "User channel limit exceeded D1", "after": 0}
    async with http.put(url, json=said) as answer:
        assert answer.status == 204
    asked = body(
        door, sip_call_to="+32479000042", room_name="door-refused", wait_until_answered=True
    )
    status, error = await post(http, own.url + CREATE, asked, door.token())
    assert status == 403
    assert error["meta"]["sip_status"] == "User channel limit exceeded D1"  # type: ignore[index]
    async with http.put(url, json={"does": "refuses", "code": 699}) as answer:
        assert answer.status == 400
    async with http.put(url, json={"does": "explodes"}) as answer:
        assert answer.status == 400
    target = f"{own.url}/phone-network/transfers/+32470"
    async with http.put(target, json={"does": "never_answers"}) as answer:
        assert answer.status == 204


async def test_a_carrier_that_refuses_our_credentials_gives_no_sip_code(
    own: OpenDoor, door: Door, http: aiohttp.ClientSession
) -> None:
    url = f"{own.url}/phone-network/numbers/+32479000043"
    await (await http.put(url, json={"does": "credentials_refused"})).release()
    asked = body(door, sip_call_to="+32479000043", room_name="door-407", wait_until_answered=True)
    status, error = await post(http, own.url + CREATE, asked, door.token())
    assert (status, error["code"], "meta" in error) == (412, "failed_precondition", False)


async def test_a_taken_port_is_one_clear_error(door: Door) -> None:
    upstream = Upstream("http://127.0.0.1:1", "example-key", "example-secret")
    port = int(door.url.rsplit(":", 1)[1])
    with pytest.raises(StackError, match=f"cannot listen on 127.0.0.1:{port}"):
        async with open_door(upstream, port=port):
            pass


async def test_the_command_serves_until_it_is_told_to_stop(
    door: Door, http: aiohttp.ClientSession
) -> None:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "agent.local.phone_network", "--port", str(port)),
        *("--upstream", f"http://{door.livekit.address}"),
        env=child_environment(
            LIVEKIT_API_KEY=door.livekit.api_key, LIVEKIT_API_SECRET=door.livekit.api_secret
        ),
    )
    try:
        async with asyncio.timeout(20):
            while True:
                try:
                    url = f"http://127.0.0.1:{port}/phone-network/healthz"
                    async with http.get(url) as answer:
                        assert (answer.status, await answer.json()) == (200, {"livekit": True})
                    break
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.05)
        os.kill(process.pid, signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
