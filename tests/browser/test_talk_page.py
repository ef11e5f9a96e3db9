"""The page to talk to the agent in a real Chromium, without a call: what goes wrong is told."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.store.database import Database
from tests.browser.page import served
from tests.browser.tab import Browser, Tab, chromium
from tests.integration.dashboard.page import CODE, page_parts

REFUSES = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream=deny")
LENDS = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


@pytest.fixture
async def address(dsn: str, tmp_path: Path) -> AsyncIterator[str]:
    """The page, served."""
    async with Database(dsn) as database, served(page_parts(database, tmp_path)) as here:
        yield here


async def _opened(tab: Tab) -> None:
    await tab.until("document.querySelector('#playbook').options.length")


async def _problem(tab: Tab) -> str:
    await tab.until("!document.querySelector('#problem').hidden", within=30)
    return await tab.text("#problem")


async def test_a_refused_microphone_is_told_and_leaves_the_link_unused(address: str) -> None:
    async with chromium(flags=REFUSES) as browser, browser.tab(f"{address}#{CODE}") as tab:
        await _opened(tab)
        # By keyboard: the first stop is the call, and Enter presses it.
        await tab.press("Tab")
        assert await tab.js("document.activeElement.id") == "call"
        await tab.press("Enter")
        assert "microphone is not allowed" in await _problem(tab)
        assert await tab.text("#state") == "ready"
        assert not await tab.js("document.querySelector('#call').disabled")
        assert await tab.js("location.hash") == f"#{CODE}"
        for dark in (False, True):
            await tab.looks(dark=dark, width=390)
            assert await tab.axe() == []
            assert await tab.js("document.documentElement.scrollWidth") == 390
        assert await tab.violations() == []


async def test_a_link_that_was_used_is_told_so_in_another_browser(address: str) -> None:
    async with chromium(flags=LENDS) as first:
        # LiveKit is away here: that is told, and by then the link is used up.
        assert "LiveKit cannot be reached" in await _called(first, f"{address}#{CODE}")
        # The same browser needs it no more.
        assert "LiveKit cannot be reached" in await _called(first, address)
    async with chromium(flags=LENDS) as second:
        assert "used before" in await _called(second, f"{address}#{CODE}")


async def _called(browser: Browser, link: str) -> str:
    """What is told after a click on Call."""
    async with browser.tab(link) as tab:
        await _opened(tab)
        await tab.click("#call")
        told = await _problem(tab)
        assert await tab.text("#state") == "ready"
        assert await tab.violations() == []
        return told


async def test_without_a_secure_context_the_page_says_what_is_missing(address: str) -> None:
    async with chromium(flags=LENDS) as browser, browser.tab(f"{address}#{CODE}") as tab:
        await _opened(tab)
        await tab.js("Object.defineProperty(globalThis, 'isSecureContext', { value: false }), 1")
        await tab.click("#call")
        assert "over https" in await _problem(tab)
