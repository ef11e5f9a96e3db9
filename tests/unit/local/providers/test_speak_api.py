"""Deepgram's speech protocol as the stand-in speaks it, heard through Deepgram's own plugin."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from livekit.agents import APIConnectOptions, APIError, APITimeoutError
from livekit.plugins import deepgram

from agent.local.providers.faults import Behaviour, CountedFault, Fault, FaultOrder, Latency
from agent.local.providers.speak_api import SpeakApi, voice_of
from agent.voice.voice_chain import VoiceChain
from tests.scripted_voices import ScriptedVoice, Speaks

SECOND = b"\x01\x02" * 24_000


class OneSecond:
    """A voice that says everything in a second."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    async def speak(self, text: str, voice: str, speed: float = 1.0) -> AsyncIterator[bytes]:
        self.said.append((text, voice))
        yield SECOND


class StandIn:
    """The stand-in's speech on a port of its own."""

    def __init__(self, voices: OneSecond, behaviour: Behaviour) -> None:
        self.voices = voices
        self.behaviour = behaviour
        self.api = SpeakApi(voices, behaviour)  # type: ignore[arg-type]  # the part that is used
        self.connections: set[object] = set()
        self.url = ""

    async def fail(self, **order: Fault | CountedFault) -> None:
        self.behaviour.order(FaultOrder(**order))
        await self.api.faults_changed()


@pytest.fixture
async def stand_in() -> AsyncIterator[StandIn]:
    made = StandIn(OneSecond(), Behaviour(Latency()))

    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        made.connections.add(request.transport)
        return await handler(request)

    app = web.Application(middlewares=[count])
    app.add_routes(made.api.routes())
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        made.url = f"http://{host}:{port}/deepgram/v1/speak"
        yield made
    finally:
        await runner.cleanup()


@pytest.fixture
async def voice(stand_in: StandIn) -> AsyncIterator[deepgram.TTS]:
    async with aiohttp.ClientSession() as session:
        engine = deepgram.TTS(
            model="aura-2-rhea-nl",
            api_key="example-key",
            base_url=stand_in.url,
            http_session=session,
        )
        yield engine
        await engine.aclose()


async def said(voice: deepgram.TTS, text: str) -> bytes:
    """What the plugin makes of a sentence, over its WebSocket."""
    pcm = b""
    async with voice.stream(conn_options=APIConnectOptions(max_retry=0, timeout=0.5)) as stream:
        stream.push_text(text)
        stream.end_input()
        async for audio in stream:
            pcm += audio.frame.data.tobytes()
    return pcm


async def test_sentences_are_spoken_one_after_the_other_over_one_connection(
    stand_in: StandIn, voice: deepgram.TTS
) -> None:
    for sentence in ("Goedemorgen, met Robin.", "Ik bel over uw panelen.", "Past dat?"):
        assert await said(voice, sentence) == SECOND
    assert [text for text, _ in stand_in.voices.said] == [
        "Goedemorgen, met Robin.",
        "Ik bel over uw panelen.",
        "Past dat?",
    ]
    assert {spoken_by for _, spoken_by in stand_in.voices.said} == {"agent:nl"}
    assert len(stand_in.connections) == 1


async def test_a_connection_that_was_closed_while_idle_is_not_a_voice_that_failed(
    stand_in: StandIn, voice: deepgram.TTS
) -> None:
    """The plugin does not notice until it speaks; the next sentence must not change the voice."""
    chain = VoiceChain([voice, ScriptedVoice(1000, Speaks())])
    for sentence in ("Goedemorgen.", "Past dat?"):
        async with chain.synthesize(sentence) as sound:
            pcm = b"".join([audio.frame.data.tobytes() async for audio in sound])
        assert pcm.startswith(SECOND)
        await stand_in.api.close()
    assert len(stand_in.connections) == 2


async def test_a_whole_text_is_spoken_over_http(stand_in: StandIn, voice: deepgram.TTS) -> None:
    async with voice.synthesize("Goedemorgen.") as sound:
        pcm = b"".join([audio.frame.data.tobytes() async for audio in sound])
    assert pcm.startswith(SECOND)


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Fault.REFUSE, APIError), (Fault.GARBAGE, APIError), (Fault.HANG, APITimeoutError)],
)
async def test_a_fault_is_one_for_the_plugin_and_ends_when_it_was_counted(
    stand_in: StandIn, voice: deepgram.TTS, fault: Fault, error: type[APIError]
) -> None:
    assert await said(voice, "Een.") == SECOND, "the connection is open already"
    await stand_in.fail(speech=CountedFault(fault=fault, count=1))
    with pytest.raises(error):
        await said(voice, "Twee.")
    assert await said(voice, "Drie.") == SECOND


async def test_a_provider_that_goes_down_takes_connections_and_lets_nobody_in(
    stand_in: StandIn, voice: deepgram.TTS
) -> None:
    assert await said(voice, "Een.") == SECOND
    await stand_in.fail(speech=Fault.REFUSE)
    for _ in range(2):
        with pytest.raises(APIError):
            await said(voice, "Twee.")
    await stand_in.fail(speech=Fault.OK)
    assert await said(voice, "Drie.") == SECOND


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("model=gpt-voice", "no such model: gpt-voice"),
        ("", "no such model"),
        ("model=aura-2-rhea-nl&encoding=mp3", "encoding mp3"),
        ("model=aura-2-rhea-nl&sample_rate=8000", "sample_rate 8000"),
    ],
)
async def test_what_cannot_be_spoken_is_refused_as_deepgram_words_it(
    stand_in: StandIn, query: str, told: str
) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{stand_in.url}?{query}", json={"text": "Hallo."}) as answer:
            assert answer.status == 400
            assert told in (await answer.json())["err_msg"]
            assert answer.headers["X-Stand-In"] == "speech"
        with pytest.raises(aiohttp.WSServerHandshakeError) as raised:
            await session.ws_connect(f"{stand_in.url}?{query}")
    assert raised.value.headers is not None
    assert told in raised.value.headers["dg-error"]


async def test_messages_that_are_none_are_answered_and_cleared_words_are_not_spoken(
    stand_in: StandIn,
) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{stand_in.url}?model=aura-2-thalia-en") as socket,
    ):
        assert (await socket.receive_json())["type"] == "Metadata"
        await socket.send_str("{")
        assert (await socket.receive_json())["type"] == "Error"
        await socket.send_json({"type": "Speak", "text": "Never mind."})
        await socket.send_json({"type": "Clear"})
        assert (await socket.receive_json())["type"] == "Cleared"
        await socket.send_json({"type": "Flush"})
        assert await socket.receive_json() == {"type": "Flushed", "sequence_id": 0}
        await socket.send_json({"type": "Close"})
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
    assert stand_in.voices.said == []


def test_the_voice_of_a_model_is_that_of_its_language() -> None:
    assert voice_of("aura-2-agathe-fr") == "agent:fr"
