"""The integration guide's own files: what becomes of them, and what a person is told."""

import json
import shutil
from pathlib import Path

import pytest

from agent.provisioning.livekit.config import SipConfig, load, outbound_trunk_name
from agent.provisioning.livekit.guard import OUR_TRUNK
from agent.provisioning.livekit.guide import TELNYX_SIGNALLING
from agent.settings import ROOT

VARIABLES = {
    "PHONE_NUMBER": "+3226010500",
    "AGENT_NAME": "ai-sales-agent",
    "TELNYX_SIP_USERNAME": "example-user",
    "TELNYX_SIP_PASSWORD": "example-password",
}

# As the guide prints them.
INBOUND = {"trunk": {"name": "Telnyx Inbound Trunk", "numbers": ["+3226010500"]}}
RULE = {
    "name": "AI Sales Dispatch Rule",
    "trunk_ids": ["<TRUNK_ID_FROM_INBOUND_CREATION>"],
    "rule": {"dispatchRuleDirect": {"roomName": "ai-sales-call", "pin": ""}},
}
OUTBOUND = {
    "trunk": {
        "name": "Telnyx Outbound Trunk",
        "address": "sip.telnyx.com",
        "numbers": ["+3226010500"],
        "auth_username": "example-user",
        "auth_password": "example-password",
    }
}


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """Our folder, with room for the guide's beside it."""
    return Path(shutil.copytree(ROOT / "sip_config", tmp_path / "sip_config"))


def as_the_guide_says(ours: Path) -> SipConfig:
    guides = ours.with_name("sip-config")
    guides.mkdir()
    for name, content in (
        ("inboundTrunk.json", INBOUND),
        ("dispatchRule.json", RULE),
        ("outboundTrunk.json", OUTBOUND),
    ):
        (guides / name).write_text(json.dumps(content))
    return load(ours, VARIABLES)


def test_the_guides_folder_beside_ours_is_used_and_that_is_said(ours: Path) -> None:
    config = as_the_guide_says(ours)
    assert config.inbound.path.parent.name == "sip-config"
    assert any("guide's folder" in warning for warning in config.warnings)


def test_the_guides_inbound_trunk_is_closed_to_all_but_telnyx(ours: Path) -> None:
    config = as_the_guide_says(ours)
    assert tuple(config.inbound.info.allowed_addresses) == TELNYX_SIGNALLING
    assert "allowed_addresses" in config.inbound.fields
    assert any("anybody on the internet" in warning for warning in config.warnings)


def test_the_guides_rule_is_read_without_its_wrapper_and_its_shared_room_is_told(
    ours: Path,
) -> None:
    config = as_the_guide_says(ours)
    assert config.rule.info.rule.dispatch_rule_direct.room_name == "ai-sales-call"
    assert list(config.rule.info.trunk_ids) == [OUR_TRUNK]
    told = "\n".join(config.warnings)
    assert 'no "dispatch_rule" around it' in told
    assert "every caller is put into the one room 'ai-sales-call'" in told


def test_the_guides_rule_asks_for_our_agent_and_that_is_said(ours: Path) -> None:
    config = as_the_guide_says(ours)
    assert [one.agent_name for one in config.rule.info.room_config.agents] == ["ai-sales-agent"]
    assert "room_config" in config.rule.fields
    assert any("asks for no agent" in warning for warning in config.warnings)


def test_the_guides_outbound_trunk_lacks_the_header_that_telnyx_wants(ours: Path) -> None:
    assert any("X-Telnyx-Username" in warning for warning in as_the_guide_says(ours).warnings)


def test_a_single_file_of_the_guides_folder_replaces_ours_for_every_command(ours: Path) -> None:
    guides = ours.with_name("sip-config")
    guides.mkdir()
    (guides / "outboundTrunk.json").write_text(
        json.dumps({"trunk": {**OUTBOUND["trunk"], "name": "Another name"}})
    )
    config = load(ours, VARIABLES)
    assert config.outbound.info.name == outbound_trunk_name(ours) == "Another name"
    assert config.inbound.path.parent == ours
