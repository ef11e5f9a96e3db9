"""Showing a simulated call while it goes on: who says what, when, and how long we took."""

from collections.abc import Callable

from rich.markup import escape

from agent.cli.console import console
from agent.local.customers.events import CustomerEvent, EventKind

_WHO = {
    EventKind.HEARD: ("agent", "cyan"),
    EventKind.SAID: ("customer", "green"),
    EventKind.BARGED_IN: ("customer, over the agent", "yellow"),
    EventKind.PRESSED: ("customer presses", "yellow"),
    EventKind.RINGING: ("(rings)", "dim"),
    EventKind.ANSWERED: ("(answered)", "dim"),
    EventKind.HUNG_UP: ("(customer hangs up)", "dim"),
    EventKind.CALL_ENDED: ("(call over)", "dim"),
}


def dialogue_printer(label: str) -> Callable[[CustomerEvent], None]:
    """Prints each event of one call as a line that begins with `label`."""

    def show(event: CustomerEvent) -> None:
        who, style = _WHO[event.kind]
        latency = f"  [dim](heard after {event.latency:.2f} s)[/]" if event.latency else ""
        console.print(
            f"[dim]{label:<17}{event.at:6.1f} s[/]  [{style}]{who}[/] {escape(event.text)}{latency}"
        )

    return show
