"""What each answer means: settings, machine, LiveKit, providers, processes, webhooks."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from agent.doctor.database import judge_connections, judge_schema
from agent.doctor.findings import Finding, Level
from agent.doctor.livekit import judge_clock, judge_sip
from agent.doctor.machine import Folder, judge_recordings, look_at
from agent.doctor.processes import judge_dialling, judge_others, judge_workers
from agent.doctor.providers import judge_end, judge_round_trip
from agent.doctor.settings_checks import judge_exposure, judge_numbers, missing
from agent.doctor.webhooks import judge_public_key, judge_webhooks
from agent.settings import Environment, Settings
from agent.store.heartbeats import Process, ProcessKind
from agent.store.kill_switch import Switch
from agent.store.migrate import SchemaState
from agent.store.trunks import Trunk
from agent.store.webhook_freshness import Freshness
from agent.store.webhook_links import RefusedWebhooks
from agent.telephony.probe import NoSip, ServerAnswer

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def codes(findings: list[Finding]) -> list[tuple[str, Level]]:
    return [(each.code, each.level) for each in findings]


def test_every_variable_that_is_not_set_is_named() -> None:
    found = missing(Settings(livekit_api_key="k"), "LiveKit", ("LIVEKIT_URL", "LIVEKIT_API_KEY"))
    assert [each.says for each in found] == ["LIVEKIT_URL is not set"]
    assert missing(Settings(database_url="x://y"), "it", ("DATABASE_URL",))[0].level is Level.OK


@pytest.mark.parametrize(
    ("number", "remedy"), [("+32 479 20 20 20", "write +32479202020"), ("12", "like +3226010500")]
)
def test_a_number_that_rules_will_not_match_is_told_with_its_right_form(
    number: str, remedy: str
) -> None:
    (found,) = judge_numbers(Settings(phone_number=number))
    assert (found.code, found.level) == ("phone_number", Level.ERROR)
    assert remedy in found.remedy


def test_countries_that_no_number_can_have_are_told() -> None:
    (found,) = judge_numbers(Settings(allowed_countries="Belgium"))
    assert (found.code, found.level) == ("allowed_countries", Level.WARNING)


@pytest.mark.parametrize(
    ("environment", "level"),
    [(Environment.DEVELOPMENT, Level.WARNING), (Environment.PRODUCTION, Level.ERROR)],
)
def test_weak_secrets_and_open_files_are_worse_in_production(
    environment: Environment, level: Level
) -> None:
    settings = Settings(environment=environment)
    found = judge_exposure(settings, ["X is an example's"], [".env can be read: chmod 600 .env"])
    assert codes(found) == [("weak_secret", level), ("readable_by_others", level)]
    assert found[1].remedy == "chmod 600 .env"


def folder(**changes: object) -> Folder:
    given = {"problem": None, "free_bytes": 10**11, "mode": 0o700, **changes}
    return Folder(Path("/recordings"), **given)  # type: ignore[arg-type]  # a test's own


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (folder(), ("recordings_dir", Level.OK)),
        (folder(problem="Permission denied"), ("recordings_dir", Level.ERROR)),
        (folder(free_bytes=10**8), ("disk_full", Level.ERROR)),
        (folder(free_bytes=10**9), ("disk_full", Level.WARNING)),
        (folder(mode=0o755), ("recordings_readable", Level.WARNING)),
        (folder(mode=0), ("recordings_dir", Level.OK)),
        (folder(unsaved=2), ("unsaved_records", Level.WARNING)),
        (folder(unreadable=1), ("unreadable_records", Level.WARNING)),
    ],
)
def test_what_is_wrong_with_the_recordings_folder_is_told(
    found: Folder, expected: tuple[str, Level]
) -> None:
    assert codes(judge_recordings(found)) == [expected]


def test_the_folder_is_tried_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "unsaved").mkdir()
    (tmp_path / "unsaved" / "a.jsonl").touch()
    (tmp_path / "unsaved" / "a.bad").touch()
    found = look_at(tmp_path)
    assert (found.problem, found.unsaved, found.unreadable) == (None, 1, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["unsaved"]
    not_there = look_at(tmp_path / "new" / "recordings")
    assert (not_there.problem, not_there.mode) == (None, 0)
    assert not (tmp_path / "new").exists()


def test_a_file_in_the_folders_place_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "recordings").touch()
    assert look_at(tmp_path / "recordings").problem is not None


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (SchemaState((), ()), ("schema", Level.OK)),
        (SchemaState(("0003_webhooks",), ()), ("migrations_behind", Level.ERROR)),
        (SchemaState((), ("0009_new",)), ("migrations_ahead", Level.WARNING)),
    ],
)
def test_an_old_schema_stops_calls_and_a_new_one_warns(
    state: SchemaState, expected: tuple[str, Level]
) -> None:
    assert codes(judge_schema(state)) == [expected]


@pytest.mark.parametrize(
    ("usable", "expected"),
    [
        (97, ("connections", Level.OK)),
        (58, ("connections", Level.OK)),
        (57, ("too_few_connections", Level.WARNING)),
    ],
)
def test_connections_must_do_for_every_place(usable: int, expected: tuple[str, Level]) -> None:
    assert codes(judge_connections(usable, 58)) == [expected]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (1, ("clock", Level.OK)),
        (-6, ("clock_skew", Level.WARNING)),
        (61, ("clock_skew", Level.ERROR)),
        (None, ("clock_skew", Level.UNCHECKED)),
    ],
)
def test_a_clock_that_is_far_off_is_an_error_because_tokens_die(
    seconds: float | None, expected: tuple[str, Level]
) -> None:
    ahead = None if seconds is None else timedelta(seconds=seconds)
    assert codes(judge_clock(ServerAnswer(1.0, ahead))) == [expected]


def test_a_clock_says_which_side_it_is_on() -> None:
    assert "20 s behind LiveKit's" in judge_clock(ServerAnswer(1, timedelta(seconds=20)))[0].says
    assert "20 s ahead of LiveKit" in judge_clock(ServerAnswer(1, timedelta(seconds=-20)))[0].says


def test_a_livekit_without_redis_is_told_apart_from_one_that_fails() -> None:
    redis = NoSip(redis=True, said="sip not connected (redis required)")
    assert codes(judge_sip(redis)) == [("no_redis", Level.ERROR)]
    assert codes(judge_sip(NoSip(redis=False, said="internal"))) == [("no_sip", Level.ERROR)]
    assert codes(judge_sip(None)) == [("sip", Level.OK)]


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ("please call me back tomorrow morning at 10", ("round_trip", Level.OK)),
        ("Lease coal pack", ("round_trip", Level.WARNING)),
        ("", ("round_trip", Level.ERROR)),
    ],
)
def test_what_was_understood_is_compared_by_words(heard: str, expected: tuple[str, Level]) -> None:
    said = "Please call me back tomorrow morning at ten."
    assert codes(judge_round_trip(said, heard, "en")) == [expected]


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (None, []),
        (date(2027, 6, 1), []),
        (date(2027, 1, 14), [("model_ends", Level.WARNING)]),
        (date(2026, 12, 5), [("model_ends", Level.ERROR)]),
        (date(2026, 10, 1), [("model_ends", Level.ERROR)]),
    ],
)
def test_a_model_that_is_about_to_end_is_told(
    end: date | None, expected: list[tuple[str, Level]]
) -> None:
    today = date(2026, 11, 29)
    assert codes(judge_end("OPENAI_CHAT_MODEL", "gpt-4.1", end, today)) == expected


def process(kind: ProcessKind, **detail: int | str) -> Process:
    return Process(uuid4(), kind, "here", 1, NOW, detail)


def worker(**detail: int | str) -> Process:
    return process(ProcessKind.WORKER, **{"agent": "ours", "free": 2, **detail})


@pytest.mark.parametrize(
    ("living", "expected"),
    [
        ([worker()], ("workers", Level.OK)),
        ([process(ProcessKind.DIALER)], ("no_worker", Level.ERROR)),
        ([worker(agent="theirs")], ("worker_of_other_name", Level.ERROR)),
        ([worker(free=0), worker(agent="theirs")], ("workers_full", Level.WARNING)),
    ],
)
def test_who_answers_calls(living: list[Process], expected: tuple[str, Level]) -> None:
    assert codes(judge_workers(living, "ours")) == [expected]


def test_dialler_and_api_are_missed_but_calls_come_in_without_them() -> None:
    both = [("no_dialler", Level.WARNING), ("no_api", Level.WARNING)]
    assert codes(judge_others([])) == both
    living = [process(ProcessKind.DIALER), process(ProcessKind.API)]
    assert codes(judge_others(living)) == [("dialler_and_api", Level.OK)]


def test_stopped_dialling_and_paused_trunks_are_told_with_their_reason() -> None:
    stopped = Switch(True, NOW, "spend")
    later = NOW + timedelta(minutes=5)
    trunks = [
        Trunk("Out", 1, 3, later, "TrunkMisconfigured"),
        Trunk("Other", 1, 1, later, "TrunkBusy"),
        Trunk("Third", 1, 1, NOW - timedelta(seconds=1), "TrunkBusy"),
    ]
    found = judge_dialling(stopped, trunks, NOW)
    assert codes(found) == [
        ("dialling_stopped", Level.WARNING),
        ("trunk_paused", Level.ERROR),
        ("trunk_paused", Level.WARNING),
    ]
    assert "(spend)" in found[0].says
    assert "the carrier refuses us" in found[1].says
    assert codes(judge_dialling(Switch(False, NOW, ""), [], NOW)) == [("dialling", Level.OK)]


CALL = NOW - timedelta(minutes=10)
TOLD = NOW - timedelta(minutes=9)
LONG_AGO = NOW - timedelta(days=2)


def refused(reason: str, at: datetime = NOW) -> RefusedWebhooks:
    return RefusedWebhooks("telnyx", reason, 3, at)


@pytest.mark.parametrize(
    ("fresh", "not_believed", "expected"),
    [
        (Freshness(None, None, None), [], [("webhooks", Level.OK)]),
        (Freshness(CALL, TOLD, TOLD), [], [("webhooks", Level.OK)]),
        (Freshness(CALL, LONG_AGO, TOLD), [], [("webhooks_absent", Level.WARNING)]),
        (Freshness(CALL, None, None), [], [("webhooks_absent", Level.WARNING)] * 2),
        (
            *(Freshness(CALL, None, TOLD), [refused("bad_signature")]),
            [("webhooks_refused", Level.WARNING)],
        ),
        (Freshness(CALL, TOLD, TOLD), [refused("bad_signature", CALL)], [("webhooks", Level.OK)]),
    ],
)
def test_webhooks_are_held_against_the_calls_there_were(
    fresh: Freshness, not_believed: list[RefusedWebhooks], expected: list[tuple[str, Level]]
) -> None:
    assert codes(judge_webhooks(fresh, not_believed)) == expected


def test_webhooks_that_are_not_believed_name_the_key_to_correct() -> None:
    (found,) = judge_webhooks(Freshness(CALL, None, TOLD), [refused("bad_signature")])
    assert "TELNYX_PUBLIC_KEY" in found.remedy
    assert codes(judge_public_key(None)) == [("telnyx_public_key", Level.WARNING)]
    assert judge_public_key("key")[0].level is Level.OK
