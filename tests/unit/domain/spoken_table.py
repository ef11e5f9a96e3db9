"""Sentences as tests write them down, a line each."""


def table(text: str) -> list[str]:
    """`en: words` lines; which language it is nobody tells the rules."""
    return [line.strip()[4:] for line in text.strip().splitlines()]
