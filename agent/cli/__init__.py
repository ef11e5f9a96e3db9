"""Every command of `python agent.py`, a file a group: parse, call, print.

Commands are imported when the command line starts, never by a job process.
"""

import sys

import typer
from typer.main import get_command

from agent.errors import CallError


def main() -> None:
    """Run the command line. A CallError is one line on stderr and a non-zero exit."""
    from agent.cli import (
        api,
        call,
        calls,
        console,
        demo,
        dialer,
        doctor,
        migrate,
        provision,
        retention,
        simulate,
        stack,
        token,
        webhooks,
        worker,
    )

    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="AI Sales Call: a phone agent that holds sales calls.",
    )
    for group in (
        worker,
        dialer,
        api,
        call,
        token,
        stack,
        simulate,
        demo,
        migrate,
        provision,
        doctor,
        retention,
    ):
        app.add_typer(group.app)
    app.add_typer(calls.app, name="calls")
    app.add_typer(webhooks.app, name="webhooks")
    try:
        get_command(app)()
    except CallError as error:
        console.fail(error)
    except KeyboardInterrupt:
        sys.exit(130)
