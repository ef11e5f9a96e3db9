"""The problems that a route documents in OpenAPI; 401, 429 and 500 can come from every one."""

from http import HTTPStatus
from typing import Any

from agent.api.forms import ProblemView
from agent.api.problems import MEDIA_TYPE

_ALWAYS = (401, 429, 500)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """FastAPI's `responses` for a route that can answer with these."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemView"}}},
        }
        for status in sorted({*statuses, *_ALWAYS})
    }


PROBLEM_SCHEMA = ProblemView.model_json_schema(ref_template="#/components/schemas/{model}")
"""FastAPI does not put a model into the document that only `content` refers to."""
