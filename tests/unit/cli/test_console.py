"""A command's error is one line on stderr and its exit code."""

import io

import pytest
from rich.console import Console

from agent.cli import console as module
from agent.cli.console import fail
from agent.errors import CallError, LiveKitUnavailable, PlaybookError, SettingsError


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (SettingsError("LIVEKIT_URL not set:\n  export it"), 2, "LIVEKIT_URL not set: export it"),
        (LiveKitUnavailable("ws://[::1]:7880 refused"), 3, "ws://[::1]:7880 refused"),
        (
            PlaybookError("prompts/a.md", 7, "unknown key 'x'", "remove it " + "y" * 200),
            2,
            "prompts/a.md:7: unknown key 'x'; remove it " + "y" * 200,
        ),
    ],
)
def test_an_error_is_one_line_and_an_exit_code(
    error: CallError, code: int, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stderr = io.StringIO()
    monkeypatch.setattr(module, "errors", Console(file=stderr, width=80, soft_wrap=True))
    with pytest.raises(SystemExit) as ended:
        fail(error)
    assert ended.value.code == code
    assert stderr.getvalue() == f"error: {line}\n"


def test_errors_do_not_go_where_results_go() -> None:
    assert module.errors.stderr
    assert not module.console.stderr
