"""Hand-written lists that must agree with the code: variables, dependencies, targets, layers."""

import ast
import re
import tomllib

import pytest
import yaml
from dotenv import dotenv_values

from agent.domain.languages import LANGUAGES
from agent.settings import ROOT, Settings, load_settings
from agent.voice.voices import variable
from scripts import vendored

EXAMPLE = (ROOT / ".env.example").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DEPENDENCIES = [
    re.match(r"[\w.-]+", line)[0].lower()  # type: ignore[index]  # a dependency begins with its name
    for group in (PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
    for line in group
]


def test_the_example_names_the_default_voice_of_each_language() -> None:
    for code, row in LANGUAGES.items():
        assert re.search(rf"empty: {row.voice}\n{variable(code)}=\n", EXAMPLE)


def variables_of_settings() -> set[str]:
    names: set[str] = set()
    for name, field in Settings.model_fields.items():
        if name == "voices":  # a variable for each language
            names |= {variable(code) for code in LANGUAGES}
            continue
        aliases = getattr(field.validation_alias, "choices", None) or [name]
        names |= {str(alias).upper() for alias in aliases}
    return names


def variables_of_compose() -> set[str]:
    return set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "compose.yaml").read_text()))


def variables_of_example() -> list[str]:
    return re.findall(r"^(?:# )?([A-Z][A-Z_]+)=", EXAMPLE, re.MULTILINE)


def test_the_example_names_every_variable_once_and_no_other() -> None:
    named = variables_of_example()
    assert sorted(named) == sorted(variables_of_settings() | variables_of_compose())


def test_every_variable_of_the_example_is_explained_or_explains_itself() -> None:
    obvious = {"LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"}
    lines = EXAMPLE.splitlines()
    for number, line in enumerate(lines):
        found = re.match(r"(?:# )?([A-Z][A-Z_]+)=", line)
        if found is None or found[1] in obvious or found[1].endswith(("_MODEL", "_VOICE")):
            continue
        assert lines[number - 1].startswith("# "), f"{found[1]} has no comment above it"


def test_the_example_as_it_is_sets_nothing() -> None:
    assert not any(dotenv_values(ROOT / ".env.example").values())


def test_the_examples_commented_values_are_the_real_defaults() -> None:
    shown = dict(re.findall(r"^# ([A-Z][A-Z_]+)=(.+)$", EXAMPLE, re.MULTILINE))
    mine = {name: value for name, value in shown.items() if name in variables_of_settings()}
    assert mine
    assert load_settings(environ=mine, env_file=None) == load_settings(environ={}, env_file=None)


@pytest.mark.parametrize("name", DEPENDENCIES)
def test_every_direct_dependency_has_its_reason_and_licence(name: str) -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text()
    row = re.search(rf"^\| {re.escape(name)} \| .{{8,}} \| .{{3,}} \|$", text, re.MULTILINE)
    assert row, f"docs/dependencies.md has no line for {name}"


def test_no_reason_is_given_for_a_dependency_that_is_gone() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text()
    listed = re.findall(r"^\| ([a-z0-9][\w.-]+) \|", text, re.MULTILINE)
    files = {each.package for each in vendored.listed(ROOT)}
    assert sorted(set(listed) - {"package"}) == sorted(set(DEPENDENCIES) | files)


def test_make_help_has_a_line_for_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony is not None
    explained = re.findall(r"^([a-z]+):.*## \S", makefile, re.MULTILINE)
    assert sorted(explained) == sorted(phony[1].split())


def test_ci_calls_the_readmes_test_command_and_nothing_else() -> None:
    script = (ROOT / ".ci" / "run").read_text().splitlines()
    commands = [line for line in script if line and not line.startswith(("#", "set ", "cd "))]
    assert commands.pop() == "exec make test"
    # Before it only what the tests' browser needs, where there is none.
    condition, installs, end = commands
    assert condition.startswith("if ")
    assert installs.endswith("apt-get install -y -qq chromium-headless-shell")
    assert end == "fi"


def test_agents_md_shows_the_layers_that_the_linter_enforces() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(c["layers"] for c in config["contracts"] if c["type"] == "layers")
    drawn = "\n".join(layer.replace("agent.", "") for layer in layers)
    assert f"```\n{drawn}\n```" in (ROOT / "AGENTS.md").read_text()


def test_agents_md_shows_every_package_and_none_that_is_not_there() -> None:
    text = (ROOT / "AGENTS.md").read_text()
    drawn = re.findall(r"^  (\w+(?:/|\.py)) +\S", text[: text.index("\nprompts/ ")], re.MULTILINE)
    there = [
        f"{path.name}/" if path.is_dir() else path.name
        for path in (ROOT / "agent").iterdir()
        if (path / "__init__.py").is_file() or (path.suffix == ".py" and path.stem != "__init__")
    ]
    assert sorted(drawn) == sorted(there)


def test_every_package_says_what_lives_there_and_who_may_call_it() -> None:
    for path in (ROOT / "agent").rglob("__init__.py"):
        docstring = ast.get_docstring(ast.parse(path.read_text()))
        assert docstring is not None, path
        assert len(docstring) > 40, path


def test_a_container_stops_only_after_its_worker_may_have_drained() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    minutes = re.fullmatch(r"(\d+)m", services["worker"]["stop_grace_period"])
    assert minutes is not None
    assert int(minutes[1]) * 60 > load_settings(environ={}, env_file=None).drain_seconds


def test_compose_and_dockerfile_hold_no_secret_of_their_own() -> None:
    compose = (ROOT / "compose.yaml").read_text()
    for name in ("POSTGRES_PASSWORD", "LIVEKIT_API_SECRET", "OPENAI_API_KEY", "DEEPGRAM_API_KEY"):
        for value in re.findall(rf"^\s*{name}: (.*)$", compose, re.MULTILINE):
            assert value.startswith(f"${{{name}:?")
    assert not re.search(
        r"(?i)(ENV|ARG) .*(secret|password|_key)", (ROOT / "Dockerfile").read_text()
    )
