"""One cheap request to each provider, with the models that calls use, and what it came to.

    async with ProviderProbe(settings, "en") as trial:
        await trial.think()
        spoken = await trial.speak()
        heard = await trial.hear(spoken.pcm)

Plain requests, not the framework's engines: those retry, and put a provider's words into theirs.
Every method raises SettingsError for what a person must change, Unavailable for what may pass.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiohttp

from agent.domain.languages import LANGUAGES
from agent.errors import CallError, SettingsError, Unavailable
from agent.settings import Settings

OPENAI = "https://api.openai.com/v1"
DEEPGRAM = "https://api.deepgram.com"
SAMPLE_RATE = 24_000
"""Of what `speak` returns and `hear` takes: Hz, mono, 16 bit."""

_STAND_IN = "X-Stand-In"
"""The header by which the local stack's providers say that they are none."""
_STAND_IN_MODEL = '"model_info": {"name": "stand-in"}'
"""The same, over a WebSocket, whose headers are hard to come by."""
_CHUNK = SAMPLE_RATE // 10 * 2
_SILENCE_SECONDS = 0.5
_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Trialled:
    """What came back. `stand_in`: not from the provider but from the local stack's place-holder."""

    stand_in: bool
    text: str = ""
    pcm: bytes = b""


class ProviderProbe:
    """Use as `async with`; the deadline is the caller's."""

    def __init__(self, settings: Settings, language: str) -> None:
        self._settings = settings
        self._language = LANGUAGES[language]
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

    @property
    def phrase(self) -> str:
        """What `speak` says."""
        return self._language.test_phrase

    async def think(self) -> Trialled:
        """Ask the language model for one word."""
        name, model = "OPENAI_CHAT_MODEL", self._settings.openai_chat_model
        body = {
            "model": model,
            "messages": [{"role": "user", "content": "Answer with the word OK only."}],
        }
        stand_in, raw = await self._post("/chat/completions", body, f"{name}={model}")
        try:
            text = str(json.loads(raw)["choices"][0]["message"]["content"] or "")
        except (ValueError, KeyError, IndexError, TypeError):
            raise Unavailable(f"{name}={model}: the answer is no completion") from None
        return Trialled(stand_in, text)

    async def speak(self) -> Trialled:
        """Have the phrase of our language spoken."""
        name, model = "OPENAI_SPEECH_MODEL", self._settings.openai_speech_model
        body = {
            "model": model,
            "voice": self._settings.openai_voice,
            "input": self.phrase,
            "response_format": "pcm",
        }
        stand_in, pcm = await self._post("/audio/speech", body, f"{name}={model}")
        if len(pcm) < SAMPLE_RATE:  # half a second
            raise Unavailable(f"{name}={model}: the answer holds no speech")
        return Trialled(stand_in, pcm=pcm)

    async def hear(self, pcm: bytes = b"") -> Trialled:
        """Have `pcm` recognised, or half a second of silence: what was understood."""
        silence = bytes(int(SAMPLE_RATE * _SILENCE_SECONDS) * 2)
        query = {
            "model": self._settings.deepgram_model,
            "language": self._language.recogniser,
            "encoding": "linear16",
            "sample_rate": str(SAMPLE_RATE),
            "channels": "1",
        }
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

    async def _post(self, path: str, body: Mapping[str, object], wrong: str) -> tuple[bool, bytes]:
        headers = {"Authorization": f"Bearer {self._settings.openai_api_key}"}
        try:
            async with self._http.post(
                f"{self._openai}{path}", json=body, headers=headers
            ) as answer:
                raw = await answer.read()
                if answer.status != 200:
                    raise _refusal(
                        "OPENAI_API_KEY", self._openai, answer.status, wrong, _message(raw)
                    )
                return _STAND_IN in answer.headers, raw
        except (aiohttp.ClientError, OSError) as error:
            raise _away("OPENAI_BASE_URL", self._openai, error) from None


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
    try:
        return str(json.loads(raw)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return raw[:_SHOWN].decode(errors="replace")
