"""LiveKit's OpenAI plugin without what we never use of it: its realtime models and its recogniser.

Importing the plugin imports both, and they bring 770 modules of OpenAI's types for its realtime
API: 0.4 to 1.5 s of CPU and 19 MB more, in the worker and again in the
forkserver. While the plugin is imported, empty modules stand in their place.
"""

import sys
from types import ModuleType

from livekit.agents import Plugin

_PLUGIN = "livekit.plugins.openai"


def _empty(name: str, *attributes: str) -> ModuleType:
    module = ModuleType(f"{_PLUGIN}.{name}")
    for each in attributes:
        setattr(module, each, None)
    return module


_UNUSED = [] if _PLUGIN in sys.modules else [_empty("realtime"), _empty("stt", "STT")]

for _module in _UNUSED:
    sys.modules[_module.__name__] = _module
try:
    from livekit.plugins import openai
finally:
    for _module in _UNUSED:
        del sys.modules[_module.__name__]  # who asks for it by its full name gets the real one

# The forkserver first imports every registered plugin by its name, that is whole. It gets this one
# from agent.wiring.preload instead. Nothing else reads the list: the plugin has no files to fetch.
Plugin.registered_plugins[:] = [
    plugin for plugin in Plugin.registered_plugins if plugin.package != _PLUGIN
]

__all__ = ["openai"]
