"""The integration guide's own files: understood, made harmless, and never silently.

The guide keeps them in `sip-config/`, writes the dispatch rule without its wrapper, puts every
caller into one room, asks for no agent and lets anybody call in. A file of that folder, beside
`sip_config/`, is used instead of ours of the same name.
"""

from collections.abc import Mapping
from pathlib import Path

from livekit.protocol.agent_dispatch import RoomAgentDispatch
from livekit.protocol.sip import SIPDispatchRuleInfo, SIPInboundTrunkInfo

GUIDES_FOLDER = "sip-config"

TELNYX_SIGNALLING = (
    *("192.76.120.10/32", "64.16.250.10/32"),  # United States
    *("185.246.41.140/32", "185.246.41.141/32"),  # Europe
    *("192.76.120.31/32", "64.16.250.13/32"),  # Canada
    *("103.115.244.145/32", "103.115.244.146/32"),  # Australia
    *("103.115.244.158/32", "103.115.244.159/32"),  # Asia
)
"""Where Telnyx's calls come from (sipdev.telnyx.com), as in sip_config/inboundTrunk.json."""


def file_of(folder: Path, name: str) -> Path:
    """The file of that name: the guide's, where a person has put one, else the one in `folder`."""
    guides = folder.with_name(GUIDES_FOLDER) / name
    return guides if guides.is_file() else folder / name


def is_guides(path: Path) -> bool:
    """Whether the file lies in the guide's folder."""
    return path.parent.name == GUIDES_FOLDER


def about_folder(folder: Path) -> tuple[str, ...]:
    """A warning when files of the guide's folder are used."""
    guides = folder.with_name(GUIDES_FOLDER)
    used = sorted(path.name for path in guides.glob("*.json")) if guides.is_dir() else []
    if not used:
        return ()
    return (
        f"{guides} is the guide's folder: {', '.join(used)} from there is used instead of "
        f"{folder.parent / 'sip_config'}; move what you need there and delete it",
    )


def unwrapped(content: Mapping[str, object], wrapper: str) -> tuple[object, str | None]:
    """What is inside `wrapper`; the second is a warning when the file has none."""
    camel = "".join(part.title() if n else part for n, part in enumerate(wrapper.split("_")))
    for key in (wrapper, camel):
        if key in content:
            return content[key], None
    return content, (
        f'has no "{wrapper}" around it: `lk` would refuse it ("missing rule" or an empty trunk). '
        f'It is read as if it had; write {{"{wrapper}": {{…}}}}'
    )


def complete_inbound(trunk: SIPInboundTrunkInfo) -> tuple[str, ...]:
    """Give the guide's inbound trunk, which lets anybody in, the addresses of Telnyx."""
    if trunk.allowed_addresses or (trunk.auth_username and trunk.auth_password):
        return ()
    trunk.allowed_addresses[:] = TELNYX_SIGNALLING
    return (
        f"{GUIDES_FOLDER}/inboundTrunk.json would let anybody on the internet who finds your SIP "
        "address reach the agent, at your cost: Telnyx's addresses are put in as "
        "allowed_addresses",
    )


def complete_rule(rule: SIPDispatchRuleInfo, agent_name: str) -> str | None:
    """Have a rule ask for our agent where it asks for none; the answer is the warning."""
    if rule.room_config.agents or not agent_name:
        return None
    rule.room_config.agents.append(RoomAgentDispatch(agent_name=agent_name))
    return (
        "asks for no agent: callers would hear ringing until they give up. "
        f"{agent_name} is added as room_config.agents"
    )
