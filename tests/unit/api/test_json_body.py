"""A name that stands twice in an object of the body is refused, wherever the object stands."""

import pytest

from agent.api.json_body import check_names
from agent.api.problems import Problem


@pytest.mark.parametrize(
    "body",
    [
        b'{"phone_number": "+32479202020", "phone_number": "+32479202021"}',
        b'{"a": 1, "b": {"c": 1, "c": 1}}',
        b'[{"a": 1}, {"b": [{"a": 1, "a": 2}]}]',
        b'{"a": 1, "\\u0061": 2}',  # the same name, written otherwise
        '{"é": 1, "é": 2}'.encode(),
    ],
)
def test_a_name_that_stands_twice_is_refused(body: bytes) -> None:
    with pytest.raises(Problem) as refused:
        check_names(body)
    assert refused.value.status == 400
    assert refused.value.code == "duplicate-name"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[1, 2]", b"\xff", b'{"a": {"a": 1}, "b": {"a": 1}}', b"[" * 60_000, b"1" * 5000],
)
def test_all_else_is_left_to_the_route(body: bytes) -> None:
    check_names(body)
