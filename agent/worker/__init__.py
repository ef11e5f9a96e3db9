"""The LiveKit worker process: admission, draining, health, and one job per call.

Called by `wiring`. One job process holds one call; calls share nothing but Postgres."""
