"""The phone network against a real livekit-server."""
