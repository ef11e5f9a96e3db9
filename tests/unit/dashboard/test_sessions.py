"""Who may call from the page."""

from itertools import count

from agent.dashboard.sessions import Sessions


def _sessions(code: str | None = "code") -> Sessions:
    numbers = count(1)
    return Sessions(code, lambda: f"session-{next(numbers)}")


def test_a_link_works_once() -> None:
    sessions = _sessions()
    assert sessions.begin_by_code("code") == "session-1"
    assert sessions.begin_by_code("code") is None


def test_a_wrong_code_begins_nothing_and_does_not_use_the_right_one_up() -> None:
    sessions = _sessions()
    for wrong in ("", "cod", "code ", "Code", "ü"):
        assert sessions.begin_by_code(wrong) is None
    assert sessions.begin_by_code("code") is not None


def test_where_there_is_no_link_no_code_is_right() -> None:
    assert _sessions(None).begin_by_code("") is None


def test_a_session_knows_its_own_calls_and_no_others() -> None:
    sessions = _sessions(None)
    mine, other = sessions.begin(), sessions.begin()
    sessions.opened(mine, "room-1")
    assert sessions.owns(mine, "room-1")
    assert not sessions.owns(other, "room-1")
    assert not sessions.owns("", "room-1")
    assert not sessions.owns(mine, "room-2")


def test_what_is_no_session_does_not_live() -> None:
    sessions = _sessions()
    assert not sessions.lives("")
    assert not sessions.lives("session-1")


def test_two_pages_on_one_machine_have_cookies_of_their_own() -> None:
    assert _sessions().cookie != _sessions().cookie
