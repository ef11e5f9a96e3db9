"""What is spoken as one sentence."""

import pytest

from agent.voice.sentences import Sentences


@pytest.mark.parametrize(
    "sentences",
    [
        ["Wir kommen am Donnerstag, dem 3. Dezember um 14:30 Uhr.", " Passt Ihnen das so?"],
        ["Dat kost 6.900 euro, en hij komt om 14.30 uur.", " Past dat voor u, mevrouw?"],
        ["Write to jan.peeters@example.be, or call us.", " Thank you very much."],
        [],
    ],
)
async def test_sentences_are_cut_at_their_ends_and_nowhere_else(sentences: list[str]) -> None:
    text = "".join(sentences)
    assert Sentences().tokenize(text) == sentences
    stream = Sentences().stream()
    for letter in text:
        stream.push_text(letter)
    stream.end_input()
    assert [token.token.strip() async for token in stream] == [each.strip() for each in sentences]
