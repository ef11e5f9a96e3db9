"""Who is who in a call's room: identities that this program gives, and nobody else may take.

Whoever comes in under an identity that is taken puts the other out, and rules ask for it.
"""

from uuid import UUID, uuid5

PERSON = "person"
"""Whoever the caller is put through to."""
PHONE_PREFIX = "sip_"
BROWSER_PREFIX = "browser_"
"""A test call's caller: a page instead of a telephone."""
SUPERVISOR_PREFIX = "sup_"

_PREFIXES = (PHONE_PREFIX, BROWSER_PREFIX, SUPERVISOR_PREFIX)
_CALLS_OF_JOBS = UUID("6a5c7d3e-0b8e-4a59-9a2e-54d1c7a1f013")


def call_of_job(job_id: str) -> UUID:
    """The id of the call that comes in with LiveKit's job: the same for whoever knows the job."""
    return uuid5(_CALLS_OF_JOBS, job_id)


def is_reserved(identity: str) -> bool:
    """Whether an API's client may not give this identity to whom we call.

    >>> is_reserved("ai-sales-agent"), is_reserved("person"), is_reserved("sup_eva_1")
    (False, True, True)
    """
    # People and logs do not tell them apart by case or blanks, so a look-alike is one.
    plain = identity.strip().lower()
    return plain == PERSON or plain.startswith(_PREFIXES)
