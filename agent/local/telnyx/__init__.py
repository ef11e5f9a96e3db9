"""A stand-in of Telnyx's REST API v2, as far as our set-up and doctor use it; not Telnyx.

    python -m agent.local.telnyx --port 8095 --number +3226010500

TELNYX_API_URL is then http://127.0.0.1:8095/v2 and TELNYX_API_KEY `example-key`. Shapes from the
official SDK's types; what it cannot show is named where it is decided. In memory; change it "by
hand" through the same API. Every answer carries the header X-Stand-In. Called by `cli` and tests.
"""
