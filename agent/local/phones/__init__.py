"""One handset in one call: a LiveKit participant of kind SIP with a telephone's sound.

`phone.Phone` is the way in; its ear, mouth, codec and measurements stand beside it. Used by the
phone network stand-in, the simulated customers and tests."""
