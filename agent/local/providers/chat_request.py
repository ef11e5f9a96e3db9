"""A request of OpenAI's chat protocol, as far as the stand-in reads it."""

import json
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator

from agent.local.providers.chat_script import Said
from agent.local.scenarios.values import Value

SUMMARY_MARK = "SUMMARY"
"""In the instructions of a request that wants a summary (prompts/summary.md), not a reply."""


def _as_text(content: object) -> str:
    """A message's content, which is a string, null, or a list of typed parts."""
    if isinstance(content, list):
        parts = (part.get("text", "") for part in content if isinstance(part, dict))
        return " ".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


class _CallRef(BaseModel):
    id: str


class _Message(BaseModel):
    role: str
    content: Annotated[str, BeforeValidator(_as_text)] = ""
    tool_calls: list[_CallRef] | None = None
    tool_call_id: str | None = None

    def said(self) -> Said:
        ids = tuple(call.id for call in self.tool_calls or ())
        if self.tool_call_id is not None:
            ids = (self.tool_call_id,)
        return Said(self.role, self.content, ids)


class _Function(BaseModel):
    name: str
    # As it comes; read in `_instance`, which takes any JSON schema.
    parameters: dict[str, object] = {}


class _Tool(BaseModel):
    type: str = "function"
    function: _Function | None = None


class _JsonSchema(BaseModel):
    # As it comes; read in `_instance`, which takes any JSON schema.
    schema_: dict[str, object] = {}

    model_config = {"alias_generator": lambda name: name.rstrip("_")}


class _ResponseFormat(BaseModel):
    type: Literal["text", "json_object", "json_schema"] = "text"
    json_schema: _JsonSchema | None = None


class ChatRequest(BaseModel):
    """What we read of `POST /v1/chat/completions`."""

    messages: list[_Message]
    stream: bool = False
    tools: list[_Tool] = []
    tool_choice: object = None
    response_format: _ResponseFormat = _ResponseFormat()

    def tool_names(self) -> frozenset[str]:
        if self.tool_choice == "none":
            return frozenset()
        return frozenset(tool.function.name for tool in self.tools if tool.function is not None)

    def required_tool(self) -> tuple[str, dict[str, Value]] | None:
        """The tool that must be called, with the emptiest arguments that it takes."""
        if self.tool_choice != "required" or not self.tools or self.tools[0].function is None:
            return None
        function = self.tools[0].function
        given = _instance(function.parameters)
        values = given if isinstance(given, dict) else {}
        return function.name, {
            name: value for name, value in values.items() if isinstance(value, str | int | float)
        }

    def wants_summary(self) -> bool:
        return self.response_format.type != "text" or any(
            SUMMARY_MARK in message.content
            if message.role in ("system", "developer")
            else message.content.startswith(SUMMARY_MARK)
            for message in self.messages
        )


def summary_answer(chat: ChatRequest, summary: str) -> str:
    """The scenario's summary, as text or in the JSON form that was asked for."""
    if chat.response_format.type == "text":
        return summary
    wanted = chat.response_format.json_schema
    instance = _instance(wanted.schema_) if wanted is not None else {}
    found = instance if isinstance(instance, dict) else {}
    return json.dumps({**found, "summary": summary})


def _instance(schema: dict[str, object]) -> object:
    """The emptiest value that a (simple) JSON schema allows."""
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        return None if None in choices else choices[0]
    if "anyOf" in schema:
        return None
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = "null" if "null" in kind else kind[0]
    properties = schema.get("properties")
    if kind == "object" and isinstance(properties, dict):
        return {name: _instance(inner) for name, inner in properties.items()}
    empty: dict[str, object] = {
        "string": "",
        "boolean": False,
        "integer": 0,
        "number": 0,
        "array": [],
        "object": {},
    }
    return empty.get(str(kind))
