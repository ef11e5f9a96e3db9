"""What must not stand in a text that is spoken: placeholders, tags and Markdown are read aloud."""

import re

_PLACEHOLDER = re.compile(
    r"\{\{.*?\}\}|\$?\{\w+\}|\$\w+_\w+|%\w+%|%\(\w+\)s|<[A-Za-z][\w ]*>"
    r"|\[(?:[A-Z]|your|naam|nom|name)[\w ]*\](?!\()"
)
_TAG = re.compile(
    r"</?(?:speak|break|prosody|emphasis|say-as|phoneme|sub|voice|audio|p|s|mark|lang|br|b|i|em"
    r"|strong|amazon:\w+|mstts:[\w-]+)\b[^<>]*/?>",
    re.IGNORECASE,
)
_MARKDOWN = re.compile(
    r"\*\*[^*]+\*\*|__[^_]+__|(?<![\w*])\*[^*\s][^*]*\*(?!\w)|~~[^~]+~~|`[^`]*`"
    r"|\[[^\]]+\]\([^)]*\)|^\s*#{1,6}\s|^\s*[-*+]\s|^\s*>\s|^\s*\|.*\|\s*$",
    re.MULTILINE,
)


def why_unspeakable(text: str) -> str | None:
    """What of a spoken text would be read aloud as signs, and what to write; None: nothing."""
    if (tag := _TAG.search(text)) is not None:
        return f"{tag.group()} would be read aloud: remove the tag"
    if (left := _PLACEHOLDER.search(text)) is not None:
        return f"nothing fills {left.group()}: write the words themselves"
    if (sign := _MARKDOWN.search(text)) is not None:
        return f"the Markdown {sign.group().strip()!r} would be read aloud: write plain words"
    return None


def unfilled(text: str) -> re.Match[str] | None:
    """The first tag or `{{placeholder}}` of a text for the model, which may repeat it aloud."""
    return _TAG.search(text) or re.search(r"\{\{.*?\}\}|\$\{\w+\}", text)
