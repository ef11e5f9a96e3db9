"""Who said what, as the other side heard it: session events in, `CallTurn`s out."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from livekit.agents.llm import ChatMessage
from livekit.agents.llm.chat_context import MetricsReport

from agent.conversation.certainty import Certainty
from agent.conversation.live_call import EventSink
from agent.domain.calls import CallTurn, Speaker

_SAME_TURN = timedelta(seconds=5)
"""A sound that no words have come of for so long was none: a cough does not begin a sentence."""


class Transcript:
    """Turns of one call.

    The caller's words are kept as they are recognised, not as the framework answers them: it drops
    what was said while it could not be interrupted, and a record must not.
    """

    def __init__(self, call_id: UUID, sink: EventSink, certainty: Certainty) -> None:
        self._call_id = call_id
        self._sink = sink
        self._certainty = certainty
        self._words: list[str] = []
        self._started: datetime | None = None
        self._ended: datetime | None = None
        self._turns = 0
        self.turns: list[CallTurn] = []
        """Every turn so far."""

    @property
    def current(self) -> str:
        """The caller's words since their last turn ended; recognisers cut sentences at a pause."""
        return " ".join(self._words)

    def caller_speaks(self, speaking: bool, at: float) -> None:
        """The caller began or ended a stretch of speech. `at`: Unix seconds."""
        moment = _time(at)
        if speaking:
            if not self._words and not self._goes_on(moment):
                self._started = moment
        else:
            self._ended = moment

    def caller_said(self, text: str, at: float) -> None:
        """Final words of the caller. `at`: Unix seconds of their recognition."""
        if not text.strip():
            return
        self._words.append(text.strip())
        moment = _time(at)
        self._started = self._started or moment
        if self._ended is None or self._ended < self._started:
            self._ended = moment

    def overheard(self, text: str, at: float) -> None:
        """A sign of listening that was left out of the talk: kept, and marked as one."""
        moment = _time(at)
        self._turns += 1
        self._keep(
            CallTurn(
                call_id=self._call_id,
                turn_id=f"overheard-{self._turns}",
                speaker=Speaker.CALLER,
                text=text.strip(),
                started_at=moment,
                ended_at=moment,
                metrics={"backchannel": 1.0},
            )
        )

    def added(self, message: ChatMessage) -> None:
        """A message entered the conversation's history."""
        if message.role == "user":
            self._caller_turn(message)
        elif message.role == "assistant" and message.text_content:
            metrics = message.metrics
            started = _time(metrics.get("started_speaking_at") or message.created_at)
            ended = _time(metrics.get("stopped_speaking_at") or message.created_at)
            self._keep(
                CallTurn(
                    call_id=self._call_id,
                    turn_id=message.id,
                    speaker=Speaker.AGENT,
                    text=message.text_content.strip(),
                    started_at=started,
                    ended_at=max(started, ended),
                    interrupted=message.interrupted,
                    heard_latency=metrics.get("e2e_latency"),
                    metrics=_figures(metrics),
                )
            )

    def flush(self) -> None:
        """Keep what was recognised and never became a turn of the conversation."""
        if self._words:
            self._caller_turn(None)

    def _caller_turn(self, message: ChatMessage | None) -> None:
        text = " ".join(self._words) or (message.text_content or "" if message else "")
        if not text.strip():
            return
        self._turns += 1
        sure = self._certainty.end_turn()
        created = _time(message.created_at) if message else datetime.now(UTC)
        started = self._started or created
        self._keep(
            CallTurn(
                call_id=self._call_id,
                turn_id=message.id if message else f"caller-{self._turns}",
                speaker=Speaker.CALLER,
                text=text.strip(),
                started_at=started,
                ended_at=max(started, self._ended or created),
                metrics={
                    **(_figures(message.metrics) if message else {}),
                    **({"confidence": round(sure, 3)} if sure is not None else {}),
                },
            )
        )
        self._words, self._started, self._ended = [], None, None

    def _goes_on(self, moment: datetime) -> bool:
        """Whether who speaks again now had only paused: words come later than their sound."""
        if self._started is None:
            return False
        return self._ended is None or moment - self._ended <= _SAME_TURN

    def _keep(self, turn: CallTurn) -> None:
        self.turns.append(turn)
        self._sink.turn(turn)


def _figures(metrics: MetricsReport) -> dict[str, float]:
    """The report's durations in seconds (and rates); its ids and times of day left out."""
    return {
        key: float(value)
        for key, value in metrics.items()
        if isinstance(value, int | float) and not key.endswith("_at")
    }


def _time(unix: float) -> datetime:
    return datetime.fromtimestamp(unix, UTC)
