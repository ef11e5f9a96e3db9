"""Resume after a false interruption."""

from livekit.agents import AgentSession

_SECONDS = 0.1


def resume_soon(session: AgentSession[None]) -> None:
    """Let a paused agent go on as soon as the caller is quiet: it was only an "mm-hm".

    The framework waits `false_interruption_timeout` because it cannot know; we know. There is no
    public way to tell it, and the version is pinned for this (tests/calls/test_barge_in.py).
    """
    activity = session._activity
    paused = activity._paused_speech if activity is not None else None
    if activity is None or paused is None:
        return
    paused.timeout = _SECONDS  # used when the end of the caller's speech is still to come
    if session.user_state != "speaking":
        activity._start_false_interruption_timer(_SECONDS)
