"""Between the model and the voice: what is cut out, and that nothing else changes."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.conversation.guardrail import Guardrail


def _why_not(sentence: str, before: str) -> str | None:
    return "bad" if "bad" in sentence else None


def _through(chunks: list[str]) -> tuple[str, str | None]:
    """What comes out of a gate, and why it closed."""
    gate = Guardrail(_why_not)
    out = "".join([*(gate.push(chunk) for chunk in chunks), gate.finish()])
    return out, gate.stopped.reason if gate.stopped else None


words = st.sampled_from(["good", "bad", "Mr", "10", "€6,900", "yes", "it's"])
ends = st.sampled_from(
    [". ", "! ", "? ", "… ", '." ', ".\n\n", "  ", " ", ", ", "... ", "", ".", "?)"]
)
texts = st.lists(st.tuples(words, ends), max_size=12).map(
    lambda pairs: "".join(word + end for word, end in pairs)
)


@st.composite
def chunked(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A text, and the same text cut anywhere."""
    text = draw(texts)
    cuts = sorted(draw(st.sets(st.integers(0, len(text)))))
    return text, [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


@given(chunked())
@example(("It is bad.\n\nYes", ["It is bad.\n", "\nYes"]))
def test_the_same_comes_out_however_the_text_is_cut(case: tuple[str, list[str]]) -> None:
    text, chunks = case
    assert _through(chunks) == _through([text])


@given(chunked())
def test_text_without_a_refused_sentence_comes_out_unchanged(case: tuple[str, list[str]]) -> None:
    chunks = [chunk.replace("bad", "fine") for chunk in case[1]]
    text = "".join(chunks)
    if "bad" not in text:
        assert _through(chunks) == (text, None)


@given(chunked())
def test_what_comes_out_is_a_beginning_without_the_refused(case: tuple[str, list[str]]) -> None:
    text, chunks = case
    out, reason = _through(chunks)
    assert "bad" not in out
    assert text.startswith(out)
    assert (out == text) == (reason is None)


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("All good. That is bad. Good again.", "All good. "),
        ("That is bad", ""),
        ("It costs €6.900 and is good.", "It costs €6.900 and is good."),
        ("It is as good as it gets, but that is bad.", "It is as good as it gets, "),
        ("No, that is bad.", ""),
        ("", ""),
        (" \n", " \n"),
    ],
)
def test_text_comes_out_up_to_the_clause_that_is_refused(text: str, out: str) -> None:
    assert _through(list(text))[0] == out


def test_a_sentence_is_let_through_as_soon_as_the_next_one_begins() -> None:
    gate = Guardrail(_why_not)
    assert gate.push("One good") == ""
    assert gate.push(" sentence.") == ""
    assert gate.push(" And") == "One good sentence. "
    assert gate.push(" another. ") == ""
    assert gate.finish() == "And another. "


def test_a_voice_that_streams_waits_for_a_clause_and_not_for_the_sentence() -> None:
    gate = Guardrail(_why_not)
    assert gate.push("The adviser comes to you,") == ""
    assert gate.push(" looks") == "The adviser comes to you, "
    assert gate.push(" at the roof") == ""


def test_the_day_of_a_month_ends_no_sentence() -> None:
    gate = Guardrail(_why_not)
    assert gate.push("Wir kommen am 3. Dezember zu Ihnen. Passt") == (
        "Wir kommen am 3. Dezember zu Ihnen. "
    )


def test_a_clause_is_judged_with_what_was_said_before_it() -> None:
    seen: list[tuple[str, str]] = []
    gate = Guardrail(lambda sentence, before: seen.append((sentence, before)), before="Is it free?")
    gate.push("Yes it is. The visit is free, and it binds ")
    gate.finish()
    assert seen == [
        ("Yes it is.", "Is it free?"),
        ("The visit is free,", "Yes it is."),
        ("The visit is free, and it binds", "Yes it is."),
    ]
