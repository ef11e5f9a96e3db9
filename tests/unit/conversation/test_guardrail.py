"""Between the model and the voice: what is cut out, and that nothing else changes."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.conversation.guardrail import Guardrail

INSTEAD = "I cannot promise that."


def _why_not(sentence: str) -> str | None:
    return "bad" if "bad" in sentence else None


def _through(chunks: list[str]) -> tuple[str, list[str]]:
    """What comes out of a gate, and the reasons it gave."""
    reasons: list[str] = []
    gate = Guardrail(_why_not, lambda reason: INSTEAD, reasons.append)
    return "".join([*(gate.push(chunk) for chunk in chunks), gate.finish()]), reasons


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
        assert _through(chunks) == (text, [])


@given(chunked())
def test_nothing_refused_comes_out_and_the_replacement_at_most_once(
    case: tuple[str, list[str]],
) -> None:
    out, reasons = _through(case[1])
    assert "bad" not in out
    assert out.count(INSTEAD) == (1 if reasons else 0)


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("All good. That is bad. Good again.", f"All good. {INSTEAD} Good again."),
        ("That is bad. Very bad. Good again.", f"{INSTEAD} Good again."),
        ("That is bad", INSTEAD),
        ("It costs €6.900 and is good.", "It costs €6.900 and is good."),
        ("", ""),
        (" \n", " \n"),
    ],
)
def test_a_refused_sentence_is_replaced_and_its_neighbours_stay(text: str, out: str) -> None:
    assert _through(list(text))[0].strip() == out.strip()


def test_a_sentence_is_let_through_as_soon_as_the_next_one_begins() -> None:
    gate = Guardrail(_why_not, lambda reason: INSTEAD, lambda reason: None)
    assert gate.push("One good") == ""
    assert gate.push(" sentence.") == ""
    assert gate.push(" And") == "One good sentence. "
    assert gate.push(" another. ") == ""
    assert gate.finish() == "And another. "
