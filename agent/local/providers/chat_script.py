"""What the scripted chat model says: rules in, reply out. Pure, and without memory.

Everything it needs to know stands in the request: a rule counts as used when its tool call or its
words are found among the assistant's messages. So a reply that was made ahead and thrown away, or
that the caller interrupted before a word of it was heard, has not been used.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from agent.local.scenarios.agent_rules import Action, Branch, FromOutput, NextWeekday, Rule
from agent.local.scenarios.values import Value

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NOTHING_SAID = "Is there anything else you would like to know?"
AFTER_UNKNOWN_TOOL = "All right."

_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")
_CALL_ID = re.compile(r"^call_(?P<rule>[a-z0-9-]+)~(?P<path>[0-9.]*)_(?P<tool>\d+)_")


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the conversation: `role` is user, assistant, tool, or another (ignored)."""

    role: str
    text: str
    call_ids: tuple[str, ...] = ()
    """The assistant's tool calls, or for a tool's answer the call that it answers."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool to be called. `id` names the rule that asked, to find it again in the next request."""

    id: str
    name: str
    arguments: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model answers: words, tool calls, or both."""

    text: str
    calls: tuple[ToolCall, ...]


class ChatScript:
    """The ordered rules of a scenario, then those for every conversation, then `fallback`."""

    def __init__(self, rules: Sequence[Rule], fallback: str) -> None:
        self._rules = tuple(rules)
        self._fallback = fallback

    def reply(
        self, messages: Sequence[Said], tools: frozenset[str], now: datetime, nonce: str
    ) -> Reply:
        """The answer to the last message.

        `tools` are those that may be called; a rule that wants another one goes on as if the tool
        had answered with an error. `nonce` makes the ids of tool calls unique.
        """
        spoken = [said for said in messages if said.role in ("user", "assistant", "tool")]
        output = _latest_output(spoken)
        if spoken and spoken[-1].role == "tool":
            found = self._asked_by(spoken[-1])
            if found is None:
                return Reply(AFTER_UNKNOWN_TOOL, ())
            rule, path = found
            return self._follow_up(rule, path, _answers(spoken), tools, now, nonce)
        if not spoken or spoken[-1].role == "assistant":
            return Reply(NOTHING_SAID, ())
        used = self._used(spoken)
        chosen = self._choose(spoken, used)
        if chosen is None:
            return Reply(self._fallback, ())
        return self._act(chosen, chosen, "", output, tools, now, nonce)

    def _choose(self, spoken: Sequence[Said], used: frozenset[str]) -> Rule | None:
        """The first rule that fits the latest thing said; else all that was said unanswered."""
        unanswered: list[str] = []
        for said in reversed(spoken):
            if said.role != "user":
                break
            unanswered.insert(0, said.text)
        for text in (unanswered[-1], " ".join(unanswered)):
            for rule in self._rules:
                ready = rule.after is None or rule.after in used
                spent = rule.once and rule.id in used
                if ready and not spent and re.search(rule.when, text, re.IGNORECASE):
                    return rule
        return None

    def _used(self, spoken: Sequence[Said]) -> frozenset[str]:
        used = set()
        for said in spoken:
            if said.role != "assistant":
                continue
            used |= {match["rule"] for id in said.call_ids if (match := _CALL_ID.match(id))}
            heard = _plain(said.text)
            used |= {rule.id for rule in self._rules if _is_start_of_any(heard, _lines(rule))}
        return frozenset(used)

    def _asked_by(self, answer: Said) -> tuple[Rule, str] | None:
        for id in answer.call_ids:
            match = _CALL_ID.match(id)
            for rule in self._rules:
                if match and rule.id == match["rule"]:
                    return rule, match["path"]
        return None

    def _follow_up(
        self, rule: Rule, path: str, output: str, tools: frozenset[str], now: datetime, nonce: str
    ) -> Reply:
        """What the rule says to the tools' answers `output`."""
        action: Action = rule
        for step in path.split(".") if path else []:
            action = action.then[int(step)]
        for index, branch in enumerate(action.then):
            if branch.when is None or re.search(branch.when, output, re.IGNORECASE):
                deeper = f"{path}.{index}" if path else str(index)
                return self._act(rule, branch, deeper, output, tools, now, nonce)
        return Reply(AFTER_UNKNOWN_TOOL, ())

    def _act(
        self,
        rule: Rule,
        action: Action,
        path: str,
        output: str,
        tools: frozenset[str],
        now: datetime,
        nonce: str,
    ) -> Reply:
        text = _fill(action.say, output)
        missing = [name for name in action.call if name not in tools]
        if missing:
            further = self._follow_up(
                rule, path, f"error: there is no tool {missing[0]}", tools, now, nonce
            )
            return Reply(f"{text} {further.text}".strip(), further.calls)
        calls = tuple(
            ToolCall(
                id=f"call_{rule.id}~{path}_{index}_{nonce}",
                name=name,
                arguments={key: _value(value, output, now) for key, value in arguments.items()},
            )
            for index, (name, arguments) in enumerate(action.call.items())
        )
        return Reply(text, calls)


def _latest_output(spoken: Sequence[Said]) -> str:
    return next((said.text for said in reversed(spoken) if said.role == "tool"), "")


def _answers(spoken: Sequence[Said]) -> str:
    """The answers of all tools that were called together, one below the other."""
    answers: list[str] = []
    for said in reversed(spoken):
        if said.role != "tool":
            break
        answers.insert(0, said.text)
    return "\n".join(answers)


def _value(value: Value | FromOutput | NextWeekday, output: str, now: datetime) -> Value:
    """An argument for a tool, as it is or made from the last tool's answer or the date."""
    if isinstance(value, FromOutput):
        match = re.search(value.match, output)
        if match is None:
            return ""
        return match[1] if match.re.groups else match[0]
    if isinstance(value, NextWeekday):
        days = (WEEKDAYS.index(value.next) - now.weekday() - 1) % 7 + 1
        hour, minute = value.at.split(":")
        day = (now + timedelta(days=days)).date()
        return datetime.combine(day, time(int(hour), int(minute))).strftime("%Y-%m-%dT%H:%M")
    return value


def _fill(text: str, output: str) -> str:
    """`text` with {slot} replaced by the first time in the last tool's answer, as one says it."""
    if "{slot}" not in text:
        return text
    match = _TIMESTAMP.search(output)
    return text.replace("{slot}", _spoken(match[0]) if match else "a day that suits you")


def _spoken(timestamp: str) -> str:
    at = datetime.fromisoformat(timestamp)
    hour = at.hour % 12 or 12
    minutes = f" {at.minute}" if at.minute else ""
    half = "in the morning" if at.hour < 12 else "in the afternoon"
    return f"{at:%A}, {at:%B} {at.day}, at {hour}{minutes} {half}"


def _lines(rule: Rule) -> list[str]:
    """Everything that a rule may say, as `_plain`, up to the first blank that is filled in."""
    actions: list[Action | Branch] = [rule]
    for action in actions:
        actions.extend(action.then)
    return [_plain(action.say.split("{")[0]) for action in actions if action.say]


def _is_start_of_any(heard: str, lines: Sequence[str]) -> bool:
    """Was one of `lines` begun? Two words must be there, or all of a shorter line."""
    if not heard:
        return False
    enough = heard.count(" ") >= 1
    return any(
        line and (heard.startswith(line) or (enough and line.startswith(heard))) for line in lines
    )


def _plain(text: str) -> str:
    """Lower case, words only: what was heard comes back with other spaces and marks."""
    return " ".join(re.findall(r"[a-z0-9']+", text.lower()))
