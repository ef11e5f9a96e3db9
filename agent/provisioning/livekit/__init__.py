"""Trunks and dispatch rule: sip_config/ read and checked, compared with the server, applied.

Called by `wiring` and `doctor`; knows nothing of Telnyx."""
