"""A browser as a telephone: the token with which a page calls the agent.

To the worker it is a SIP participant like any other, who withholds the number: an opt-out in a test
call is nobody's. The job's metadata marks the call, so a telephone cannot pretend to be a page.
"""

from dataclasses import dataclass
from datetime import timedelta

from livekit import api

from agent.domain.identities import BROWSER_PREFIX
from agent.telephony.dispatch import BrowserCall
from agent.telephony.remote_party import ACTIVE, STATUS

ROOM_PREFIX = "browser-call_"
_GOOD_FOR = timedelta(minutes=1)
"""The page connects at once; LiveKit renews the token of who is in the room."""
_EMPTY_ROOM_SECONDS = 60


@dataclass(frozen=True, slots=True)
class BrowserCaller:
    """Makes tokens. `key` and `secret` are LiveKit's, `our_number` is the one that is called."""

    key: str
    secret: str
    agent_name: str
    our_number: str

    def token(self, room_name: str, call: BrowserCall) -> str:
        """For one call in a room of its own, to which the agent is sent when the page comes."""
        grants = api.VideoGrants(
            room_join=True,
            room=room_name,
            can_publish=True,
            can_publish_sources=["microphone"],
            can_subscribe=True,
            can_publish_data=True,  # the keys of a telephone are data
            can_update_own_metadata=False,  # else the page could name a number as its own
        )
        agent = api.RoomAgentDispatch(agent_name=self.agent_name, metadata=call.dump())
        config = api.RoomConfiguration(agents=[agent], empty_timeout=_EMPTY_ROOM_SECONDS)
        return (
            api.AccessToken(self.key, self.secret)
            .with_kind("sip")
            .with_identity(f"{BROWSER_PREFIX}{room_name.removeprefix(ROOM_PREFIX)}")
            .with_attributes({STATUS: ACTIVE, "sip.trunkPhoneNumber": self.our_number})
            .with_grants(grants)
            .with_room_config(config)
            .with_ttl(_GOOD_FOR)
            .to_jwt()
        )
