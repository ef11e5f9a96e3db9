"""Speech both ways, through the real OpenAI and Deepgram plugins."""

import asyncio
import json
import re
import time
from dataclasses import dataclass, field

import aiohttp
import numpy as np
import pytest
from livekit import rtc
from livekit.agents import APIConnectOptions, APIError
from livekit.agents.stt import SpeechEventType
from livekit.plugins import deepgram, openai
from openai import AsyncClient

from agent.local.customers.lines import prepare_lines
from agent.local.providers.recognition import Pcm
from agent.local.scenarios.scenario import Scenario, find_scenario, scenario_names
from tests.integration.local.providers.conftest import Server, over_the_phone, saying, spoken

ONCE = APIConnectOptions(max_retry=0, timeout=2.0)
PATIENT_S = 20.0


@dataclass
class Heard:
    finals: list[str] = field(default_factory=list)
    interims: list[str] = field(default_factory=list)
    events: list[SpeechEventType] = field(default_factory=list)


def listener(server: Server) -> deepgram.STT:
    return deepgram.STT(
        base_url=f"{server.root}/deepgram/v1/listen",
        api_key="example-key",
        language="en-US",
    )


async def recognise(stt: deepgram.STT, pcm: Pcm, *, pace: float = 0.0) -> Heard:
    """Stream `pcm` in 20 ms frames, `pace` seconds apart (0: as fast as it goes)."""
    heard = Heard()
    stream = stt.stream(conn_options=ONCE)

    async def push() -> None:
        for start in range(0, len(pcm) - 319, 320):
            frame = pcm[start : start + 320].tobytes()
            stream.push_frame(rtc.AudioFrame(frame, 16000, 1, 320))
            await asyncio.sleep(pace)
        stream.end_input()

    pushing = asyncio.create_task(push())
    try:
        async with asyncio.timeout(PATIENT_S):
            async for event in stream:
                heard.events.append(event.type)
                if event.type is SpeechEventType.FINAL_TRANSCRIPT:
                    heard.finals.append(event.alternatives[0].text)
                elif event.type is SpeechEventType.INTERIM_TRANSCRIPT:
                    heard.interims.append(event.alternatives[0].text)
    finally:
        pushing.cancel()
        await asyncio.gather(pushing, return_exceptions=True)
        await stream.aclose()
        await stt.aclose()
    return heard


def words(text: str) -> list[str]:
    """What was said, however the recogniser writes it."""
    written = text.lower().replace("two thousand", "2000").replace("three", "3")
    return re.findall(r"[a-z0-9']+", written.replace("aha", "uh-huh"))


async def finals(server: Server, pcm: Pcm, **query: str) -> list[str]:
    """The final results for `pcm`, by the bare protocol: the plugin ends its streams slowly."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{server.root}/deepgram/v1/listen", params=query) as socket,
    ):
        assert socket._response.headers["X-Stand-In"] == "listen"
        for start in range(0, len(pcm), 1600):
            await socket.send_bytes(pcm[start : start + 1600].tobytes())
        await socket.send_json({"type": "CloseStream"})
        async with asyncio.timeout(PATIENT_S):
            messages = [json.loads(message.data) async for message in socket]
    assert messages[-1]["type"] == "Metadata"
    results = [message for message in messages if message["type"] == "Results"]
    assert all(result["is_final"] for result in results)
    texts = [result["channel"]["alternatives"][0]["transcript"] for result in results]
    return [text for text in texts if text]


LINES = [
    pytest.param(scenario, line, id=f"{scenario.name}: {line}")
    for scenario in map(find_scenario, scenario_names())
    for line in scenario.lines()
]


@pytest.mark.parametrize(("scenario", "line"), LINES)
async def test_every_line_of_every_customer_is_understood_over_the_phone(
    server: Server, scenario: Scenario, line: str
) -> None:
    heard = await finals(server, await spoken(server, line))
    assert words(" ".join(heard)) == words(line), heard
    assert len(heard) == 1, "one breath: an agent must not answer half a sentence"


async def test_speech_gives_start_interim_final_and_end(server: Server) -> None:
    pcm = await spoken(server, "I would like to know more about your home battery.")
    heard = await recognise(listener(server), pcm, pace=0.02)
    assert heard.events[0] is SpeechEventType.START_OF_SPEECH
    assert heard.interims
    assert heard.finals == ["I would like to know more about your home battery."]
    assert SpeechEventType.END_OF_SPEECH in heard.events


async def test_a_longer_endpointing_keeps_a_pause_inside_the_utterance(server: Server) -> None:
    first, second = [await spoken(server, line) for line in ("I own my house.", "I see.")]
    both = np.concatenate([first[: len(first) - 16000 + 8000], second])
    assert len(await finals(server, both, endpointing="300")) == 2
    assert len(await finals(server, both, endpointing="900")) == 1


async def test_eight_kilohertz_is_heard_as_well(server: Server) -> None:
    pcm = await spoken(server, "I own my house.")
    assert await finals(server, pcm[::2], sample_rate="8000") == ["I own my house."]


async def test_quiet_and_a_tone_are_no_words(server: Server) -> None:
    seconds = np.arange(2 * 16000) / 16000
    tone = (6000 * np.sin(2 * np.pi * 425 * seconds)).astype(np.int16)
    assert await finals(server, np.concatenate([np.zeros(16000, np.int16), tone])) == []


async def test_words_still_being_spoken_at_the_end_are_not_lost(server: Server) -> None:
    pcm = await spoken(server, "I own my house.")
    assert await finals(server, pcm[:-16000]) == ["I own my house."]


async def test_half_a_minute_without_a_pause_comes_in_pieces(server: Server) -> None:
    pcm = await spoken(server, "I would like to know more about your home battery")
    without_pause = np.tile(pcm[:-16000], 12)[: 32 * 16000]
    heard = await finals(server, without_pause)
    assert len(heard) >= 2
    assert sum("battery" in final for final in heard) >= 2


async def test_a_listener_that_is_refused_says_so(server: Server) -> None:
    await server.put("/stand-in/faults", {"listen": "refuse"})
    with pytest.raises(APIError):
        await recognise(listener(server), np.zeros(16000, np.int16))


async def test_a_listener_that_hangs_gives_nothing(server: Server) -> None:
    await server.put("/stand-in/faults", {"listen": "hang"})
    with pytest.raises(APIError):
        await recognise(listener(server), np.zeros(16000, np.int16))


async def test_a_listener_is_thrown_out_when_its_provider_goes_down(server: Server) -> None:
    listening = asyncio.create_task(
        recognise(listener(server), np.zeros(10 * 16000, np.int16), pace=0.02)
    )
    async with asyncio.timeout(5):
        while not await connected(server):
            pass  # each look is a request: it does not spin
    await server.put("/stand-in/faults", {"listen": "refuse"})
    with pytest.raises(APIError):
        await listening


async def connected(server: Server) -> bool:
    async with aiohttp.ClientSession() as session, session.get(f"{server.root}/stand-in") as state:
        return bool((await state.json())["listening"])


def voice(server: Server, name: str = "ash") -> openai.TTS:
    return openai.TTS(
        model="gpt-4o-mini-tts",
        voice=name,
        base_url=f"{server.root}/v1",
        api_key="example-key",
        response_format="pcm",
    )


async def synthesise(tts: openai.TTS, text: str) -> tuple[float, rtc.AudioFrame]:
    """Seconds until the first audio, and all of it."""
    began, first, frames = time.monotonic(), 0.0, []
    try:
        async with tts.synthesize(text, conn_options=ONCE) as stream:
            async for audio in stream:
                first = first or time.monotonic() - began
                frames.append(audio.frame)
    finally:
        await tts.aclose()
    return first, rtc.combine_audio_frames(frames)


async def test_the_plugin_gets_speech_of_a_believable_length(server: Server) -> None:
    _, audio = await synthesise(voice(server), "How can I help you today?")
    assert audio.sample_rate == 24000
    assert 1.0 < audio.duration < 3.0


async def test_agent_and_customer_have_different_voices(server: Server) -> None:
    _, agent = await synthesise(voice(server), "How can I help you today?")
    _, customer = await synthesise(voice(server, "pico:en-GB"), "How can I help you today?")
    assert abs(agent.duration - customer.duration) > 0.01


async def test_latency_is_the_time_to_the_first_byte(server: Server) -> None:
    await synthesise(voice(server), "Hello.")
    await server.put("/stand-in/latency", {"tts_ms": 400})
    first, _ = await synthesise(voice(server), "Hello.")
    assert 0.4 <= first < 0.9


@pytest.mark.parametrize("fault", ["refuse", "garbage"])
async def test_broken_speech_is_an_error_and_never_noise(server: Server, fault: str) -> None:
    await server.put("/stand-in/faults", {"speech": fault})
    with pytest.raises(APIError):
        await synthesise(voice(server), "Hello.")


async def test_customers_speak_and_hear_while_the_agents_providers_fail(server: Server) -> None:
    await server.put("/stand-in/faults", {"speech": "refuse", "listen": "refuse"})
    assert len(await spoken(server, "Hello.")) > 16000


async def test_a_recording_is_transcribed_whole(server: Server) -> None:
    pcm = await spoken(server, "I own my house.")
    client = AsyncClient(base_url=f"{server.root}/v1", api_key="example-key")
    sound = rtc.combine_audio_frames(rtc.AudioFrame(pcm.tobytes(), 16000, 1, len(pcm)))
    heard = await client.audio.transcriptions.create(
        file=("audio.wav", sound.to_wav_bytes()), model="whisper-1"
    )
    await client.close()
    assert heard.text == "I own my house."


def test_saying_makes_a_customer_of_one_line() -> None:
    assert saying("Yes.").lines() == ("Yes.",)


@pytest.mark.parametrize(
    ("voice", "language", "line"),
    [
        ("pico:fr-FR", "fr", "Bonjour, combien coûte la batterie ?"),
        ("pico:nl-NL", "nl", "Ja, ik ben eigenaar. Bel mij morgen terug."),
        ("pico:de-DE", "de", "Guten Tag, rufen Sie mich bitte nicht mehr an."),
    ],
)
async def test_a_customers_line_in_another_language_comes_as_its_text_and_says_so(
    server: Server, voice: str, language: str, line: str
) -> None:
    """No offline model hears these; that it is no recognition stands in each answer."""
    pcm = over_the_phone(await prepare_lines(saying(line, voice), server.root), line)
    told: list[dict[str, object]] = []
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(
            f"{server.root}/deepgram/v1/listen", params={"language": "multi"}
        ) as socket,
    ):
        await socket.send_bytes(pcm.tobytes())
        await socket.send_str(json.dumps({"type": "CloseStream"}))
        async for message in socket:
            result = json.loads(message.data)
            if result["type"] == "Results" and result["is_final"]:
                told.append(result)
    best = [result["channel"]["alternatives"][0] for result in told]  # type: ignore[index]  # JSON
    assert " ".join(each["transcript"] for each in best) == line
    assert all(each["languages"] == [language] for each in best)
    assert all(result["metadata"]["by_text"] for result in told)  # type: ignore[index]  # JSON
