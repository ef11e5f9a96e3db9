"""A tab of a headless Chromium, over the DevTools protocol.

async with chromium(microphone=wav) as browser:
    async with browser.tab("http://127.0.0.1:…") as tab:
        await tab.until("document.title === 'Talk to the agent'")
"""

import asyncio
import base64
import contextlib
import itertools
import json
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

NAMES = ("chromium-headless-shell", "chromium", "google-chrome", "chrome")
_STARTS_SECONDS = 30.0
_ANSWERS_SECONDS = 20.0
_LOOK_SECONDS = 0.1
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
    "--autoplay-policy=user-gesture-required",
)


def find_chromium() -> str:
    """Chromium on this machine. Without one the test is skipped, under CI=true it fails."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        why = "no Chromium: apt-get install chromium-headless-shell, or set CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    return found


@dataclass(frozen=True, slots=True)
class Browser:
    """A running Chromium with a profile of its own."""

    port: int
    http: aiohttp.ClientSession

    @asynccontextmanager
    async def tab(self, url: str) -> AsyncIterator["Tab"]:
        """A new tab with that page, closed at the end."""
        async with self.http.put(f"http://127.0.0.1:{self.port}/json/new?about:blank") as made:
            about = await made.json()
        async with self.http.ws_connect(about["webSocketDebuggerUrl"], max_msg_size=0) as socket:
            tab = Tab(socket)
            await tab.ask("Page.enable")
            await tab.ask("Page.addScriptToEvaluateOnNewDocument", source=_COLLECT_VIOLATIONS)
            await tab.ask("Page.navigate", url=url)
            await tab.until("location.href !== 'about:blank' && document.readyState === 'complete'")
            try:
                yield tab
            finally:
                await tab.ask("Page.close")


class Tab:
    """One page. Every wait has an end, and says what it waited for."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)

    async def ask(self, method: str, **given: object) -> dict[str, Any]:
        """One command of the protocol; what it answers."""
        number = next(self._ids)
        await self._socket.send_json({"id": number, "method": method, "params": given})
        async with asyncio.timeout(_ANSWERS_SECONDS):
            while True:
                told = await self._socket.receive_json()
                if told.get("id") == number:
                    break
        assert "error" not in told, f"{method}: {told['error']}"
        result: dict[str, Any] = told["result"]
        return result

    async def js(self, text: str) -> Any:
        """What the expression gives, as if a person had clicked for it; promises are awaited."""
        result = await self.ask(
            "Runtime.evaluate",
            expression=text,
            userGesture=True,
            awaitPromise=True,
            returnByValue=True,
        )
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    async def until(self, condition: str, *, within: float = 15.0) -> None:
        """Return when the expression is true."""
        try:
            async with asyncio.timeout(within):
                while not await self.js(f"Boolean({condition})"):  # noqa: ASYNC110  # its only sign
                    await asyncio.sleep(_LOOK_SECONDS)
        except TimeoutError:
            text = await self.js("document.body.innerText")
            raise AssertionError(f"not within {within:g} s: {condition}\n{text}") from None

    async def click(self, selector: str) -> None:
        """A click on that element."""
        await self.js(f"document.querySelector({json.dumps(selector)}).click()")

    async def text(self, selector: str) -> str:
        """What a person reads there."""
        return str(await self.js(f"document.querySelector({json.dumps(selector)}).innerText"))

    async def press(self, key: str) -> None:
        """One key of the keyboard."""
        code = {"Tab": 9, "Enter": 13, " ": 32}.get(key, ord(key[0]))
        text = {"Tab": "", "Enter": "\r"}.get(key, key)
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if kind == "keyDown" and text else {}
            await self.ask(
                "Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **more
            )

    async def looks(self, *, dark: bool = False, width: int = 1280, height: int = 900) -> None:
        """Show the page in this colour scheme and size from now on."""
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        await self.ask("Emulation.setEmulatedMedia", features=scheme)
        await self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    async def screenshot(self, path: Path) -> None:
        """What is to be seen now, as PNG."""
        shot = await self.ask("Page.captureScreenshot")
        path.write_bytes(base64.b64decode(shot["data"]))

    async def violations(self) -> list[str]:
        """What the page's Content-Security-Policy had to forbid since it was opened."""
        found: list[str] = await self.js("globalThis.__violations")
        return found

    async def axe(self) -> list[str]:
        """Serious and critical findings of axe-core on the page as it is."""
        script = Path(__file__).parent / "vendor" / "axe.min.js"
        await self.js(f"{script.read_text()}; true")
        found = await self.js("axe.run(document).then(result => result.violations)")
        return [
            f"{each['id']}: {node['html'][:100]} {node['failureSummary']}"
            for each in found
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"]
        ]


_COLLECT_VIOLATIONS = """
globalThis.__violations = [];
addEventListener("securitypolicyviolation", (event) =>
  globalThis.__violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


@asynccontextmanager
async def chromium(
    *, microphone: Path | None = None, flags: Sequence[str] = ()
) -> AsyncIterator[Browser]:
    """A browser for the length of the block. `microphone`: a WAV that it hears once, from the
    moment when a page asks for the microphone; None: a page is refused it."""
    sound = (
        (
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={microphone}%noloop",
        )
        if microphone
        else ()
    )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            find_chromium(),
            *(*_FLAGS, *sound, *flags, f"--user-data-dir={profile}", "about:blank"),
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            port = await _port(Path(profile, "DevToolsActivePort"))
            async with aiohttp.ClientSession() as http:
                yield Browser(port, http)
        finally:
            # Debian's command is a shell script with the browser below it: end both.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            await process.wait()


async def _port(file: Path) -> int:
    """Where it listens: the file can be there before its text is."""
    async with asyncio.timeout(_STARTS_SECONDS):
        while not file.exists() or not file.read_text().strip():  # noqa: ASYNC110  # its only sign
            await asyncio.sleep(_LOOK_SECONDS)
    return int(file.read_text().split()[0])
