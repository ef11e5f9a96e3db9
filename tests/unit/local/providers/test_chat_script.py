"""The scripted model: which rule answers what, judged by the conversation alone."""

from datetime import UTC, datetime

import pytest

from agent.local.providers.chat_script import NOTHING_SAID, ChatScript, Reply, Said
from agent.local.scenarios.agent_rules import Rule
from agent.local.scenarios.scenario import FALLBACK, find_scenario

MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
TOOLS = frozenset({"save_answers", "list_slots", "book_appointment", "agree_callback", "end_call"})
SLOTS = "2026-11-24T09:00 = Tuesday 24 November, 09:00\n2026-11-24T10:00 = Tuesday, 10:00"


class Conversation:
    """A dialogue with the script, kept as the framework keeps it."""

    def __init__(self, rules: tuple[Rule, ...], tools: frozenset[str] = TOOLS) -> None:
        self._script = ChatScript(rules, FALLBACK)
        self._tools = tools
        self.messages: list[Said] = [Said("assistant", "Hello, this is Robin. How can I help?")]
        self._asked = 0

    def ask(self) -> Reply:
        """What the model says next, not yet said."""
        self._asked += 1
        return self._script.reply(self.messages, self._tools, MONDAY, f"n{self._asked}")

    def hears(self, text: str) -> Reply:
        self.messages.append(Said("user", text))
        return self.speaks(self.ask())

    def speaks(self, reply: Reply) -> Reply:
        if reply.text or reply.calls:
            ids = tuple(call.id for call in reply.calls)
            self.messages.append(Said("assistant", reply.text, ids))
        return reply

    def answers(self, reply: Reply, *outputs: str) -> Reply:
        for call, output in zip(reply.calls, outputs, strict=True):
            self.messages.append(Said("tool", output, (call.id,)))
        return self.speaks(self.ask())


@pytest.fixture
def booking() -> Conversation:
    return Conversation(find_scenario("books-a-visit").agent)


def rules(*given: dict[str, object]) -> tuple[Rule, ...]:
    return tuple(Rule.model_validate(rule) for rule in given)


def test_the_shipped_booking_goes_from_question_to_visit(booking: Conversation) -> None:
    assert booking.hears("I would like to know more about your home battery.").text.startswith(
        "Gladly."
    )
    assert "€6,900" in booking.hears("Excuse me how much does it cost?").text
    owns = booking.hears("I own my house.")
    assert [(c.name, c.arguments) for c in owns.calls] == [("save_answers", {"owns_home": True})]
    assert "solar panels" in booking.answers(owns, "saved; still open: has_panels").text
    panels = booking.hears("We have solar panels.")
    assert panels.calls[0].arguments == {"has_panels": True}
    assert "electricity" in booking.answers(panels, "saved; still open: yearly_bill").text
    bill = booking.hears("about 2000 euros a year.")
    assert bill.calls[0].arguments == {"yearly_bill": 2000}
    slots = booking.answers(bill, "saved; all are answered")
    assert [call.name for call in slots.calls] == ["list_slots"]
    offer = booking.answers(slots, SLOTS)
    assert "Tuesday, November 24, at 9 in the morning" in offer.text
    book = booking.hears("That works for me.")
    assert book.calls[0].arguments == {"starts_at": "2026-11-24T09:00"}
    assert "booked" in booking.answers(book, "booked: Tuesday 24 November, 09:00").text
    end = booking.hears("That would be all for today.")
    assert [(c.name, c.arguments) for c in end.calls] == [("end_call", {"reason": "finished"})]


def test_what_is_said_after_a_tool_depends_on_its_answer(booking: Conversation) -> None:
    for text in ("how much does it cost", "yes I own it"):
        reply = booking.hears(text)
    booking.answers(reply, "saved")
    booking.answers(booking.hears("yes, panels"), "saved")
    slots = booking.answers(booking.hears("2000 euros"), "saved")
    booking.answers(slots, SLOTS)
    refused = booking.answers(booking.hears("yes"), "not booked: that time is taken")
    assert "just been taken" in refused.text


def test_a_reply_that_was_never_heard_does_not_count_as_used() -> None:
    script = Conversation(rules({"id": "a", "when": "hello", "once": True, "say": "First things."}))
    script.messages.append(Said("user", "hello"))
    assert script.ask().text == "First things."
    assert script.ask().text == "First things.", "made ahead twice, as the framework may"
    script.messages += [Said("assistant", "First things."), Said("user", "hello")]
    assert script.ask().text == FALLBACK


def test_a_reply_that_was_interrupted_counts_as_used() -> None:
    given = rules(
        {"id": "a", "when": "hello", "once": True, "say": "First of all, some words. And more."},
        {"id": "b", "when": "hello", "after": "a", "say": "Second."},
    )
    script = Conversation(given)
    script.messages += [
        Said("user", "hello"),
        Said("assistant", "First of all, some"),
        Said("user", "hello"),
    ]
    assert script.ask().text == "Second."


def test_a_rule_waits_for_the_one_it_comes_after() -> None:
    given = rules(
        {"id": "a", "when": "x", "say": "A."}, {"id": "b", "when": "y", "after": "a", "say": "B."}
    )
    script = Conversation(given)
    assert script.hears("y").text == FALLBACK
    assert script.hears("x").text == "A."
    assert script.hears("y").text == "B."


def test_all_that_was_left_unanswered_is_considered_together() -> None:
    script = Conversation(rules({"id": "a", "when": "my house", "say": "Yes."}))
    script.messages += [Said("user", "I own my"), Said("user", "house")]
    assert script.ask().text == "Yes."


def test_without_new_words_the_script_asks_on() -> None:
    assert Conversation(()).ask().text == NOTHING_SAID


def test_a_tool_that_is_not_offered_is_taken_as_one_that_failed() -> None:
    given = rules(
        {
            "id": "human",
            "when": "person",
            "say": "One moment.",
            "call": {"transfer_to_person": {"reason": "asked"}},
            "then": [{"when": "error", "say": "Nobody is free."}, {"say": "Here you are."}],
        }
    )
    reply = Conversation(given).hears("a person please")
    assert reply.text == "One moment. Nobody is free."
    assert reply.calls == ()


@pytest.mark.parametrize(
    ("weekday", "expected"), [("monday", "2026-11-30T15:00"), ("tuesday", "2026-11-24T15:00")]
)
def test_a_weekday_is_the_next_one_and_never_today(weekday: str, expected: str) -> None:
    given = rules(
        {
            "id": "a",
            "when": ".",
            "call": {"agree_callback": {"at": {"next": weekday, "at": "15:00"}}},
        }
    )
    assert Conversation(given).hears("later").calls[0].arguments == {"at": expected}


@pytest.mark.parametrize(
    ("words", "tool", "arguments"),
    [
        ("Please do not call me again. Take me off your list.", "opt_out", {}),
        ("Stop calling me.", "opt_out", {}),
        ("I am not interested. Thank you.", "end_call", {"reason": "not_interested"}),
        ("Sorry, I think I have the wrong number.", "end_call", {"reason": "wrong_number"}),
        ("That would be all for today.", "end_call", {"reason": "finished"}),
        (
            "I want to speak to a real person. Please.",
            "transfer_to_person",
            {"reason": "asked for a person"},
        ),
    ],
)
def test_the_common_rules_know_what_every_caller_may_say(
    words: str, tool: str, arguments: dict[str, object]
) -> None:
    everything = TOOLS | {"opt_out", "transfer_to_person"}
    reply = Conversation(find_scenario("default").agent, everything).hears(words)
    assert [(call.name, call.arguments) for call in reply.calls] == [(tool, arguments)]


def test_the_common_rules_answer_the_robot_question_truthfully() -> None:
    reply = Conversation(find_scenario("default").agent).hears("am I talking to a robot?")
    assert "artificial intelligence" in reply.text
    assert reply.calls == ()
