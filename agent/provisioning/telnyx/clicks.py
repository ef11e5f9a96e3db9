"""What to click in Telnyx's portal, for whoever sets it up without an API key.

The tabs' and fields' names are those of Telnyx's and LiveKit's guides; Telnyx moves them at times.
"""

from agent.provisioning.telnyx.parts import PortalWanted

PORTAL = "https://portal.telnyx.com"


def clicks(wanted: PortalWanted) -> tuple[str, ...]:
    """The guide's steps A to D with our values, a line each; credentials as `${VARIABLES}`.

    In the order in which the portal lets one do them: the connection asks for the profile.
    """
    steps = (
        _profile(wanted),
        _connection(wanted),
        _no_application(),
        _number(wanted),
        _afterwards(),
    )
    lines = [
        f"Sign in to {PORTAL}. The account must be paid, and verified to Level 2 (Account "
        "Settings, Verifications).",
    ]
    for number, (title, points) in enumerate(steps, start=1):
        lines += ["", f"{number}. {title}", *(f"   - {point}" for point in points)]
    return tuple(lines)


_Step = tuple[str, tuple[str, ...]]


def _profile(wanted: PortalWanted) -> _Step:
    limit = wanted.daily_spend_limit
    amount = f"{limit:.2f} USD" if limit is not None else "what you choose (DAILY_BUDGET is unset)"
    return (
        "Voice, Outbound Voice Profiles, Create (the guide's step C)",
        (
            f"Name: {wanted.profile_name}",
            "Traffic type: Conversational; Service plan: Global",
            f"Allowed destinations: {', '.join(wanted.destinations)}, and no other; take out those "
            "that are there from the start (US, CA) if they are not named here",
            f"Daily spend limit: on, {amount}",
        ),
    )


def _connection(wanted: PortalWanted) -> _Step:
    return (
        "Voice, SIP Trunking, Create SIP Connection (step A)",
        (
            f"Name: {wanted.connection_name}; Type: FQDN",
            f"Add FQDN: {wanted.sip_host}, port {wanted.sip_port}, DNS record type A",
            "Settings, Authentication & Routing Configuration, Outbound Calls Authentication: "
            "Credentials; username ${TELNYX_SIP_USERNAME}, password ${TELNYX_SIP_PASSWORD}",
            f"Settings, Webhooks: {wanted.webhook_url}; API version 2; call cost in webhooks: on",
            "Inbound: number formats +E.164, the caller's and the destination's; SIP transport "
            "protocol TCP; SIP region: yours",
            f"Outbound: Outbound Voice Profile {wanted.profile_name}",
        ),
    )


def _no_application() -> _Step:
    return (
        "No Programmable Voice application (step B)",
        (
            "It is for calls that Telnyx itself controls. Ours are LiveKit's, over the SIP "
            "connection, which has its own webhook URL: an application would never see them",
        ),
    )


def _number(wanted: PortalWanted) -> _Step:
    return (
        "Numbers, My Numbers (step D)",
        (f"{wanted.phone_number}: Connection {wanted.connection_name}",),
    )


def _afterwards() -> _Step:
    return (
        "Keys",
        (
            "API Keys, Public Key: into .env as TELNYX_PUBLIC_KEY, or no webhook is believed",
            "API Keys, Create: into .env as TELNYX_API_KEY, and the next run does and checks all "
            "of this by itself",
        ),
    )
