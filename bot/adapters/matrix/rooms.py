"""Which rooms the bot is in: invitations accepted or declined, and what was written before it saw the room."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, TypeAlias

import nio
from nio.responses import RoomSummary

from bot.adapters.matrix import wanted
from bot.adapters.matrix.errors import Denied, refusal
from bot.adapters.matrix.inbox import is_direct, sent_at
from bot.adapters.matrix.patience import insist
from bot.config import Matrix
from bot.ports import Clock

log = logging.getLogger(__name__)

Event: TypeAlias = nio.Event | nio.BadEventType
Events = list[Event]
Fetch: TypeAlias = Callable[[], Awaitable[Events]]
"""What is to be done in a room, and the events to be handled afterwards."""
Work: TypeAlias = list[tuple[str, Fetch]]
"""What is to be done, with the room in which."""

_PAGE = 100
_MOST = 10_000
"""Events of others that are read back over a gap, lest a flood fill the memory."""
_FAR = timedelta(hours=25)
"""How far a gap is read back: what lies beyond is too old to be answered."""


class Rooms:
    """Joins, declines and looks back, with one account."""

    def __init__(self, client: nio.AsyncClient, config: Matrix, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._welcome = config.invites_from or (config.server_name,)

    async def look_around(self) -> dict[str, str]:
        """See, at a start, which rooms there are; the invitations that wait: the inviting person by room id.

        A sync tells each invitation once: one that came while the bot was killed would be lost. Nor does it tell again
        how many are in a room: one in which a single person wrote meanwhile would look like a direct chat.
        """
        path = nio.Api._build_path(["sync"], {"filter": nio.Api.to_json(wanted.at_start())})
        response = await self._client.send(
            "GET", path, headers={"Authorization": f"Bearer {self._client.access_token}"}
        )
        told = await self._client.parse_body(response)
        if response.status != 200:
            raise refusal(response.status, told, "to list invitations")
        rooms = told.get("rooms", {})
        for room_id, joined in rooms.get("join", {}).items():
            self._note(room_id, joined.get("summary", {}), joined.get("state", {}).get("events", []))
        invited = rooms.get("invite", {})
        return {room: self._inviter(told.get("invite_state", {}).get("events", [])) for room, told in invited.items()}

    def _note(self, room_id: str, summary: dict[str, Any], state: Sequence[dict[str, Any]]) -> None:
        """Take in how many are in the room and who is told. The sync that follows tells what has changed since."""
        client = self._client
        if room_id not in client.rooms:
            client.rooms[room_id] = nio.MatrixRoom(room_id, client.user_id, room_id in client.encrypted_rooms)
        room = client.rooms[room_id]
        counts = (summary.get(f"m.{which}_member_count") for which in ("invited", "joined"))
        room.update_summary(RoomSummary(*counts))
        for event in map(nio.Event.parse_event, state):
            if isinstance(event, nio.RoomMemberEvent):
                room.handle_membership(event)

    async def answer(self, room_id: str, inviter: str) -> None:
        """Join the room, or decline, by who invites."""
        if not self.may_invite(inviter):
            log.info("an invitation was declined: the inviting account is not in `invites_from`")
        ask = self._client.join if self.may_invite(inviter) else self._client.room_leave
        try:
            await insist(partial(ask, room_id), "to answer an invitation")
        except Denied as error:
            log.warning("%s", error)

    def may_invite(self, inviter: str) -> bool:
        """Whether the bot goes where this account wants it."""
        return inviter in self._welcome or inviter.partition(":")[2] in self._welcome

    def inviter_in(self, state: Sequence[Any]) -> str:
        """The person who invites, from an invitation's stripped state."""
        return self._inviter([event.source for event in state])

    def _inviter(self, events: Sequence[dict[str, Any]]) -> str:
        for event in events:
            if event.get("type") == "m.room.member" and event.get("state_key") == self._client.user_id:
                return str(event.get("sender", ""))
        return ""

    async def news(self, room: nio.MatrixRoom, timeline: nio.Timeline, since: str) -> Events:
        """What was written since the last sync, oldest first; in a room just joined, what was written since.

        Where the homeserver left a gap, it is filled. Of a direct chat, what the inviting person wrote after the
        invitation and before the bot joined counts too: clients create the chat with the first question. There the
        bot's own joining comes last: who asks is answered first, and then met with the bot's introduction.
        """
        events: Events = list(timeline.events)
        back = timeline.prev_batch
        if timeline.limited and self._membership(events, "join") is None:
            earlier, back = await self._earlier(room.room_id, back, since, "join")
            events = earlier + events
        joined = self._membership(events, "join")
        if joined is None:
            return events
        before, join, after = events[:joined], events[joined], events[joined + 1 :]
        if not is_direct(room):
            return [join, *after]
        if self._membership(before, "invite") is None:
            earlier, _ = await self._earlier(room.room_id, back, None, "invite")
            before = earlier + before
        invited = self._membership(before, "invite")
        if invited is None:
            return [*after, join]
        inviter = before[invited].sender
        asked = [event for event in before[invited + 1 :] if getattr(event, "sender", None) == inviter]
        return [*asked, *after, join]

    async def _earlier(self, room_id: str, start: str | None, end: str | None, until: str) -> tuple[Events, str | None]:
        """What lies before `start`, oldest first: back to `end`, or to where our membership became `until`.

        The bot's own messages are passed over without counting: after a busy time it wrote most of the gap itself.
        """
        events: Events = []
        others = 0
        while start:
            try:
                page = await insist(partial(self._page, room_id, start, end), "to show earlier messages")
            except Denied as error:
                log.warning("a gap stays open: %s", error)
                break
            events = [*reversed(page.chunk), *events]
            start = page.end
            others += sum(getattr(event, "sender", None) != self._client.user_id for event in page.chunk)
            if not page.chunk or self._is_far(page.chunk[-1]) or self._membership(events, until) is not None:
                break
            if others >= _MOST:
                log.warning("a gap of over %d messages stays open", _MOST)
                break
        return events, start

    def _is_far(self, event: Event) -> bool:
        is_dated = isinstance(getattr(event, "server_timestamp", None), int)
        return is_dated and self._clock.now() - sent_at(event) > _FAR

    async def _page(self, room_id: str, start: str, end: str | None) -> nio.RoomMessagesResponse:
        back = nio.MessageDirection.back
        return await self._client.room_messages(room_id, start, end, back, _PAGE, wanted.MESSAGES)

    def _membership(self, events: Events, became: str) -> int | None:
        """Where the bot's own membership last became `became`: the index of the event, None where it is not there."""
        for index in range(len(events) - 1, -1, -1):
            event = events[index]
            if (
                isinstance(event, nio.RoomMemberEvent)
                and event.state_key == self._client.user_id
                and event.membership == became
                and event.prev_membership != became
            ):
                return index
        return None
