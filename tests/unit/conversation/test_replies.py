"""What was stopped is told of replies that are heard, and of no others."""

from agent.conversation.replies import Replies


def _reply(replies: Replies, text: str, *reasons: str) -> None:
    reply = replies.begin()
    reply.text = text
    reply.reasons += reasons


def test_a_reply_that_is_heard_tells_what_was_stopped_in_it() -> None:
    replies = Replies()
    _reply(replies, "I cannot  promise that. ", "discount")
    assert replies.spoken("I cannot promise that.") == ["discount"]
    assert replies.spoken("I cannot promise that.") == []


def test_a_reply_that_was_thrown_away_tells_nothing() -> None:
    replies = Replies()
    _reply(replies, "No discount.", "discount")
    _reply(replies, "What is your name?")
    assert replies.spoken("What is your name?") == []
    assert replies.spoken("No discount.") == []


def test_of_two_replies_that_say_the_same_the_later_one_was_heard() -> None:
    replies = Replies()
    _reply(replies, "The adviser knows.", "discount")
    _reply(replies, "The adviser knows.")
    assert replies.spoken("The adviser knows.") == []


def test_a_reply_that_was_cut_short_tells_what_was_stopped_in_it() -> None:
    replies = Replies()
    _reply(replies, "I cannot promise that. Our adviser can.", "discount")
    assert replies.spoken("I cannot pro") == ["discount"]


def test_a_fixed_line_is_no_reply() -> None:
    replies = Replies()
    _reply(replies, "", "discount")
    assert replies.spoken("Are you still there?") == []
    assert replies.spoken("") == []
