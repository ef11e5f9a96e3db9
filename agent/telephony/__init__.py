"""The phone side: rooms, participants, hanging up, transfers and what SIP's answers mean.

Called by `worker` and, later, the dialler and the API."""
