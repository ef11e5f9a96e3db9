"""Scenario files: what is accepted, and how a broken one is reported."""

from pathlib import Path

import pytest

from agent.errors import ScenarioError
from agent.local.scenarios.scenario import Scenario, find_scenario, load_scenario, scenario_names
from agent.local.scenarios.steps import BargeInStep, HangUpStep

GOOD = """\
name: curious
about: Asks one thing.
number: "+32470555199"
customer:
  - wait: {hears: "help you"}
  - barge_in: {after_hearing: "panels", say: "What does it cost?"}
  - hang_up: {seconds_into_turn: 2}
agent:
  - id: price
    when: "cost|price"
    say: "It costs something."
summary: Asked for the price.
expect:
  disposition: hung_up
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "curious.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def broken(folder: Path, old: str, new: str) -> ScenarioError:
    assert old in GOOD
    with pytest.raises(ScenarioError) as caught:
        load_scenario(write(folder, GOOD.replace(old, new)))
    return caught.value


def test_a_good_file_becomes_steps_in_their_order(tmp_path: Path) -> None:
    scenario = load_scenario(write(tmp_path, GOOD))
    assert [next(iter(step.model_fields_set)) for step in scenario.customer] == [
        "wait",
        "barge_in",
        "hang_up",
    ]
    assert isinstance(scenario.customer[1], BargeInStep)
    assert scenario.customer[1].barge_in.after_hearing == "panels"
    assert isinstance(scenario.customer[2], HangUpStep)
    assert scenario.lines() == ("What does it cost?",)


def test_a_scenario_survives_the_way_to_the_stand_in(tmp_path: Path) -> None:
    scenario = load_scenario(write(tmp_path, GOOD))
    sent = scenario.model_dump_json(exclude_unset=True)
    assert Scenario.model_validate_json(sent) == scenario


@pytest.mark.parametrize("name", scenario_names())
def test_every_scenario_that_ships_can_be_used(name: str) -> None:
    assert find_scenario(name).name == name


def test_no_two_scenarios_call_from_the_same_number() -> None:
    numbers = [find_scenario(name).number for name in scenario_names()]
    assert len(set(numbers)) == len(numbers)


def test_the_scenarios_that_the_demo_and_the_tests_need_are_there() -> None:
    expected = {name: find_scenario(name).expect.disposition for name in scenario_names()}
    assert expected == {
        "asks-if-robot": "not_interested",
        "backchannel": "not_interested",
        "books-a-visit": "converted",
        "calls-back-later": "callback",
        "default": "not_interested",
        "hangs-up": "hung_up",
        "hangs-up-while-ringing": "hung_up",
        "never-call-again": "do_not_call",
        "not-interested": "not_interested",
        "opts-out-during-disclosure": "do_not_call",
        "picks-up": "not_interested",
        "silent": "hung_up",
        "wants-a-human": "transferred",
        "wrong-number": "wrong_number",
    }


def test_a_misspelt_key_is_reported_with_its_line(tmp_path: Path) -> None:
    error = broken(tmp_path, "    say: ", "    sya: ")
    assert error.line == 11
    assert "sya" in error.problem
    assert "spelling" in error.fix


def test_an_unknown_step_names_the_steps_that_there_are(tmp_path: Path) -> None:
    error = broken(tmp_path, "  - wait: {", "  - weit: {")
    assert error.line == 5
    assert "barge_in" in error.fix


def test_a_moment_given_twice_is_refused(tmp_path: Path) -> None:
    error = broken(tmp_path, 'after_hearing: "panels"', 'after_hearing: "x", seconds_into_turn: 1')
    assert error.line == 6
    assert "exactly one of" in error.problem


def test_a_bad_regular_expression_is_reported_where_it_stands(tmp_path: Path) -> None:
    error = broken(tmp_path, '"cost|price"', '"cost|(price"')
    assert error.line == 10
    assert "regular expression" in error.problem


def test_a_rule_after_an_unknown_rule_is_refused(tmp_path: Path) -> None:
    error = broken(tmp_path, 'when: "cost', 'after: nothing\n    when: "cost')
    assert "'nothing'" in error.problem


def test_yaml_that_does_not_parse_names_the_line(tmp_path: Path) -> None:
    error = broken(tmp_path, "  disposition: hung_up", '  disposition: "hung_up')
    assert error.line >= 14
    assert "not valid YAML" in error.problem


def test_a_number_that_is_no_e164_is_refused(tmp_path: Path) -> None:
    assert broken(tmp_path, '"+32470555199"', '"0470 555 199"').line == 3


def test_a_file_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    with pytest.raises(ScenarioError, match="there are: curious"):
        find_scenario("nobody", tmp_path)


def test_an_empty_file_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"curious\.yaml:1:"):
        load_scenario(write(tmp_path, ""))


def test_a_name_other_than_the_files_is_refused(tmp_path: Path) -> None:
    assert broken(tmp_path, "name: curious", "name: furious").line == 1
