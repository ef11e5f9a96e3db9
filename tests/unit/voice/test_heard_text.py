"""What the caller has heard of the current sentence."""

from agent.voice.heard_text import HeardText


async def test_it_grows_word_by_word_and_stays_until_the_next_utterance_begins() -> None:
    heard = HeardText()
    assert heard.text == ""
    await heard.capture_text("Do you ")
    assert heard.text == "Do you "
    await heard.capture_text("own it?")
    heard.flush()
    assert heard.text == "Do you own it?"
    await heard.capture_text("Good.")
    assert heard.text == "Good."


async def test_an_utterance_that_ends_without_a_word_changes_nothing() -> None:
    heard = HeardText()
    await heard.capture_text("Good.")
    heard.flush()
    heard.flush()
    assert heard.text == "Good."
