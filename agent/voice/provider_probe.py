"""One cheap request to each provider, with the models that calls use, and what it came to.

    async with ProviderProbe(settings, "en") as trial:
        await trial.think()
        spoken = await trial.speak("fr")
        heard = await trial.hear(spoken.pcm, "fr")

Plain requests, not the framework's engines: those retry, and put a provider's words into theirs.
Every method raises SettingsError for what a person must change, Unavailable for what may pass.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import TracebackType
from typing import Self

import aiohttp
from livekit.agents import APIError, APIStatusError
from livekit.agents.utils import http_context

from agent.domain.languages import LANGUAGES, language
from agent.errors import CallError, SettingsError, Unavailable
from agent.settings import Settings
from agent.voice.chat_models import LONGEST_REPLY, reasoning_effort
from agent.voice.engines import Engine
from agent.voice.model_ends import announced_end
from agent.voice.recognisers import ALL_LANGUAGES, DEEPGRAM, expect, hints
from agent.voice.voices import SAMPLE_RATE, build_chain, engines, variable

OPENAI = "https://api.openai.com/v1"
_STAND_IN = "X-Stand-In"
"""The header by which the local stack's providers say that they are none."""
_STAND_IN_MODEL = '"model_info": {"name": "stand-in"}'
"""The same, over a WebSocket, whose headers are hard to come by."""
_CHUNK = SAMPLE_RATE // 10 * 2
_SILENCE_SECONDS = 0.5
_SHOWN = 120
_TOOL = {
    "type": "function",
    "function": {
        "name": "note",
        "description": "Keep a note.",
        "parameters": {
            "type": "object",
            "properties": {"text": {"type": "string"}},
            "required": ["text"],
        },
    },
}


@dataclass(frozen=True, slots=True)
class Trialled:
    """What came back. `stand_in`: not from the provider but from the local stack's place-holder."""

    stand_in: bool
    text: str = ""
    pcm: bytes = b""


class ProviderProbe:
    """Use as `async with`; the deadline is the caller's."""

    def __init__(self, settings: Settings, code: str) -> None:
        """`code`: the language of a call, where a method is told none."""
        self._settings = settings
        self._code = code
        self._openai = (settings.openai_base_url or OPENAI).rstrip("/")
        self._deepgram = (settings.deepgram_base_url or DEEPGRAM).rstrip("/")

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.close()

    async def think(self) -> Trialled:
        """Have the language model call a tool, as calls do: without tools it cannot sell."""
        model = self._settings.openai_chat_model
        wrong = f"OPENAI_CHAT_MODEL={model}"
        body: dict[str, object] = {
            "model": model,
            "messages": [{"role": "user", "content": "Keep the note 'hello'."}],
            "tools": [_TOOL],
            "tool_choice": "required",
            "max_completion_tokens": LONGEST_REPLY,
        }
        if effort := reasoning_effort(self._settings, model):
            body["reasoning_effort"] = effort
            wrong += f" with OPENAI_REASONING_EFFORT={effort}"
        stand_in, raw = await self._ask_openai("/chat/completions", body, wrong)
        try:
            message = json.loads(raw)["choices"][0]["message"]
            called = [str(call["function"]["name"]) for call in message.get("tool_calls") or ()]
        except (ValueError, KeyError, IndexError, TypeError, AttributeError):
            raise Unavailable(f"{wrong}: the answer is no completion") from None
        if not called:
            raise SettingsError(f"{wrong} does not call tools: choose another")
        return Trialled(stand_in, called[0])

    async def ends(self) -> date | None:
        """The last day of the language model: the server knows it, else our table. None: no end."""
        model = self._settings.openai_chat_model
        try:
            async with self._http.get(
                f"{self._openai}/models/{model}", headers=self._openai_key
            ) as answer:
                told = json.loads(await answer.read()).get("shutdown_date")
                return date.fromisoformat(told) if told else announced_end(model)
        except (aiohttp.ClientError, OSError, ValueError, TypeError, AttributeError):
            return announced_end(model)  # another server of the protocol need not know

    async def speak(self, code: str | None = None) -> Trialled:
        """Have the test phrase of a language spoken by its first voice."""
        code = code or self._code
        engine, phrase = engines(self._settings, code)[0], language(code).test_phrase
        wrong = f"{variable(code)}={engine}"
        if engine.company == "deepgram":
            stand_in, pcm = await self._deepgram_speaks(engine, phrase, wrong)
        elif engine.company == "openai":
            body = {
                "model": self._settings.openai_speech_model,
                "voice": engine.name,
                "input": phrase,
                "response_format": "pcm",
            }
            wrong += f" with OPENAI_SPEECH_MODEL={self._settings.openai_speech_model}"
            stand_in, pcm = await self._ask_openai("/audio/speech", body, wrong)
        else:
            stand_in, pcm = False, await self._plugin_speaks(code, phrase, wrong)
        if len(pcm) < SAMPLE_RATE:  # half a second
            raise Unavailable(f"{wrong}: the answer holds no speech")
        return Trialled(stand_in, pcm=pcm)

    async def speak_all(self) -> dict[str, Trialled]:
        """The test phrase of every language, by its code."""
        return {code: await self.speak(code) for code in LANGUAGES}

    async def hear(self, pcm: bytes = b"", code: str | None = None) -> Trialled:
        """Have `pcm` recognised, or half a second of silence: what was understood."""
        silence = bytes(int(SAMPLE_RATE * _SILENCE_SECONDS) * 2)
        spoken = self._settings.deepgram_language
        query = [
            ("model", self._settings.deepgram_model),
            ("language", spoken),
            ("encoding", "linear16"),
            ("sample_rate", str(SAMPLE_RATE)),
            ("channels", "1"),
            ("mip_opt_out", "true"),
        ]
        if spoken == ALL_LANGUAGES:
            expected = expect(code or self._code, ())
            query += [("language_hint", hint) for hint in hints(expected)]
        address = re.sub("^http", "ws", f"{self._deepgram}/v1/listen")
        headers = {"Authorization": f"Token {self._settings.deepgram_api_key}"}
        try:
            async with self._http.ws_connect(address, params=query, headers=headers) as socket:
                for start in range(0, len(pcm), _CHUNK):
                    await socket.send_bytes(pcm[start : start + _CHUNK])
                await socket.send_bytes(silence)
                await socket.send_str(json.dumps({"type": "CloseStream"}))
                told = [str(message.data) async for message in socket]
        except aiohttp.WSServerHandshakeError as error:
            wrong = f"DEEPGRAM_MODEL={self._settings.deepgram_model}"
            said = error.headers.get("dg-error", error.message) if error.headers else error.message
            raise _refusal("DEEPGRAM_API_KEY", self._deepgram, error.status, wrong, said) from None
        except (aiohttp.ClientError, OSError) as error:
            raise _away("DEEPGRAM_BASE_URL", self._deepgram, error) from None
        finals = (_final(message) for message in told)
        stand_in = any(_STAND_IN_MODEL in message for message in told)
        return Trialled(stand_in, " ".join(text for text in finals if text))

    @property
    def _openai_key(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._settings.openai_api_key}"}

    async def _ask_openai(
        self, path: str, body: Mapping[str, object], wrong: str
    ) -> tuple[bool, bytes]:
        where = ("OPENAI_API_KEY", "OPENAI_BASE_URL", self._openai)
        return await self._post(where, f"{self._openai}{path}", body, self._openai_key, wrong)

    async def _deepgram_speaks(self, engine: Engine, phrase: str, wrong: str) -> tuple[bool, bytes]:
        root = engine.url or self._deepgram
        query = f"model={engine.name}&encoding=linear16&container=none&sample_rate={SAMPLE_RATE}"
        return await self._post(
            ("DEEPGRAM_API_KEY", "DEEPGRAM_BASE_URL", root),
            f"{root}/v1/speak?{query}&mip_opt_out=true",
            {"text": phrase},
            {"Authorization": f"Token {self._settings.deepgram_api_key}"},
            wrong,
        )

    async def _plugin_speaks(self, code: str, phrase: str, wrong: str) -> bytes:
        """An engine that is not built in, through its plugin."""
        pcm = bytearray()
        async with http_context.open():
            chain = build_chain(self._settings, code)
            try:
                async with chain.voices[0].synthesize(phrase) as sound:
                    async for audio in sound:
                        pcm += audio.frame.data.tobytes()
            except APIStatusError as error:
                key = f"{engines(self._settings, code)[0].company.upper()}_API_KEY"
                raise _refusal(key, "its://server", error.status_code, wrong, "") from None
            except APIError as error:
                raise Unavailable(f"{wrong} does not answer ({type(error).__name__})") from None
            finally:
                await chain.aclose()
        return bytes(pcm)

    async def _post(
        self,
        where: tuple[str, str, str],
        url: str,
        body: Mapping[str, object],
        headers: Mapping[str, str],
        wrong: str,
    ) -> tuple[bool, bytes]:
        """`where`: the variables of key and address, and the address."""
        key, address, root = where
        try:
            async with self._http.post(url, json=body, headers=headers) as answer:
                raw = await answer.read()
                if answer.status != 200:
                    raise _refusal(key, root, answer.status, wrong, _message(raw))
                return _STAND_IN in answer.headers, raw
        except (aiohttp.ClientError, OSError) as error:
            raise _away(address, root, error) from None


def _final(text: str) -> str:
    """The words of a final result; empty for every other message."""
    try:
        message = json.loads(text)
        if message["type"] != "Results" or not message["is_final"]:
            return ""
        return str(message["channel"]["alternatives"][0]["transcript"])
    except (ValueError, KeyError, IndexError, TypeError):
        return ""


def _refusal(key: str, address: str, status: int, wrong: str, said: str) -> CallError:
    """What to change. A provider's words on a key are not repeated: parts of it are in them."""
    host = address.partition("://")[2].partition("/")[0]
    if status in (401, 403):
        return SettingsError(f"{key} is not accepted by {host} ({status}): make a new key there")
    words = " ".join(said.split())[:_SHOWN]
    if status in (400, 404, 422):
        return SettingsError(f"{wrong} is not taken by {host} ({status}: {words}): choose another")
    if status in (402, 429):
        return Unavailable(
            f"{host} gives {key} nothing more ({status}: {words}): look at its quota"
        )
    return Unavailable(f"{host} does not work ({status}: {words}): see its status page")


def _away(variable: str, address: str, error: Exception) -> Unavailable:
    return Unavailable(
        f"{address} does not answer ({type(error).__name__}): check the network and {variable}"
    )


def _message(raw: bytes) -> str:
    """What the body of a refusal says; OpenAI's form, and Deepgram's."""
    try:
        told = json.loads(raw)
        return str(told["err_msg"] if "err_msg" in told else told["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return raw[:_SHOWN].decode(errors="replace")
