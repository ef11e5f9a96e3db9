"""What the caller has heard of the agent's current sentence, word by word as it is spoken."""

from livekit.agents.voice.io import TextOutput


class HeardText(TextOutput):
    """The last text output of the chain: gets each word when its sound has been played.

    Placed behind the framework's transcript synchroniser, so that it holds what was heard and not
    what was written.
    """

    def __init__(self) -> None:
        super().__init__(label="HeardText", next_in_chain=None)
        self._words: list[str] = []
        self._complete = False

    @property
    def text(self) -> str:
        """The current (or, when nobody speaks, the last) utterance as far as it was heard."""
        return "".join(self._words)

    def forget(self) -> None:
        """What was heard has been answered."""
        self._words, self._complete = [], False

    async def capture_text(self, text: str) -> None:
        if self._complete:
            self._words, self._complete = [], False
        self._words.append(text)

    def flush(self) -> None:
        self._complete = True
