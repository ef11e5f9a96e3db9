"""What is refused before LiveKit is asked: open trunks, malformed lists, rules without a trunk."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from livekit.protocol.sip import SIPDispatchRuleInfo, SIPInboundTrunkInfo

from agent.errors import FileError
from agent.provisioning.livekit.config import load
from agent.provisioning.livekit.guard import (
    OUR_TRUNK,
    open_to_anybody,
    shares_a_room,
    takes_strangers,
)
from agent.settings import ROOT

VARIABLES = {
    "PHONE_NUMBER": "+3226010500",
    "AGENT_NAME": "ai-sales-agent",
    "TELNYX_SIP_USERNAME": "example-user",
    "TELNYX_SIP_PASSWORD": "example-password",
}
Edit = Callable[..., Path]


@pytest.fixture
def edited(tmp_path: Path) -> Edit:
    """A copy of our files with one field of one of them changed; None leaves it out."""

    def edit(name: str, wrapper: str, **changes: object) -> Path:
        folder = Path(shutil.copytree(ROOT / "sip_config", tmp_path / "sip_config"))
        path = folder / name
        content = json.loads(path.read_text())
        content[wrapper] |= changes
        for field in [field for field, value in changes.items() if value is None]:
            del content[wrapper][field]
        path.write_text(json.dumps(content, indent=2))
        return folder

    return edit


@pytest.mark.parametrize(
    ("addresses", "told"),
    [
        (None, "neither allowed_addresses nor auth"),
        ([], "neither allowed_addresses nor auth"),
        (["sip.telnyx.com"], "every entry of allowed_addresses is malformed"),
        (["192.76.120.10/33", "192.76.120.10/255.255.255.255"], "every entry"),
        (["192.76.120.10/32", "sip.telnyx.com"], "'sip.telnyx.com' is no address"),
        (["0.0.0.0/0"], "that is the internet"),
        (["192.76.120.10/32", "0.0.0.0/1"], "that is the internet"),
        (["::/0"], "that is the internet"),
    ],
)
def test_an_inbound_trunk_that_lets_anybody_in_is_refused_with_the_reason(
    edited: Edit, addresses: list[str] | None, told: str
) -> None:
    with pytest.raises(FileError, match=told):
        load(edited("inboundTrunk.json", "trunk", allowed_addresses=addresses), VARIABLES)


def test_the_refusal_names_the_line_and_what_to_do(edited: Edit) -> None:
    folder = edited("inboundTrunk.json", "trunk", allowed_addresses=[])
    with pytest.raises(FileError, match=r"inboundTrunk\.json:7: .*as CIDR"):
        load(folder, VARIABLES)


def test_a_user_name_and_a_password_close_a_trunk_too(edited: Edit) -> None:
    folder = edited(
        "inboundTrunk.json",
        "trunk",
        allowed_addresses=None,
        auth_username="example-user",
        auth_password="example-password",
    )
    assert load(folder, VARIABLES).warnings == ()


def test_an_address_without_a_prefix_is_written_with_one_and_that_is_said(edited: Edit) -> None:
    folder = edited("inboundTrunk.json", "trunk", allowed_addresses=["192.0.2.1", "2001:db8::1"])
    config = load(folder, VARIABLES)
    assert list(config.inbound.info.allowed_addresses) == ["192.0.2.1/32", "2001:db8::1/128"]
    assert len(config.warnings) == 2


@pytest.mark.parametrize("trunk_ids", [None, [], [""]])
def test_a_rule_without_a_trunk_is_refused(edited: Edit, trunk_ids: list[str] | None) -> None:
    with pytest.raises(FileError, match="calls that no trunk has"):
        load(edited("dispatchRule.json", "dispatch_rule", trunk_ids=trunk_ids), VARIABLES)


def test_the_placeholder_of_a_rule_stands_for_our_trunk(edited: Edit) -> None:
    folder = edited("dispatchRule.json", "dispatch_rule", trunk_ids=["<ID>", "ST_other"])
    assert list(load(folder, VARIABLES).rule.info.trunk_ids) == [OUR_TRUNK, "ST_other"]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"dispatchRuleDirect": {"roomName": "one"}}, "the one room 'one'"),
        ({"dispatchRuleCallee": {"roomPrefix": "one"}}, "without randomize"),
        ({"dispatchRuleIndividual": {"noRandomness": True}}, "lands in the room of the last call"),
    ],
)
def test_a_rule_that_brings_callers_together_is_told(
    edited: Edit, rule: dict[str, object], told: str
) -> None:
    config = load(edited("dispatchRule.json", "dispatch_rule", rule=rule), VARIABLES)
    assert [warning for warning in config.warnings if told in warning]


def test_numbers_in_a_rule_are_told_to_match_letter_by_letter(edited: Edit) -> None:
    config = load(edited("dispatchRule.json", "dispatch_rule", numbers=["3226010500"]), VARIABLES)
    assert any("letter by letter" in warning for warning in config.warnings)


def test_a_header_that_is_only_read_from_answers_does_not_reach_telnyx(edited: Edit) -> None:
    folder = edited(
        "outboundTrunk.json",
        "trunk",
        headers=None,
        headers_to_attributes={"X-Telnyx-Username": "authUsername"},
    )
    assert any(
        "headers_to_attributes only reads" in one for one in load(folder, VARIABLES).warnings
    )


def test_an_address_that_begins_with_sip_is_refused(edited: Edit) -> None:
    with pytest.raises(FileError, match="write host or host:port"):
        load(edited("outboundTrunk.json", "trunk", address="sip:sip.telnyx.com"), VARIABLES)


def test_what_a_server_has_is_judged_by_the_same_rules() -> None:
    assert open_to_anybody(SIPInboundTrunkInfo(numbers=["+3226010500"]))
    assert not open_to_anybody(SIPInboundTrunkInfo(allowed_addresses=["192.0.2.1/32"]))
    assert takes_strangers(SIPDispatchRuleInfo())
    assert not takes_strangers(SIPDispatchRuleInfo(trunk_ids=["ST_1"]))
    assert shares_a_room(SIPDispatchRuleInfo()) is None


@pytest.mark.parametrize(
    ("name", "field", "value", "says"),
    [
        ("outboundTrunk.json", "auth_username", "<your_telnyx_username>", "${TELNYX_SIP_USERNAME}"),
        ("outboundTrunk.json", "auth_password", "your_password", "${TELNYX_SIP_PASSWORD}"),
        ("outboundTrunk.json", "numbers", ["+1XXXXXXXXXX"], "${PHONE_NUMBER}"),
        ("outboundTrunk.json", "address", "<your-carrier>.pstn.twilio.com", "sip.telnyx.com"),
        ("outboundTrunk.json", "headers", {"X-Telnyx-Username": "{{user}}"}, "your SIP connection"),
        ("inboundTrunk.json", "allowed_addresses", ["<carrier ip>/32"], "carrier's networks"),
        ("dispatchRule.json", "room_config", {"agents": [{"agent_name": "your-agent-name"}]},
         "${AGENT_NAME}"),
    ],
)  # fmt: skip
def test_a_placeholder_that_was_left_is_named_with_what_belongs_there(
    edited: Edit, name: str, field: str, value: object, says: str
) -> None:
    wrapper = "dispatch_rule" if name == "dispatchRule.json" else "trunk"
    folder = edited(name, wrapper, **{field: value})
    with pytest.raises(FileError) as refused:
        load(folder, VARIABLES)
    assert says in refused.value.fix
    line = (folder / name).read_text().split("\n")[refused.value.line - 1]
    assert refused.value.problem.split(" holds ")[1] in line


@pytest.mark.parametrize("text", ["<ID>", "ST_xxxxxxxx", "ST_...", "your_trunk_id"])
def test_a_placeholder_of_a_trunk_stands_for_ours(edited: Edit, text: str) -> None:
    folder = edited("dispatchRule.json", "dispatch_rule", trunk_ids=[text])
    assert list(load(folder, VARIABLES).rule.info.trunk_ids) == [OUR_TRUNK]
