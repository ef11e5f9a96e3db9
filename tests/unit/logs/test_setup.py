"""No phone number, name, transcript or key comes out of the logs, whoever logged it."""

import asyncio
import io
import json
import logging
import multiprocessing
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from uuid import uuid4

import pytest
import structlog
from livekit.agents.ipc.log_queue import LogQueueHandler, LogQueueListener
from livekit.agents.utils.aio import duplex_unix

from agent.logs.redaction import mask_phone_numbers, redact
from agent.logs.setup import configure_job_logs, configure_logs

PHONE = "+32479202020"
WORDS = "my card ends in forty-two"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What configure_logs(json=True, level=DEBUG) writes; logging is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in list(root.manager.loggerDict)}
    stream = io.StringIO()
    configure_logs(json=True, level=logging.DEBUG, stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in list(root.manager.loggerDict):
        logging.getLogger(name).setLevel(levels.get(name, logging.NOTSET))
    logging.captureWarnings(False)
    structlog.reset_defaults()


def parsed(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error", "critical"])
def test_a_phone_number_is_masked_at_every_level_from_both_kinds_of_logger(
    lines: io.StringIO, level: str
) -> None:
    getattr(structlog.get_logger("agent.x"), level)(f"dialling {PHONE}", room=f"call_{PHONE}_x1")
    getattr(logging.getLogger("livekit.agents"), level)("to %s", PHONE, extra={"room": PHONE})
    assert len(parsed(lines)) == 2
    assert "479202020" not in lines.getvalue()
    assert parsed(lines)[0]["room"] == "call_[phone]_x1"


@pytest.mark.parametrize(
    "written",
    [
        "+32479202020",
        "+32 479 20 20 20",
        "+1 (415) 555-0100",
        "0032479202020",
        "sip:32479202020@host",
        "tel:+32479202020",
        "sip_32479202020",
        "room/%2B32479202020",
    ],
)
def test_a_number_is_masked_however_it_is_written(written: str) -> None:
    masked = mask_phone_numbers(written)
    assert "[phone]" in masked
    assert not any(run in masked for run in ("479", "202", "415", "0100"))


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T04:32:00.123456+01:00",
        "1e+12 bytes, 0.00123456789 s",
        "port 7880, pid 123456789",
        "3f2b0c1e-0012-4c4e-8a3b-001234567890",
    ],
)
def test_times_ids_and_quantities_stay(text: str) -> None:
    assert mask_phone_numbers(text) == text


@pytest.mark.parametrize(
    "key",
    [
        *("lk.pii.text", "lk.pii.user_input", "lk.pii.response.text", "sip.phoneNumber"),
        *("transcript", "user_transcript", "text", "customer_name", "name", "fullName"),
        *("from_number", "arguments", "participant_identity", "api_token", "password"),
    ],
)
def test_a_private_field_comes_out_of_neither_kind_of_logger(lines: io.StringIO, key: str) -> None:
    structlog.get_logger("agent.x").debug("heard", **{key: WORDS})
    structlog.get_logger("agent.x").debug("heard", inner=[{key: WORDS}, {"deep": {key: WORDS}}])
    if key != "name":  # `logging` itself refuses that one
        logging.getLogger("livekit.agents").debug("heard", extra={key: WORDS})
    assert "heard" in lines.getvalue()
    assert "forty-two" not in lines.getvalue()


def test_a_number_given_as_an_integer_is_private_too() -> None:
    assert redact(None, "info", {"event": "e", "phone": 32479202020})["phone"] == "[redacted]"


def test_what_helps_a_person_to_find_a_fault_stays(lines: io.StringIO) -> None:
    call_id = uuid4()
    structlog.get_logger("agent.worker").info(
        "call_ended",
        call_id=call_id,
        customer_id="c-17",
        room_name="r1",
        duration_s=2.5,
        prompt_tokens=12,
        ok=True,
    )
    (line,) = parsed(lines)
    assert line.pop("timestamp")
    assert line == {
        "event": "call_ended",
        "level": "info",
        "logger": "agent.worker",
        "call_id": str(call_id),
        "customer_id": "c-17",
        "room_name": "r1",
        "duration_s": 2.5,
        "prompt_tokens": 12,
        "ok": True,
    }


def test_an_object_is_named_by_its_type_not_shown(lines: io.StringIO) -> None:
    class ChatContext:
        def __repr__(self) -> str:
            return WORDS

    logging.getLogger("livekit.agents").info("sent", extra={"ctx": ChatContext()})
    assert parsed(lines)[0]["ctx"] == "<ChatContext>"


def test_a_traceback_is_kept_and_its_number_masked(lines: io.StringIO) -> None:
    try:
        raise ValueError(f"cannot dial {PHONE}")
    except ValueError as error:
        structlog.get_logger("agent.x").exception("dial_failed", error=error)
    (line,) = parsed(lines)
    assert "ValueError: cannot dial [phone]" in str(line["exception"])
    assert line["error"] == "ValueError: cannot dial [phone]"
    assert "479202020" not in lines.getvalue()


def test_a_field_that_logging_reserves_is_renamed_not_an_error(lines: io.StringIO) -> None:
    structlog.get_logger("agent.x").info("moved", module="m", process="p", message="x")
    (line,) = parsed(lines)
    assert (line["module_"], line["process_"], line["message_"]) == ("m", "p", "x")


def test_asyncios_own_complaints_are_lines_of_the_same_form(lines: io.StringIO) -> None:
    async def never_read() -> None:
        loop = asyncio.get_running_loop()
        loop.call_exception_handler({"message": f"lost {PHONE}"})

    asyncio.run(never_read())
    assert [line["event"] for line in parsed(lines) if line["level"] == "error"] == ["lost [phone]"]


@pytest.mark.parametrize(
    "name",
    ["openai._base_client", "telnyx._base_client", "websockets.client", "httpx", "livekit"],
)
def test_libraries_that_log_whole_requests_are_quiet_below_warning(
    lines: io.StringIO, name: str
) -> None:
    logging.getLogger(name).info("Request options: %s", WORDS)
    assert lines.getvalue() == ""
    logging.getLogger(name).warning("retrying")
    assert parsed(lines)[0]["event"] == "retrying"


def _log_as_a_job(to_worker: socket.socket) -> None:
    """What a job process does: the framework's forwarder on the root, our structlog set-up."""
    handler = LogQueueHandler(duplex_unix._Duplex.open(to_worker))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG)
    configure_job_logs()
    unpicklable = threading.Lock()
    structlog.get_logger("agent.call").info(
        "turn", call_id="c1", transcript=WORDS, room=PHONE, held=unpicklable
    )
    logging.getLogger("livekit.agents").debug("user", extra={"lk.pii.text": WORDS})
    try:
        raise ValueError(PHONE)
    except ValueError:
        structlog.get_logger("agent.call").exception("lost")
    handler.close()


def test_a_jobs_events_reach_the_workers_log_whole_and_redacted(lines: io.StringIO) -> None:
    ours, theirs = socket.socketpair()
    listener = LogQueueListener(duplex_unix._Duplex.open(ours), lambda _record: None)
    listener.start()
    job = multiprocessing.get_context("spawn").Process(target=_log_as_a_job, args=(theirs,))
    job.start()
    theirs.close()
    job.join(timeout=60)
    listener.stop()
    assert job.exitcode == 0
    turn, user, lost = parsed(lines)
    assert (turn["event"], turn["call_id"], turn["room"]) == ("turn", "c1", "[phone]")
    assert turn["held"] == "<lock>"
    assert turn["transcript"] == user["lk.pii.text"] == "[redacted]"
    assert lost["event"] == "lost"
    assert str(lost["exception"]).endswith("ValueError: [phone]")
    assert "forty-two" not in lines.getvalue()


def test_the_form_for_a_person_hides_the_same() -> None:
    program = (
        "import structlog; from agent.logs.setup import configure_logs\n"
        "configure_logs(json=False)\n"
        f"secret = {PHONE!r}\n"
        "try: raise ValueError(secret)\n"
        f"except ValueError: structlog.get_logger('x').exception('lost', text={WORDS!r})\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert "lost" in ran.stderr
    assert "ValueError: [phone]" in ran.stderr
    assert "479202020" not in ran.stderr
    assert "forty-two" not in ran.stderr
