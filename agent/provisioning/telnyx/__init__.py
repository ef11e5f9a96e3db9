"""Telnyx's Mission Control by its official SDK: connection, profile, application, numbers.

Called by `wiring` and `doctor`; knows nothing of LiveKit but its SIP host's name."""
