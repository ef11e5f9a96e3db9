"""Phones in real rooms: what they hear, say and press, and how their calls end."""

import asyncio
import time

import aiohttp
import numpy as np
import pytest
from livekit import api
from livekit.protocol.sip import CreateSIPParticipantRequest

from agent.errors import Unavailable
from agent.local.phone_network.behaviours import Answers, NeverAnswers, TransferAccepted
from agent.local.phones.g711 import Samples, loudness
from agent.local.phones.phone import EndOfCall, HeardFrame, Phone
from tests.integration.local.phone_network.conftest import OURS, Door

pytestmark = pytest.mark.asyncio(loop_scope="package")


def tone(seconds: float, hertz: float = 500, rate: int = 16000) -> bytes:
    at = np.arange(int(rate * seconds)) / rate
    return (9000 * np.sin(2 * np.pi * hertz * at)).astype(np.int16).tobytes()


async def hears(phone: Phone, hertz: float, timeout: float = 5) -> None:
    """Return when a loud tone of `hertz` comes out of the phone."""

    async def listening() -> None:
        async for frame in phone.listen():
            samples = np.frombuffer(frame.pcm, np.int16)
            if loudness(samples) > 2000 and abs(pitch(samples) - hertz) <= 50:
                return
        raise AssertionError("the call ended first")

    await asyncio.wait_for(listening(), timeout)


def pitch(samples: Samples) -> float:
    return float(np.abs(np.fft.rfft(samples.astype(float))).argmax() * 16000 / len(samples))


async def collect(phone: Phone, into: list[HeardFrame]) -> None:
    async for frame in phone.listen():
        into.append(frame)


async def test_an_inbound_call_turns_active_only_with_the_agents_track(door: Door) -> None:
    phone = await door.network.place_call(caller="+32470000001", callee=OURS)
    async with door.witness(phone.room_name) as agent:
        with pytest.raises(TimeoutError):
            await phone.wait_active(0.5)
        published = time.monotonic()
        await agent.publish()
        await phone.wait_active(5)
        assert phone.answered_at is not None
        assert phone.answered_at > published
        await agent.sees(lambda w: "active" in w.statuses(phone.identity), "active")
    await phone.hang_up()


async def test_the_rules_agent_is_dispatched_to_the_calls_room(door: Door) -> None:
    phone = await door.network.place_call(caller="+32470000002", callee=OURS)
    dispatches = await door.lk.agent_dispatch.list_dispatch(phone.room_name)
    assert [(d.agent_name, d.metadata) for d in dispatches] == [("nobody", "hello")]
    await phone.hang_up()


async def test_phone_and_agent_hear_each_other_and_the_phone_measures_it(door: Door) -> None:
    phone = await door.network.place_call(caller="+32470000003", callee=OURS)
    frames: list[HeardFrame] = []
    collecting = asyncio.create_task(collect(phone, frames))
    async with door.witness(phone.room_name, speaks=True) as agent:
        await phone.wait_active(5)
        await asyncio.gather(hears(phone, 700), agent.tone(0.8))
        first = phone.measurements.first_agent_audio_at
        assert first is not None

        await agent.sees(lambda w: bool(w.of("track")), "the phone's track")
        began = time.monotonic()
        await phone.say(tone(1.0))
        assert 0.9 < time.monotonic() - began < 2.5
        await agent.sees(lambda w: w.loudest > 2000, "the phone's voice")
        await asyncio.gather(hears(phone, 700), agent.tone(0.6))
        await phone.hang_up()
    await asyncio.wait_for(collecting, 2)
    assert len(phone.measurements.heard_latencies) == 1
    assert 0 < phone.measurements.heard_latencies[0] < 2
    assert phone.measurements.longest_silence < 5
    assert {len(frame.pcm) for frame in frames} == {640}
    lasted = frames[-1].at - frames[0].at
    assert len(frames) == pytest.approx(lasted / 0.02, abs=30), "a frame every 20 ms"
    assert any(loudness(np.frombuffer(f.pcm, np.int16)) == 0 for f in frames) or (
        min(loudness(np.frombuffer(f.pcm, np.int16)) for f in frames) < 20
    ), "silence is frames too"


async def test_what_is_left_to_say_can_be_cut(door: Door) -> None:
    phone = await door.network.place_call(caller="+32470000004", callee=OURS)
    async with door.witness(phone.room_name, speaks=True) as agent:
        await phone.wait_active(5)
        saying = asyncio.create_task(phone.say(tone(20)))
        await agent.sees(lambda w: w.loudest > 2000, "the phone's voice")
        phone.stop_saying()
        await asyncio.wait_for(saying, 1)
        silent_from = time.monotonic() + 0.5
        await agent.sees(
            lambda w: bool(w.heard) and w.heard[-1][0] > silent_from and w.heard[-1][1] < 200,
            "silence",
        )
    await phone.hang_up()


async def test_two_callers_at_once_never_hear_each_other(door: Door) -> None:
    one, two = await asyncio.gather(
        door.network.place_call(caller="+32470000005", callee=OURS),
        door.network.place_call(caller="+32470000006", callee=OURS),
    )
    assert one.room_name != two.room_name
    async with (
        door.witness(one.room_name, speaks=True) as first,
        door.witness(two.room_name, speaks=True) as second,
    ):
        await asyncio.gather(one.wait_active(5), two.wait_active(5))
        heard_by_two: list[HeardFrame] = []
        collecting = asyncio.create_task(collect(two, heard_by_two))
        await asyncio.gather(one.say(tone(0.6)), hears(one, 700), first.tone(0.8))
        await first.sees(lambda w: w.loudest > 2000, "the first caller's voice")
        assert second.loudest < 200
        await asyncio.gather(one.hang_up(), two.hang_up())
        await collecting
    assert heard_by_two
    assert max(loudness(np.frombuffer(f.pcm, np.int16)) for f in heard_by_two) < 200


async def test_keys_go_both_ways(door: Door) -> None:
    phone = await door.network.place_call(caller="+32470000007", callee=OURS)
    async with door.witness(phone.room_name, speaks=True) as agent:
        await phone.wait_active(5)
        await phone.press("1*#")
        await agent.sees(lambda w: len(w.of("dtmf")) == 3, "three keys")
        assert [(e.attributes["digit"], e.kind) for e in agent.of("dtmf")] == [
            ("1", 1),
            ("*", 10),
            ("#", 11),
        ]
        await agent.room.local_participant.publish_dtmf(code=9, digit="9")
        assert await asyncio.wait_for(anext(phone.pressed), 5) == "9"
    await phone.hang_up()


async def test_a_ringing_call_is_given_up_by_the_network_after_its_timeout(door: Door) -> None:
    phone = await door.network.place_call(caller="+32470000008", callee=OURS, ringing_timeout=0.4)
    assert await phone.wait_ended(5) == EndOfCall("us", "rang_out")
    with pytest.raises(Unavailable, match="rang_out"):
        await phone.wait_active(1)


@pytest.mark.parametrize("answered", [False, True])
async def test_the_phone_hangs_up_when_its_room_is_deleted(door: Door, answered: bool) -> None:
    phone = await door.network.place_call(caller="+32470000009", callee=OURS)
    async with door.witness(phone.room_name, speaks=answered):
        if answered:
            await phone.wait_active(5)
        saying = asyncio.create_task(phone.say(tone(30)))
        await door.lk.room.delete_room(api.DeleteRoomRequest(room=phone.room_name))
        end = await phone.wait_ended(5)
        assert (end.by, phone.status) == ("them", "hangup")
        assert end.reason in ("ROOM_DELETED", "PARTICIPANT_REMOVED")
        await asyncio.wait_for(saying, 1)


async def dial(door: Door, room: str, number: str, **more: str) -> asyncio.Task[object]:
    request = CreateSIPParticipantRequest(
        sip_trunk_id=door.trunk_id,
        sip_call_to=number,
        room_name=room,
        wait_until_answered=True,
        headers=more,
    )
    return asyncio.create_task(door.lk.sip.create_sip_participant(request, timeout=20))


async def test_a_number_is_answered_by_its_person_who_hears_nothing_before(door: Door) -> None:
    met: list[Phone] = []

    async def person(phone: Phone) -> None:
        met.append(phone)
        await hears(phone, 700)

    door.network.on_outbound("+32479 00 00 10", Answers(after=0.5, handler=person))
    async with door.witness("out-person", speaks=True) as agent:
        dialling = await dial(door, "out-person", "+32479000010", **{"X-Call-Id": "call-7"})
        talking = asyncio.create_task(agent.tone(2.5))
        await dialling
        [phone] = met
        assert phone.answered_at is not None
        assert phone.headers == {"X-Telnyx-Username": "example-user", "X-Call-Id": "call-7"}
        assert phone.identity == "sip_+32479000010"
        # The person leaves after hearing us, and nobody has to tell the phone to hang up.
        assert (await phone.wait_ended(10)).reason == "hung_up"
        first = phone.measurements.first_agent_audio_at
        assert first is not None
        assert first >= phone.answered_at
        talking.cancel()


async def test_a_client_that_stops_waiting_leaves_the_phone_ringing(
    door: Door, http: aiohttp.ClientSession
) -> None:
    door.network.on_outbound("+32479000011", NeverAnswers())
    dialling = await dial(door, "out-abandoned", "+32479000011")
    async with door.witness("out-abandoned") as witness:
        await witness.sees(lambda w: "ringing" in w.statuses("sip_+32479000011"), "ringing")
        dialling.cancel()
        await asyncio.gather(dialling, return_exceptions=True)
        phone = door.network.find("out-abandoned", "sip_+32479000011")
        assert phone is not None
        with pytest.raises(TimeoutError):
            await phone.wait_ended(0.3)
        await door.lk.room.delete_room(api.DeleteRoomRequest(room="out-abandoned"))
        assert (await phone.wait_ended(5)).by == "them"


async def test_a_transferred_phone_leaves_the_room(door: Door) -> None:
    door.network.on_outbound("+32479000012", Answers(after=0, rings=False))
    door.network.on_transfer("+32470999999", TransferAccepted())
    async with door.witness("out-transfer") as witness:
        await (await dial(door, "out-transfer", "+32479000012"))
        done = await door.lk.sip.transfer_sip_participant(
            api.TransferSIPParticipantRequest(
                participant_identity="sip_+32479000012",
                room_name="out-transfer",
                transfer_to="tel:+32470999999",
            )
        )
        assert done.status == 0
        await witness.sees(lambda w: bool(w.of("disconnected")), "the end")
        assert witness.of("disconnected")[0].reason == "CLIENT_INITIATED"
        assert witness.statuses("sip_+32479000012")[-1] == "hangup"


async def test_a_persons_mistake_hangs_the_phone_up(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    async def clumsy(phone: Phone) -> None:
        raise ZeroDivisionError

    door.network.on_outbound("+32479000013", Answers(after=0, handler=clumsy))
    await (await dial(door, "out-clumsy", "+32479000013"))
    [phone] = [phone for phone in door.network.calls if phone.room_name == "out-clumsy"]
    assert (await phone.wait_ended(5)).reason == "hung_up"
    assert "person_on_the_phone_failed" in caplog.text
