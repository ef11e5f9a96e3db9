"""sip_config/*.json: in the LiveKit CLI's form, with our values, safe against the known traps."""

import shutil
from pathlib import Path

import pytest

from agent.errors import FileError, SettingsError
from agent.provisioning.livekit.config import load, load_participant
from agent.provisioning.livekit.guard import open_to_anybody
from agent.provisioning.livekit.guide import TELNYX_SIGNALLING
from agent.settings import ROOT

FOLDER = ROOT / "sip_config"
VARIABLES = {
    "PHONE_NUMBER": "+3226010500",
    "AGENT_NAME": "ai-sales-agent",
    "TELNYX_SIP_USERNAME": "example-user",
    "TELNYX_SIP_PASSWORD": 'example-"password"',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "sip_config"))


def test_every_caller_gets_a_room_of_their_own_with_our_agent_in_it() -> None:
    rule = load(FOLDER, VARIABLES).rule.info
    assert rule.rule.WhichOneof("rule") == "dispatch_rule_callee"
    assert rule.rule.dispatch_rule_callee.room_prefix == "ai-sales-call"
    assert rule.rule.dispatch_rule_callee.randomize
    assert [agent.agent_name for agent in rule.room_config.agents] == ["ai-sales-agent"]


def test_the_username_is_in_the_first_invite_not_read_from_the_answer() -> None:
    trunk = load(FOLDER, VARIABLES).outbound.info
    assert dict(trunk.headers) == {"X-Telnyx-Username": "example-user"}
    assert not trunk.headers_to_attributes
    assert trunk.address == "sip.telnyx.com"


def test_a_quote_in_a_password_stays_inside_its_string() -> None:
    assert load(FOLDER, VARIABLES).outbound.info.auth_password == 'example-"password"'


def test_only_telnyx_may_call_in_by_our_trunk() -> None:
    trunk = load(FOLDER, VARIABLES).inbound.info
    assert tuple(trunk.allowed_addresses) == TELNYX_SIGNALLING
    assert open_to_anybody(trunk) is None


def test_our_own_files_need_no_warning() -> None:
    assert load(FOLDER, VARIABLES).warnings == ()


def test_numbers_are_written_as_livekit_compares_them() -> None:
    config = load(FOLDER, {**VARIABLES, "PHONE_NUMBER": "32 2-601 05 00"})
    assert list(config.inbound.info.numbers) == ["+3226010500"]
    assert list(config.outbound.info.numbers) == ["+3226010500"]
    assert config.warnings == ()


def test_the_files_hold_no_secret_and_no_number() -> None:
    for path in FOLDER.glob("*.json"):
        text = path.read_text()
        assert "+32" not in text
        assert "example-" not in text


def test_the_test_call_waits_for_the_answer() -> None:
    call = load_participant(
        FOLDER, {**VARIABLES, "SIP_OUTBOUND_TRUNK_ID": "ST_x", "CALL_TO": "+32479202020"}
    )
    assert call.wait_until_answered
    assert call.ringing_timeout.seconds == 30
    assert (call.sip_trunk_id, call.sip_call_to) == ("ST_x", "+32479202020")


def test_a_variable_without_a_value_is_named_with_its_file() -> None:
    without = {name: value for name, value in VARIABLES.items() if name != "TELNYX_SIP_PASSWORD"}
    with pytest.raises(SettingsError, match=r"TELNYX_SIP_PASSWORD not set.*outboundTrunk\.json"):
        load(FOLDER, without)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{\n"trunk": {,}\n}', r"inboundTrunk\.json:2: "),
        ('{"trunk": {"nmae": "x"}}', "nmae"),
        ('{"trunk": {"numbers": ["+3226010500"]}}', 'no "name"'),
        ("[]", "inboundTrunk"),
    ],
)
def test_a_broken_file_is_told_with_what_is_wrong(folder: Path, content: str, told: str) -> None:
    (folder / "inboundTrunk.json").write_text(content)
    with pytest.raises(FileError, match=told):
        load(folder, VARIABLES)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "outboundTrunk.json").unlink()
    with pytest.raises(FileError, match=r"outboundTrunk\.json"):
        load(folder, VARIABLES)
