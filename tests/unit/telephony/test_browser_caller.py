"""The token of a page: a telephone that withholds its number, in one room, for a minute."""

import json

import jwt

from agent.telephony.browser_caller import ROOM_PREFIX, BrowserCaller
from agent.telephony.dispatch import BrowserCall, read_metadata

SECRET = "example-" * 5


def test_the_token_lets_the_page_be_a_telephone_and_nothing_else() -> None:
    caller = BrowserCaller("key", SECRET, "an-agent", "+3226010500")
    room = f"{ROOM_PREFIX}0123456789abcdef"
    told = jwt.decode(
        caller.token(room, BrowserCall("default")), SECRET, ["HS256"], options={"verify_nbf": False}
    )
    assert told["sub"] == "browser_0123456789abcdef"
    assert told["kind"] == "sip"
    assert told["attributes"] == {
        "sip.callStatus": "active",
        "sip.trunkPhoneNumber": "+3226010500",
    }
    assert told["exp"] - told["nbf"] == 60
    grants = {key: value for key, value in told["video"].items() if value}
    assert grants == {
        "roomJoin": True,
        "room": room,
        "canPublish": True,
        "canPublishSources": ["microphone"],
        "canSubscribe": True,
        "canPublishData": True,
    }
    assert told["video"]["canUpdateOwnMetadata"] is False
    (agent,) = told["roomConfig"]["agents"]
    assert agent["agentName"] == "an-agent"
    assert read_metadata(agent["metadata"]) == BrowserCall("default")


def test_metadata_of_another_kind_is_no_test_call() -> None:
    for text in ("", "{}", "[]", "1", "x", '{"browser_call": 1}', '{"browser_call": {}}'):
        assert not isinstance(read_metadata(text), BrowserCall), text
    assert json.loads(BrowserCall("a").dump()) == {"browser_call": {"playbook": "a"}}
