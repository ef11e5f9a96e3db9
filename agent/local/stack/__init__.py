"""The servers of the local stack: what is started, on which port, and how all of it ends.

`stack.Stack` is the way in. Real: livekit-server, Valkey, Postgres. Called by `cli` and tests."""
