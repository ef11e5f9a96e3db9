"""The LiveKit worker process: admission, draining, health, and one job per call.

Called by `wiring`. One job process holds one call; it shares nothing with other calls but Postgres."""
