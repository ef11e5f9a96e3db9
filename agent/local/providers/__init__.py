"""The providers' stand-in: OpenAI and Deepgram on one port, offline; not OpenAI, not Deepgram.

    python -m agent.local.providers --port 8090

OPENAI_BASE_URL is then http://127.0.0.1:8090/v1 and DEEPGRAM_BASE_URL http://127.0.0.1:8090/deepgram.
Speech is really recognised and spoken, by small models; chat is a script. Every answer carries the
header X-Stand-In. `GET /healthz` answers once the models are loaded. Started by `local.stack`.
"""
