"""Stands in for a part that is ours: answers every GET with how it was started."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        keys = ("LIVEKIT_API_KEY", "LIVEKIT_API_SECRET")
        told: dict[str, object] = {
            "argv": sys.argv[1:],
            **{key: os.environ.get(key) for key in keys},
        }
        if self.path == "/phone-network/webhooks":
            told = {"public_key": "example-key", "delivered": 0}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(told).encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


if __name__ == "__main__":
    port = int(sys.argv[sys.argv.index("--port") + 1])
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
