"""What a worker imports of OpenAI: its first seconds and its memory depend on it."""

import subprocess
import sys

from agent.settings import ROOT

_LOOK = """
import sys
import agent.wiring.worker, agent.wiring.preload
from agent.voice.openai_plugin import openai
from livekit.agents import Plugin
assert openai.LLM and openai.TTS
for plugin in Plugin.registered_plugins:
    __import__(plugin.package)  # as the framework does in the forkserver, before our preload
assert "livekit.plugins.openai" not in [plugin.package for plugin in Plugin.registered_plugins]
print(*sorted(name for name in sys.modules if name.startswith("openai.types.beta")))
"""


def test_neither_worker_nor_forkserver_loads_the_types_of_openais_realtime_api() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _LOOK], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert not ran.stdout.split(), "who imports livekit.plugins.openai directly?"
