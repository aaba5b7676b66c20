"""The bot listens: one sync after the other. What a batch brings goes into the lanes, and the next sync begins."""

import asyncio
import logging
import math
from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol

import nio
from tenacity import stop_never

from bot.adapters.matrix import wanted
from bot.adapters.matrix.client import SafeClient
from bot.adapters.matrix.errors import LoggedOut
from bot.adapters.matrix.lanes import Lanes
from bot.adapters.matrix.membership import Membership
from bot.adapters.matrix.patience import insist, patiently
from bot.adapters.matrix.reception import Reception
from bot.adapters.matrix.rooms import Event, Events, Fetch, Rooms, Work
from bot.adapters.matrix.undecrypted import Undecrypted
from bot.adapters.matrix.upkeep import Upkeep
from bot.adapters.matrix.verification import Verification
from bot.ports import StoreBroken

log = logging.getLogger(__name__)

_POLL = 30_000
"""Milliseconds that the homeserver waits for news."""
_DEVICES = "devices"
"""The lane of what comes from device to device, in no room."""
TOKEN = "sync token"  # noqa: S105 (the name of a fact, no secret)


class Facts(Protocol):
    """Keeps single facts, such as the sync token."""

    async def fact(self, name: str) -> str | None:
        """The fact, None where it was never kept."""

    async def keep(self, name: str, value: str) -> None:
        """Keep the fact."""


class Listener:
    """Brings what is written in the bot's rooms to the reception."""

    def __init__(
        self,
        client: SafeClient,
        rooms: Rooms,
        membership: Membership,
        reception: Reception,
        undecrypted: Undecrypted,
        verification: Verification,
        facts: Facts,
    ) -> None:
        self._client = client
        self._rooms = rooms
        self._membership = membership
        self._reception = reception
        self._undecrypted = undecrypted
        self._verification = verification
        self._facts = facts

    async def listen(self, stop: asyncio.Event) -> None:
        """Listen until `stop` is set; what is in hand then is finished first.

        Raises:
            LoggedOut: the homeserver does not know the access token any more.
            StoreBroken: what was done cannot be recorded.
        """
        reception = self._reception
        async with (
            Lanes(reception.receive, partial(self._facts.keep, TOKEN), reception.settled) as lanes,
            Upkeep(self._client) as upkeep,
        ):
            since = await self._start(lanes)
            first = True
            while not stop.is_set():
                response = await self._next(stop, since, full_state=first)
                if response is None:
                    return
                upkeep.begin()
                work = await self._work(response, since, first)
                if first:  # only now it is known which rooms the bot is in
                    self._client.knows_rooms = True
                    work += await self._undecrypted.work_left()
                await lanes.add(response.next_batch, work)
                since = response.next_batch
                first = False

    async def _start(self, lanes: Lanes) -> str:
        """Where to listen on from. At the very first start this is now: what lies before is history."""
        since = await self._facts.fact(TOKEN)
        if since is None:
            since = (await self._sync(None, full_state=True, timeout=0)).next_batch
            await self._facts.keep(TOKEN, since)
        async for attempt in patiently():
            with attempt:
                invitations = await self._rooms.look_around()
        answering = [(room, self._answering(room, inviter)) for room, inviter in invitations.items()]
        await lanes.add(since, answering)
        log.info("listening")
        return since

    async def _next(self, stop: asyncio.Event, since: str, full_state: bool) -> nio.SyncResponse | None:
        """The next batch, or None where `stop` was set first."""
        left = await self._undecrypted.seconds_left()
        poll = _POLL if left is None else min(_POLL, math.ceil(left * 1000))
        syncing = asyncio.create_task(self._sync(since, full_state, 0 if full_state else poll))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({syncing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return syncing.result() if syncing.done() else None
        finally:
            syncing.cancel()
            stopping.cancel()

    async def _sync(self, since: str | None, full_state: bool, timeout: int) -> nio.SyncResponse:
        return await insist(lambda: self._client.sync(timeout, wanted.SYNC, since, full_state), "a sync", stop_never)

    async def _work(self, response: nio.SyncResponse, since: str, first: bool) -> Work:
        """What the batch brings. Rooms in which nothing was written need nothing.

        At the first batch after a start it is found out, too, where everybody else left meanwhile.
        """
        due = self._membership.note(response, first)
        for room, told in response.rooms.join.items():
            if told.timeline.limited:
                self._client.forget_members(room)
        work: Work = [
            (room, self._answering(room, self._rooms.inviter_in(told.invite_state)))
            for room, told in response.rooms.invite.items()
        ]
        work += [
            (room, partial(self._news, room, told.timeline, since, first))
            for room, told in response.rooms.join.items()
            if told.timeline.events or told.timeline.limited or (first and self._membership.seems_alone(room))
        ]
        work += [(room, partial(_once_more, event)) for room, event in due.items()]
        if response.to_device_events:
            work.append((_DEVICES, partial(self._decline, response.to_device_events)))
        return work + await self._undecrypted.work(response.to_device_events)

    def _answering(self, room_id: str, inviter: str) -> Fetch:
        async def answer() -> Events:
            await self._rooms.answer(room_id, inviter)
            return []

        return answer

    async def _decline(self, events: Sequence[Any]) -> Events:
        await self._verification.decline_direct(events)
        return []

    async def _news(self, room_id: str, timeline: nio.Timeline, since: str, first: bool) -> Events:
        room = self._client.rooms.get(room_id)
        if room is None or (first and await self._membership.leave_if_alone(room)):
            return []
        try:
            return await self._rooms.news(room, timeline, since)
        except (LoggedOut, StoreBroken):
            raise
        except Exception as error:  # odd events of one room must not end the bot
            log.error("a gap or a history could not be read: %s", type(error).__name__)
            return list(timeline.events)


async def _once_more(event: Event) -> Events:
    return [event]
