"""What was stopped in each reply, told when the reply is spoken.

Replies are made before it is sure that the caller has finished, and often thrown away.
"""

from dataclasses import dataclass, field

_KEPT = 8
"""Replies that may still be spoken; the framework makes three at most for one turn."""


@dataclass(slots=True)
class Reply:
    """One answer of the model as it may be spoken, and why sentences of it were stopped."""

    text: str = ""
    reasons: list[str] = field(default_factory=list)


class Replies:
    """The replies of a call that nobody has heard yet."""

    def __init__(self) -> None:
        self._replies: list[Reply] = []

    def begin(self) -> Reply:
        """A new one, to be filled while it is made."""
        self._replies = [*self._replies[-_KEPT + 1 :], Reply()]
        return self._replies[-1]

    def spoken(self, text: str) -> list[str]:
        """Why sentences were stopped in the reply of which this text was heard.

        It may have been cut short. Those made before it were thrown away.
        """
        heard = "".join(text.split())
        for index in reversed(range(len(self._replies))):
            reply = self._replies[index]
            if heard and "".join(reply.text.split()).startswith(heard):
                self._replies = self._replies[index + 1 :]
                return reply.reasons
        return []
