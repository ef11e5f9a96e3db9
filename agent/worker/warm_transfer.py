"""Warm transfer, where the carrier refuses a cold one (REFER): a person is dialled into the room.

The caller hears music meanwhile, the person a summary that the caller does not hear; then the agent
falls silent and deaf, and its process stays only to end the room when one of the two hangs up.
There is no dial attempt: only people whom the playbook names are dialled here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from uuid import UUID

import structlog
from livekit import api, rtc
from livekit.agents import AgentSession, BackgroundAudioPlayer, BuiltinAudioClip

from agent.domain.identities import PERSON
from agent.domain.phone_numbers import PhoneNumber
from agent.errors import LiveKitUnavailable, Refused, SettingsError
from agent.telephony.dial import Dial, originate
from agent.telephony.livekit_api import asking
from agent.telephony.trunks import find_outbound_trunk

log = structlog.get_logger(__name__)

_RINGS_SECONDS = 25
_BRIEFING_SECONDS = 30.0
LONGEST_TALK_SECONDS = 3600
"""For the two, from when they are put together."""
_PERSON_APPEARS_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class TransferLine:
    """How a person is dialled. `livekit` must not send a request twice."""

    livekit: api.LiveKitAPI
    trunk_name: str
    our_number: str


class WarmTransfer:
    """One caller's way to a person."""

    def __init__(
        self,
        session: AgentSession[None],
        room: rtc.Room,
        line: TransferLine,
        call_id: UUID,
        caller: str,
        briefing: Callable[[], Awaitable[str]],
    ) -> None:
        self._session = session
        self._room = room
        self._line = line
        self._call_id = call_id
        self._caller = caller
        self._briefing = briefing

    async def warm_transfer(self, number: PhoneNumber) -> None:
        """Dial the person, tell them what it is about, leave the two alone.

        Raises Refused if the person cannot be reached or one of the two leaves before they are
        put together: whoever is left of them, the caller, talks to the agent again.
        """
        voice = self._own_tracks()
        music = BackgroundAudioPlayer(
            ambient_sound=BuiltinAudioClip.HOLD_MUSIC, stream_timeout_ms=1000
        )
        await music.start(room=self._room)
        try:
            await self._while_both_stay(self._bring_together(number, voice))
        except Refused:
            await self._remove_person()
            raise
        finally:
            await music.aclose()
            await self._together(voice)
        if not self._both_are_here():
            await self._remove_person()
            raise Refused("one of the two has hung up")
        self._session.input.set_audio_enabled(False)

    async def _bring_together(self, number: PhoneNumber, voice: list[str]) -> None:
        briefing, _ = await asyncio.gather(self._briefing(), self._dial(number))
        played = [sid for sid in self._own_tracks() if sid not in voice]
        await self._apart(voice, played)
        await self._brief(briefing)
        if not self._both_are_here():
            raise Refused("one of the two has hung up")

    async def _while_both_stay(self, work: Coroutine[None, None, None]) -> None:
        """Do the work; as soon as the caller or the person leaves, stop and raise Refused."""
        left: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        gone: list[str] = []

        def on_left(participant: rtc.RemoteParticipant) -> None:
            if participant.identity in (self._caller, PERSON) and not left.done():
                gone.append(participant.identity)
                left.set_result(None)

        self._room.on("participant_disconnected", on_left)
        working = asyncio.create_task(work, name="warm transfer")
        try:
            waited_for: set[asyncio.Future[None]] = {working, left}
            await asyncio.wait(waited_for, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return working.result()
            who = "caller" if self._caller in gone else "person"
            raise Refused(f"the {who} has hung up")
        finally:
            self._room.off("participant_disconnected", on_left)
            left.cancel()
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    def _both_are_here(self) -> bool:
        return {self._caller, PERSON} <= self._room.remote_participants.keys()

    async def _remove_person(self) -> None:
        """Nobody is left in the room whom the caller is not put through to."""
        try:
            async with asking(missing_ok=True):
                await self._line.livekit.room.remove_participant(
                    api.RoomParticipantIdentity(room=self._room.name, identity=PERSON)
                )
        except LiveKitUnavailable as error:
            log.warning("person_not_removed", error=str(error))

    async def _dial(self, number: PhoneNumber) -> None:
        livekit, line = self._line.livekit, self._line
        try:
            trunk_id = await find_outbound_trunk(livekit, line.trunk_name)
        except (LiveKitUnavailable, SettingsError) as error:
            log.warning("no_trunk_for_transfer", error=type(error).__name__)
            raise Refused("there is no line out") from None
        dial = Dial(
            call_id=self._call_id,
            trunk_id=trunk_id,
            our_number=line.our_number,
            number=number,
            room_name=self._room.name,
            identity=PERSON,
            name="Colleague",
            ringing_seconds=_RINGS_SECONDS,
            max_call_seconds=LONGEST_TALK_SECONDS,
        )
        refused = await originate(livekit, dial)
        if refused is not None:
            log.info("person_not_reached", sip_code=refused.sip_code)
            raise Refused("nobody answered there")
        if self._caller not in self._room.remote_participants:
            raise Refused("the caller has hung up")

    async def _brief(self, briefing: str) -> None:
        """The person hears it to its end; a voice that fails does not keep the two apart."""
        try:
            async with asyncio.timeout(_BRIEFING_SECONDS):
                await self._session.say(briefing, allow_interruptions=False).wait_for_playout()
        except TimeoutError:
            log.warning("briefing_took_too_long")

    async def _apart(self, voice: list[str], music: list[str]) -> None:
        """The caller hears music only, the person our voice only."""
        try:
            async with asyncio.timeout(_PERSON_APPEARS_SECONDS):
                while not self._tracks_of(PERSON):  # noqa: ASYNC110  # its track comes after the answer
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise Refused("nothing is heard of them") from None
        await self._hear(self._caller, [*voice, *self._tracks_of(PERSON)], False)
        await self._hear(PERSON, [*music, *self._tracks_of(self._caller)], False)

    async def _together(self, voice: list[str]) -> None:
        await self._hear(self._caller, [*voice, *self._tracks_of(PERSON)], True)
        await self._hear(PERSON, self._tracks_of(self._caller), True)

    async def _hear(self, listener: str, tracks: list[str], heard: bool) -> None:
        if listener not in self._room.remote_participants or not tracks:
            return
        try:
            async with asking():
                await self._line.livekit.room.update_subscriptions(
                    api.UpdateSubscriptionsRequest(
                        room=self._room.name,
                        identity=listener,
                        track_sids=tracks,
                        subscribe=heard,
                    )
                )
        except LiveKitUnavailable as error:
            log.warning("subscription_not_changed", error=str(error))

    def _own_tracks(self) -> list[str]:
        return list(self._room.local_participant.track_publications)

    def _tracks_of(self, identity: str) -> list[str]:
        participant = self._room.remote_participants.get(identity)
        return list(participant.track_publications) if participant else []
