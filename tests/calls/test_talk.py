"""Somebody talks to the agent in a real Chromium, from the link of `talk` to the row."""

import asyncio
import re
import sys
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent.domain.calls import CallOrigin, Speaker
from agent.domain.dispositions import Disposition
from agent.settings import ROOT
from agent.store.calls import CallDetail
from agent.store.opt_outs import OptOutList
from agent.telephony.browser_caller import BrowserCaller
from tests.browser.page import served
from tests.browser.tab import Tab, chromium
from tests.calls.call_centre import CallCentre, Line
from tests.calls.outbound import command
from tests.calls.speech import words
from tests.integration.dashboard.page import CODE, page_parts

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="package")]

QUESTION = "Am I talking to a robot?"
_QUIET_SECONDS = 12
"""From the click, and between two times: after the greeting, before "Are you still there?"."""


async def test_a_browser_hears_the_disclosure_asks_hangs_up_and_sees_what_came_of_it(
    line: Line, centre: CallCentre
) -> None:
    microphone = await _microphone(centre)
    async with (
        _talk(centre, line) as link,
        chromium(microphone=microphone) as browser,
        browser.tab(link) as tab,
    ):
        await tab.until("document.querySelector('#playbook').value === 'short'")
        await tab.click("#call")
        await tab.until(_state("talking"), within=60)
        await tab.until(_said("agent", "help you"), within=60)
        await tab.until(_said("agent", "artificial intelligence"), within=60)
        # The worker's own figure of the wait comes with the row; the page's with the sound.
        await tab.until("document.querySelector('#measured').innerText.includes(' s')", within=30)
        await tab.until("document.querySelector('#heard').innerText.includes(' s')")
        await tab.click("#call")
        asked = await _shown(tab, centre, "hung up")
        await tab.until("!document.querySelector('#player').hidden", within=40)
        await tab.until("document.querySelector('#player').duration > 5")
        for dark in (False, True):
            await tab.looks(dark=dark, width=390)
            assert await tab.axe() == []
            assert await tab.js("document.documentElement.scrollWidth") == 390

        # The same browser needs no other link; key 9 is nobody's opt-out: no number is known.
        await tab.click("#call")
        await tab.until(_state("talking"), within=60)
        await tab.click("#keys button[value='9']")
        opted_out = await _shown(tab, centre, "do not call")
        assert await tab.violations() == []

    asked = await centre.store.show(asked.record.id)  # the recording came after the outcome
    for call, disposition in (
        (asked, Disposition.HUNG_UP),
        (opted_out, Disposition.DO_NOT_CALL),
    ):
        assert call.record.origin is CallOrigin.BROWSER
        assert call.record.outcome is not None
        assert call.record.outcome.disposition is disposition
        assert (call.record.from_number, call.record.to_number) == ("", line.number)
    assert asked.record.disclosed_at is not None
    heard = " ".join(turn.text for turn in asked.turns if turn.speaker is Speaker.CALLER)
    assert "robot" in words(heard)
    assert asked.record.recording is not None
    opted = (await OptOutList(centre.database).page(limit=100)).opt_outs
    assert not [each for each in opted if each.number in ("", line.number)]
    assert asked.record.id not in {record.id for record in await centre.store.recent(1000)}
    listed = await command(centre.environment, "calls", "--origin", "browser")
    assert str(asked.record.id)[:8] in listed.stdout


@pytest.mark.call(0)
async def test_where_no_agent_comes_the_page_says_so_after_twenty_seconds(
    centre: CallCentre,
) -> None:
    rooms = centre.livekit.room
    nobody = BrowserCaller(rooms.api_key, rooms.api_secret, "an-agent-of-nobody", "+3226010500")
    url = centre.environment["LIVEKIT_URL"]
    parts = page_parts(centre.database, centre.folder, livekit_url=url, caller=nobody)
    async with (
        served(parts) as address,
        chromium(microphone=await _microphone(centre)) as browser,
        browser.tab(f"{address}#{CODE}") as tab,
    ):
        await tab.until("document.querySelector('#playbook').options.length")
        await tab.click("#call")
        await tab.until(_state("calling"))
        await tab.until("!document.querySelector('#problem').hidden", within=40)
        assert "No agent came" in await tab.text("#problem")
        assert await tab.text("#state") == "ready"


def _state(name: str) -> str:
    return f"document.querySelector('#talk').dataset.state === '{name}'"


def _said(who: str, words: str) -> str:
    lines = f"[...document.querySelectorAll('#captions .{who}')]"
    return f"{lines}.some((line) => line.innerText.includes('{words}'))"


async def _shown(tab: Tab, centre: CallCentre, outcome: str) -> CallDetail:
    """The call whose outcome the page shows, as the database has it."""
    await tab.until(_state("over"), within=60)
    await tab.until(f"document.querySelector('#facts').innerText.includes('{outcome}')", within=40)
    shown = re.search(r"calls show (\w+)", await tab.text("#facts"))
    assert shown is not None
    return await centre.store.show(shown[1])


async def _microphone(centre: CallCentre) -> Path:
    """What the browser hears: the question, when the agent has finished its first words."""
    path = centre.folder / "microphone.wav"
    pcm, rate = await centre.speech.spoken(QUESTION)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        # Said again, if the agent did not understand it on a busy machine.
        file.writeframes((bytes(2 * rate * _QUIET_SECONDS) + pcm) * 3 + bytes(2 * rate * 60))
    return path


@asynccontextmanager
async def _talk(centre: CallCentre, line: Line) -> AsyncIterator[str]:
    """The command, which finds the line's worker running; its link."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, ROOT / "agent.py", "talk", "--no-open", "--playbook", "short"),
        env={
            **centre.environment,
            "AGENT_NAME": f"agent-{line.number[1:]}",
            "PHONE_NUMBER": line.number,
            "RECORDINGS_DIR": str(line.recordings),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            while not (found := re.search(rb"http://\S+", await process.stdout.readline())):
                assert process.returncode is None, "the command has ended without a link"
        yield found[0].decode()
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 30) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
