"""What a process pays for before its call comes."""

import subprocess
import sys

from agent.settings import ROOT

_A_FIRST_REQUEST = """
import sys
from agent.voice.pipeline import warm_up
warm_up()
import openai  # and a client: a process has both before it has a call
client = openai.AsyncOpenAI(api_key="example-password", base_url="http://127.0.0.1:1/v1")
before = set(sys.modules)
client.chat.completions.create, client.audio.speech.create, client.models.list
import anyio._backends._asyncio, openai.lib.streaming.chat
print(*sorted(set(sys.modules) - before))
"""


def test_the_first_request_imports_nothing_more() -> None:
    """It is made on the call's loop: 0.3 s of imports there are 0.3 s in which nobody is heard."""
    run = subprocess.run(
        [sys.executable, "-c", _A_FIRST_REQUEST],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert run.stdout.split() == []
