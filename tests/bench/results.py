"""What was measured, as figures with their targets: a table for a person, JSON for a machine."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter
from rich.table import Table

from tests.bench.hearing import Turn, percentile
from tests.bench.measuring import Measured
from tests.bench.rig import LLM_MS, TTS_MS, Side

_FRAME = 0.02
"""Seconds: what is closer than a frame of the phone counts as equal."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `met` is None where nothing is asked."""

    name: str
    unit: str
    ours: float | None
    plain: float | None
    target: str = ""
    met: bool | None = None

    @property
    def ratio(self) -> float | None:
        """Plain over ours: above 1 we are better."""
        return self.plain / self.ours if self.ours and self.plain is not None else None


@dataclass(frozen=True, slots=True)
class Results:
    """Of one run. `calls`: how many to each worker; `pinned`: each side of the phone line had a
    core to itself."""

    calls: int
    llm_ms: int
    tts_ms: int
    pinned: bool
    figures: tuple[Figure, ...]
    measured: Mapping[Side, Measured]

    def write(self, path: Path) -> None:
        """As JSON, every single value included."""
        path.write_bytes(TypeAdapter(Results).dump_json(self, indent=2) + b"\n")

    def table(self) -> Table:
        """For a person."""
        table = Table(
            title=f"{self.calls} calls to each worker, in turns. Stand-ins: LLM {self.llm_ms} ms, "
            f"TTS {self.tts_ms} ms." + ("" if self.pinned else " One core: nothing is pinned."),
            title_justify="left",
            title_style="bold",
        )
        table.add_column("")
        for column in ("ours", "plain", "plain / ours"):
            table.add_column(column, justify="right")
        table.add_column("target")
        table.add_column("")
        for figure in self.figures:
            table.add_row(
                figure.name,
                _shown(figure.ours, figure.unit),
                _shown(figure.plain, figure.unit),
                "" if figure.ratio is None else f"{figure.ratio:.2f}",
                figure.target,
                {None: "", True: "[green]met[/]", False: "[red]missed[/]"}[figure.met],
            )
        return table


def results(measured: Mapping[Side, Measured], calls: int, *, pinned: bool) -> Results:
    """The issue's figures, from what was measured."""
    ours, plain = measured[Side.OURS], measured[Side.PLAIN]
    figures = (
        *_first_word(ours.first_words, plain.first_words),
        *_outbound(ours.outbound_first_words),
        *_turns(ours, plain),
        *_stop(ours.stops, plain.stops),
        *_memory(ours, plain),
    )
    return Results(calls, LLM_MS, TTS_MS, pinned, figures, measured)


def _first_word(ours: Sequence[float], plain: Sequence[float]) -> list[Figure]:
    what = "answer to first word"
    return [
        _figure(
            f"{what}, p50", "s", ours, plain, 0.5, "a fifth of plain's", lambda o, p: o <= p / 5
        ),
        _figure(f"{what}, p95", "s", ours, plain, 0.95, "≤ 0.20 s", lambda o, _: o <= 0.2),
    ]


def _outbound(ours: Sequence[float]) -> list[Figure]:
    what = "outbound, answer to first word"
    p50, p95 = percentile(ours, 0.5), percentile(ours, 0.95)
    return [
        Figure(f"{what}, p50", "s", p50, None),
        Figure(f"{what}, p95", "s", p95, None, "≤ 0.20 s", None if p95 is None else p95 <= 0.2),
    ]


def _turns(ours: Measured, plain: Measured) -> list[Figure]:
    figures = []
    for what, ours_turns, plain_turns in (
        ("turn", ours.turns, plain.turns),
        ("turn with a pause in it", ours.paused_turns, plain.paused_turns),
    ):
        figures += [
            _figure(
                f"{what}, p{share * 100:.0f}",
                "s",
                _latencies(ours_turns),
                _latencies(plain_turns),
                share,
                "no worse",
                lambda o, p: o <= p + _FRAME,
            )
            for share in (0.5, 0.95)
        ]
    mine = _share_cut_off([*ours.turns, *ours.paused_turns])
    peers = _share_cut_off([*plain.turns, *plain.paused_turns])
    return [*figures, Figure("turns cut off", "%", mine, peers, "no more", mine <= peers)]


def _stop(ours: Sequence[float], plain: Sequence[float]) -> list[Figure]:
    what = "stop after barge-in"
    return [
        _figure(f"{what}, p50", "s", ours, plain, 0.5, "0.2 s faster", lambda o, p: o <= p - 0.2),
        _figure(f"{what}, p95", "s", ours, plain, 0.95, "≤ 0.60 s", lambda o, _: o <= 0.6),
    ]


def _memory(ours: Measured, plain: Measured) -> list[Figure]:
    figures = []
    for what, mine, peers in (
        ("a call", ours.one_call, plain.one_call),
        ("a second call at once", ours.further_call, plain.further_call),
    ):
        private = [memory.private for memory in mine], [memory.private for memory in peers]
        shared = [memory.proportional for memory in mine], [memory.proportional for memory in peers]
        figures += [
            _figure(
                f"private memory of {what}", "MB", *private, 0.5, "≤ 27 MB", lambda o, _: o <= 27
            ),
            _figure(f"PSS of {what}", "MB", *shared, 0.5),
        ]
    return figures


def _figure(
    name: str,
    unit: str,
    ours: Sequence[float],
    plain: Sequence[float],
    share: float,
    target: str = "",
    test: Callable[[float, float], bool] | None = None,
) -> Figure:
    """The percentile `share` of both; without values on either side nothing is met or missed."""
    mine, peers = percentile(ours, share), percentile(plain, share)
    met = None
    if test is not None and mine is not None and peers is not None:
        met = test(mine, peers)
    return Figure(name, unit, mine, peers, target, met)


def _latencies(turns: Sequence[Turn]) -> list[float]:
    return [turn.latency for turn in turns if turn.latency is not None]


def _share_cut_off(turns: Sequence[Turn]) -> float:
    """In percent."""
    return 100 * sum(turn.cut_off for turn in turns) / max(1, len(turns))


def _shown(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    return f"{value:.2f} s" if unit == "s" else f"{value:.0f} {unit}"
