"""The phone side: rooms, participants, hanging up, transfers and what SIP's answers mean.

Called by every process that asks LiveKit."""
