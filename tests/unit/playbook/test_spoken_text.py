"""What a voice would read aloud as signs: placeholders, tags, Markdown."""

import pytest

from agent.playbook.spoken_text import why_unspeakable


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('Hi {{first_name}}, <break time="1s"/> how are you?', '<break time="1s"/> would be read'),
        ("Hi {{ first_name }}!", "nothing fills {{ first_name }}"),
        ("Hi {first_name}!", "nothing fills {first_name}"),
        ("Hi ${name}!", "nothing fills ${name}"),
        ("Hi $first_name!", "nothing fills $first_name"),
        ("Hi %name%!", "nothing fills %name%"),
        ("Hi <name>!", "nothing fills <name>"),
        ("This is [Your Company].", "nothing fills [Your Company]"),
        ("Bonjour [Nom], ça va ?", "nothing fills [Nom]"),
        ("<speak>Hello</speak>", "<speak> would be read aloud"),
        ("Hello<br/>you", "<br/> would be read aloud"),
        ('<prosody rate="slow">Hello</prosody>', "remove the tag"),
        ("The **best** battery", "Markdown '**best**'"),
        ("The *best* battery", "Markdown '*best*'"),
        ("# Welcome", "Markdown '#'"),
        ("Two things:\n- one\n- two", "Markdown '-'"),
        ("Use `code`", "Markdown '`code`'"),
        ("See [our site](https://fernhill.test)", "Markdown '[our site]"),
    ],
)
def test_signs_are_refused_with_what_to_write(text: str, says: str) -> None:
    assert says in str(why_unspeakable(text))


@pytest.mark.parametrize(
    "text",
    [
        "How can I help you today?",
        "It costs $5, or 5 % less: 100 - 5 = 95.",
        "Our number is 02/601.05.00, ask for Jean-Pierre (our adviser) & Co.",
        "L'énergie, c'est nous : d'accord ?",
        "Wie geht's? \N{DOUBLE LOW-9 QUOTATION MARK}Gut\N{LEFT DOUBLE QUOTATION MARK}.",
        "5 * 3 * 2 panels",
        "Is it < 5 or > 5?",
    ],
)
def test_what_people_say_is_spoken(text: str) -> None:
    assert why_unspeakable(text) is None
