"""Models whose end their maker has announced, and the day on which they stop answering.

As announced on 29 November 2026, at developers.openai.com/api/docs/deprecations. OpenAI's server
also says it for each model (`shutdown_date`), and what it says counts more than this table; a
recogniser or a voice of OpenAI is not always asked.
"""

from datetime import date

ENDS = {
    "gpt-5": date(2026, 12, 11),
    "gpt-5-mini": date(2026, 12, 11),
    "gpt-5-nano": date(2026, 12, 11),
    "o3": date(2026, 12, 11),
    "tts-1": date(2027, 1, 6),
    "tts-1-hd": date(2027, 1, 6),
    "gpt-4o-mini-tts": date(2027, 1, 6),
    "gpt-4.1": date(2027, 1, 14),
    "gpt-4.1-mini": date(2027, 1, 14),
    "gpt-4o": date(2027, 1, 14),
    "gpt-4o-mini": date(2027, 1, 14),
    "whisper-1": date(2027, 2, 26),
    "gpt-4o-transcribe": date(2027, 2, 26),
    "gpt-4o-mini-transcribe": date(2027, 2, 26),
    "gpt-5.1": date(2027, 4, 1),
    "gpt-5.4-nano": date(2027, 4, 1),
}
"""By the model's name; a dated version of it (gpt-4.1-2025-04-14) ends with it."""


def announced_end(model: str) -> date | None:
    """The last day of a model, if one is announced.

    >>> announced_end("gpt-4.1-2025-04-14"), announced_end("gpt-4.1-turbo")
    (datetime.date(2027, 1, 14), None)
    """
    name = model
    if len(model) > 11 and model[-11] == "-" and model[-10:].replace("-", "").isdigit():
        name = model[:-11]
    return ENDS.get(name)
