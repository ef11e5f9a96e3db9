"""One real part at a time: Postgres, livekit-server, HTTP."""
