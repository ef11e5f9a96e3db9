"""Carrying out a plan for Telnyx's portal: what is sent, and what is not."""

from dataclasses import replace

from agent.provisioning.plan import Action, Plan, Service, Step
from agent.provisioning.telnyx.account import Portal
from agent.provisioning.telnyx.apply import apply_portal
from agent.provisioning.telnyx.parts import AnyPart, PortalState
from agent.provisioning.telnyx.plan import plan_portal
from tests.unit.provisioning.telnyx.test_plan import CONNECTION, DONE, WANTED


class Recorder(Portal):
    """Takes down what is changed, and is as wanted ever after."""

    def __init__(self) -> None:
        super().__init__("example-key")
        self.changed: list[tuple[str, frozenset[str], str]] = []

    async def change(self, id: str, part: AnyPart, only: frozenset[str], secret: str = "") -> None:
        self.changed.append((id, only, secret))

    async def read(self, phone_number: str) -> PortalState:
        return DONE


async def test_a_password_is_sent_with_its_username_and_only_when_planned() -> None:
    portal = Recorder()
    drifted = replace(
        DONE, connections=(replace(CONNECTION, part=replace(CONNECTION.part, active=False)),)
    )
    for set_password in (True, False):
        plan = plan_portal(drifted, WANTED, set_password=set_password)
        assert await apply_portal(portal, plan, WANTED, lambda step: None) == ()
    assert portal.changed == [
        ("c1", frozenset({"active", "password", "user_name"}), WANTED.password),
        ("c1", frozenset({"active"}), ""),
    ]


async def test_steps_of_other_services_are_passed_over() -> None:
    portal = Recorder()
    foreign = Step(Service.LIVEKIT, "inbound trunk", "Telnyx Inbound Trunk", Action.CREATE)
    seen: list[Step] = []
    assert await apply_portal(portal, Plan((foreign,)), WANTED, seen.append) == ()
    assert (portal.changed, seen) == ([], [])
