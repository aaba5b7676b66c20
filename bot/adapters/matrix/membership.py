"""The bot as a member of rooms: arrives, follows upgrades, leaves where it is alone or must not be, is removed.

Invitations are the business of `rooms`, what is said on arriving that of `welcome`. Everything done here in a room is
done in its lane, after the questions that were asked before.
"""

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from urllib.parse import quote, urlencode

import nio

from bot.adapters.matrix.chats import opens_room
from bot.adapters.matrix.client import SafeClient
from bot.adapters.matrix.errors import Denied, MatrixError
from bot.adapters.matrix.inbox import size
from bot.adapters.matrix.patience import insist
from bot.adapters.matrix.rooms import Event
from bot.adapters.matrix.upgrades import Upgrades, replacement
from bot.adapters.matrix.welcome import Welcome
from bot.config import Matrix

log = logging.getLogger(__name__)


async def _nothing() -> None:
    """Where the configuration names no room, there is none to be found."""


class Membership:
    """Minds the rooms of one account."""

    def __init__(
        self,
        client: SafeClient,
        config: Matrix,
        may_invite: Callable[[str], bool],
        welcome: Welcome,
        look_around: Callable[[], Awaitable[None]] = _nothing,
    ) -> None:
        """`look_around` sees whether the room in which the bot has arrived is one that the configuration names."""
        self._look_around = look_around
        self._client = client
        self._config = config
        self._may_invite = may_invite
        self._welcome = welcome
        self._upgrades = Upgrades()
        self._followed: dict[str, str] = {}
        """The rooms that a tombstone led to, with the room where it stands, until the bot has arrived."""
        self._refused: set[str] = set()
        """Those that turned out to replace no room of the bot's: no other tombstone leads it there."""

    def note(self, response: nio.SyncResponse, first: bool) -> dict[str, Event]:
        """Take in what a sync tells; by room, what is due to be received once more.

        nio keeps rooms that it was removed from, with the members and the keys of then: here they are dropped.
        """
        for room_id in response.rooms.leave:
            if self._drop(room_id):
                log.info("the bot was removed from a room")
        for room_id, told in response.rooms.join.items():
            if any(opens_room(event, self._client.user_id) for event in (*told.state, *told.timeline.events)):
                self._client.opened_rooms |= {room_id}
        return self._upgrades.note(response.rooms.join, first)

    async def receive(self, room: nio.MatrixRoom, event: Event) -> None:
        """See what follows for the bot from a member's coming or going, or from a tombstone."""
        if new := replacement(event):
            await self._follow(room, new, event.sender)
        elif isinstance(event, nio.RoomMemberEvent):
            if event.state_key != self._client.user_id:
                if event.membership in ("leave", "ban"):
                    await self.leave_if_alone(room)
            elif event.membership == "join" != event.prev_membership:
                await self._arrive(room, event)

    def seems_alone(self, room_id: str) -> bool:
        """Whether, as far as the syncs have told, nobody else is in the room or invited to it."""
        room = self._client.rooms.get(room_id)
        return room is not None and size(room) <= 1

    async def leave_if_alone(self, room: nio.MatrixRoom) -> bool:
        """Leave the room if nobody else is in it or invited to it; whether the bot left."""
        if not self.seems_alone(room.room_id):
            return False
        members = partial(self._client.joined_members, room.room_id)
        try:  # there may be no way back in: the homeserver is asked first
            if len((await insist(members, "to tell who is in a room")).members) > 1:
                return False
        except Denied:
            return False
        log.info("the bot leaves a room that it is alone in")
        await self._leave(room.room_id)
        return True

    async def _arrive(self, room: nio.MatrixRoom, join: nio.RoomMemberEvent) -> None:
        """In the successor of a room, the bot is no newcomer: it knows its size, and is known.

        Nor is it one in a room that it opened itself. There it may seem to be alone: the other is invited last.
        """
        await self._look_around()
        if room.room_id in self._client.opened_rooms:
            await self._welcome.take_as_said(room.room_id)
            return
        was_led = self._followed.pop(room.room_id, None) and join.prev_membership != "invite"
        if await self.leave_if_alone(room):
            return
        if self._upgrades.is_successor(room.room_id):
            await self._welcome.take_as_said(room.room_id)
        elif was_led:
            log.info("the bot leaves a room that it was led to by the tombstone of a room which that does not replace")
            self._refused.add(room.room_id)
            await self._leave(room.room_id)
        elif await self._is_too_large(room):
            log.info("the bot leaves a room with more than %d members (`largest_room`)", self._config.largest_room)
            await self._welcome.say_too_large(room, join)
            await self._leave(room.room_id)
        else:
            await self._welcome.say(room, join)

    async def _follow(self, room: nio.MatrixRoom, new: str, upgrader: str) -> None:
        """Join the room `new` that replaces `room`; once the bot is there, leave `room`.

        This is done whenever the tombstone is due (`Upgrades.note`). The new room knows the bot before it leaves the
        old one: after a crash in between, only the new one is left to tell.
        """
        if new in self._client.rooms:
            if self._upgrades.are(room.room_id, new):
                await self._welcome.take_as_said(new)
                await self._leave(room.room_id)
        elif new in self._refused:
            return
        elif not self._may_invite(upgrader):
            log.info("an upgraded room was not followed: who upgraded it is not in `invites_from`")
        else:
            server = upgrader.partition(":")[2]
            path = f"/join/{quote(new, safe='')}?{urlencode({'server_name': server, 'via': server})}"
            self._followed[new] = room.room_id
            try:
                await self._client.call(path, {}, "to let the bot into an upgraded room")
            except MatrixError as error:
                self._followed.pop(new, None)
                if not isinstance(error, Denied):
                    raise
                log.info("%s; an invitation would bring it there", error)

    async def _is_too_large(self, room: nio.MatrixRoom) -> bool:
        largest, allowed = self._config.largest_room, self._config.large_rooms
        if not largest or size(room) <= largest or room.room_id in allowed:
            return False
        return room.room_id not in [await self._id(name) for name in allowed if name.startswith("#")]

    async def _id(self, address: str) -> str | None:
        try:
            told = await insist(partial(self._client.room_resolve_alias, address), "to find a room of `large_rooms`")
        except Denied as error:
            log.warning("%s", error)
            return None
        return str(told.room_id)

    async def _leave(self, room_id: str) -> None:
        """Leave the room and forget it, so that no start is burdened with it."""
        try:
            await insist(partial(self._client.room_leave, room_id), "to let the bot leave a room")
            self._drop(room_id)
            await insist(partial(self._client.room_forget, room_id), "to forget a room")
        except Denied as error:
            log.warning("%s", error)

    def _drop(self, room_id: str) -> bool:
        """Drop what nio knows of a room that the bot is not in; whether it knew it."""
        self._client.opened_rooms -= {room_id}
        self._client.invalidate_outbound_session(room_id)  # who is there when the bot comes back must get new keys
        return self._client.rooms.pop(room_id, None) is not None


def concerns_membership(event: Event) -> bool:
    """Whether the event is for `Membership.receive`."""
    return isinstance(event, nio.RoomMemberEvent) or replacement(event) is not None
