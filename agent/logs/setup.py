"""Logging of every process: one handler on stderr, one chain of processors for all of it.

Our code logs with `structlog.get_logger()`, the framework and asyncio with `logging`. structlog's
fields travel as `extra` of a plain LogRecord, because a job's records are pickled and handled by
the worker's process; there they are rendered, after `redact` has taken out what is private.
"""

import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor

from agent.logs.redaction import redact

_LOUD_LOGGERS = (
    # Their DEBUG is whole requests and frames, prompts and transcripts in them; their INFO, URLs.
    *("aiohttp.access", "httpcore", "httpcore2", "httpx", "httpx2", "openai", "urllib3"),
    *("telnyx", "watchfiles", "websockets"),
    "livekit",  # the native SDK's; the framework's own loggers are named below it
)
_FRAMEWORK_LOGGERS = ("livekit.agents", "livekit.plugins")


def configure_logs(
    *, json: bool, level: int | str = logging.INFO, stream: TextIO | None = None
) -> None:
    """Route all logging of this process to `stream` (stderr): JSON lines, or a person's form.

    `level` is for our loggers and the framework's; libraries never go below WARNING. Calling it
    again replaces what it set up before.
    """
    out = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(out)
    handler.setFormatter(_formatter(json=json, colours=not json and out.isatty()))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _LOUD_LOGGERS:
        logging.getLogger(name).setLevel(max(root.level, logging.WARNING))
    for name in _FRAMEWORK_LOGGERS:
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(True)
    configure_job_logs()


def configure_job_logs() -> None:
    """Send structlog's events to `logging` without a handler of our own.

    Enough for a job process: the framework gives it the worker's levels and carries its records
    to the worker, whose handler redacts and renders them.
    """
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            redact,  # also here: what crosses to the worker must be plain values
            _spare_record_fields,
            structlog.stdlib.render_to_log_kwargs,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _formatter(*, json: bool, colours: bool) -> logging.Formatter:
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json
        # Plain tracebacks: pretty ones show local variables, transcripts among them.
        else structlog.dev.ConsoleRenderer(
            colors=colours, exception_formatter=structlog.dev.plain_traceback
        )
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            _traceback_from_another_process,
            _time_of_record,
            structlog.processors.format_exc_info,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            redact,
            renderer,
        ],
    )


def _spare_record_fields(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Rename fields that a LogRecord has already; `logging` raises KeyError on them."""
    spared = {"event", "exc_info", "stack_info", "stacklevel"}
    return {
        f"{key}_" if key not in spared and key in _RECORD_FIELDS else key: value
        for key, value in event.items()
    }


_RECORD_FIELDS = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}


def _traceback_from_another_process(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Split what the framework's forwarder joined: its message is `message\\ntraceback`."""
    traceback = event["_record"].exc_text
    if traceback and not event.get("exc_info"):
        event["event"] = event["event"].removesuffix(traceback).rstrip("\n")
        event["exception"] = traceback
    return event


def _time_of_record(_logger: object, _method: str, event: EventDict) -> EventDict:
    """When it was logged, in UTC; a record of a job is rendered later, in another process."""
    record: logging.LogRecord = event["_record"]
    moment = datetime.fromtimestamp(record.created, UTC)
    event["timestamp"] = moment.isoformat(timespec="milliseconds")
    return event
