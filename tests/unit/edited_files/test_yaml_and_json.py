"""YAML and JSON that people write: values with their lines, faults with line and fix."""

import pytest

from agent.edited_files.json_file import read_json
from agent.edited_files.yaml_file import read_yaml
from agent.errors import FileError


def test_a_value_is_found_on_its_line_of_the_file() -> None:
    written = read_yaml("a: 1\nb:\n  - x: 1\n  - y: 2026-13-45\n", "f.md", first_line=10)
    assert written.values == {"a": 1, "b": [{"x": 1}, {"y": "2026-13-45"}]}
    assert written.line_of(("b", 1, "y")) == 13
    assert written.line_of(("b", 7)) == 11
    assert written.line_of(("zzz",)) == 10


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a: 1\n\tb: 2\n", 2, "a tab stands where YAML wants spaces; replace the tab"),
        ("a:\n\t- b\n", 2, "a tab stands where YAML wants spaces"),
        ("a:\n  b:\n\t  c: 1\n", 3, "a tab stands where YAML wants spaces"),
        ("a: 1\nb: 2\na: 3\n", 3, "'a' is written twice"),
        ("a:\n  - b: 1\n    c: 2\n    b: 3\n", 4, "'b' is written twice"),
        ("a: “Hello there”\n", 1, "a word processor's"),
        ("a: 1\nb: „Guten Tag“\n", 2, "a word processor's"),
        ("a: b: c\n", 1, "is not valid YAML"),
        ("a: [1\n", 2, "is not valid YAML"),
        ("a: x\x07y\n", 1, "remove U+0007, an invisible character"),
        ("a: !!python/object:os.system x\n", 1, "is not valid YAML"),
        ("a: 0x_\n", 1, "is not valid YAML"),
        ("a: " + "[" * 5000, 1, "nested too deep"),
        ("a: 1\n---\nb: 1\n", 2, "is not valid YAML"),
        ("? [a]\n: b\n", 1, "is not valid YAML"),
    ],
    ids=range(15),
)
def test_broken_yaml_is_one_line(text: str, line: int, says: str) -> None:
    with pytest.raises(FileError) as caught:
        read_yaml(text, "f.yaml")
    assert str(caught.value).startswith(f"f.yaml:{line}: ")
    assert says in str(caught.value)
    assert caught.value.fix


@pytest.mark.parametrize(
    "text", ["a: 'he said “hello”'\n", "a: “Hello” is how we begin\n", "a: it\u2019s fine\n"]
)
def test_curly_quotes_inside_a_text_belong_to_it(text: str) -> None:
    assert read_yaml(text, "f.yaml").values


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", 1, "is empty"),
        ('{\n  "a": 1,\n}', 3, "a comma stands before the closing bracket"),
        ('{\n  // ours\n  "a": 1}', 2, "JSON has no comments"),
        ("{\n  “a”: 1}", 2, "a word processor's"),
        ('{\n  "a": “x”}', 2, "a word processor's"),
        ("{\n  'a': 1}", 2, "write double ones"),
        ('{\n  "a": 1,\n  "b": {"c": 1},\n  "a": 2}', 4, '"a" is written twice'),
        ('{\n "a": NaN}', 2, "NaN is no JSON"),
        ('{"a": 1', 1, "is not valid JSON"),
        ("[" * 100_000, 1, "no JSON that a person writes"),
    ],
    ids=range(10),
)
def test_broken_json_is_one_line(text: str, line: int, says: str) -> None:
    with pytest.raises(FileError) as caught:
        read_json(text, "f.json")
    assert str(caught.value).startswith(f"f.json:{line}: ")
    assert says in str(caught.value)


def test_a_value_of_json_is_found_on_its_line() -> None:
    written = read_json('{\n\t"trunk": {\n\t\t"numbers": [\n\t\t\t"+1"\n\t\t]}}', "f.json")
    assert written.line_of(("trunk", "numbers", 0)) == 4


@pytest.mark.parametrize("text", ['{"' + "a" * 2000 + '": 1}', '{"a": "\x7f"}'])
def test_a_line_is_also_told_for_json_that_is_no_yaml(text: str) -> None:
    assert read_json(text, "f.json").line_of(("a",)) == 1
