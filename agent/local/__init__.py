"""The local stack for dev, demo and tests: real livekit-server, Valkey and Postgres; stand-ins for
what needs an account (the phone network, OpenAI, Deepgram), each speaking the real protocol.

Called by `cli` and the tests only; production never imports it."""
