"""What every command starts from: the settings, with a running local stack's parts in them."""

from agent.local.state import read_state
from agent.settings import Settings, load_settings


def settings() -> Settings:
    """The environment, `.env`, and what this checkout's running stack offers, strongest first."""
    state = read_state()
    return load_settings(extra=state.environment if state else None)
