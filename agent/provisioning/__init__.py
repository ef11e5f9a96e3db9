"""What must stand at LiveKit and at Telnyx for a call to arrive: read, compared, planned, applied.

`plan.py` has the words both sides share; `livekit/` and `telnyx/` a target each. Called by `wiring`
and `cli`; a call's process never loads it."""
