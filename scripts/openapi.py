"""Write docs/openapi.json from the routes; a test compares the two."""

import json
from types import SimpleNamespace
from typing import cast
from uuid import uuid4

from agent.api.app import build_app
from agent.api.parts import ApiParts
from agent.settings import ROOT

FILE = ROOT / "docs" / "openapi.json"


def document() -> str:
    """The API's OpenAPI document, its keys sorted so that a change shows as a change."""
    # The routes touch their parts when they are called, and nobody calls them here.
    parts = cast(ApiParts, SimpleNamespace(docs_open=True, gatekeeper=None, new_id=uuid4))
    made = build_app(parts).openapi()
    return json.dumps(made, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(document())
    print(f"wrote {FILE.relative_to(ROOT)}")
