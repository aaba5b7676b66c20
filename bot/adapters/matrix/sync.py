"""The bot listens: one sync after the other. What a batch brings goes into the lanes, and the next sync begins."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol

import aiohttp
import nio

from bot.adapters.matrix.errors import LoggedOut, MatrixError, accepted
from bot.adapters.matrix.lanes import Fetch, Lanes
from bot.adapters.matrix.membership import Membership
from bot.adapters.matrix.patience import insist, patiently
from bot.adapters.matrix.reception import Reception
from bot.adapters.matrix.rooms import Event, Events, Rooms
from bot.adapters.matrix.verification import Verification

log = logging.getLogger(__name__)

_POLL = 30_000
"""Milliseconds that the homeserver waits for news."""
_FILTER = {
    "presence": {"types": []},
    "account_data": {"types": []},
    "room": {"timeline": {"limit": 50}, "ephemeral": {"types": []}, "account_data": {"types": []}},
}
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
        client: nio.AsyncClient,
        rooms: Rooms,
        membership: Membership,
        reception: Reception,
        verification: Verification,
        facts: Facts,
    ) -> None:
        self._client = client
        self._rooms = rooms
        self._membership = membership
        self._reception = reception
        self._verification = verification
        self._facts = facts

    async def listen(self, stop: asyncio.Event) -> None:
        """Listen until `stop` is set; what is in hand then is finished first.

        Raises:
            LoggedOut: the homeserver does not know the access token any more.
        """
        async with Lanes(self._reception.receive, partial(self._facts.keep, TOKEN)) as lanes:
            since = await self._start(lanes)
            first = True
            while not stop.is_set():
                response = await self._next(stop, since, full_state=first)
                if response is None:
                    return
                await self._upkeep()
                await lanes.add(response.next_batch, self._work(response, since, first))
                since = response.next_batch
                first = False

    async def _start(self, lanes: Lanes) -> str:
        """Where to listen on from. At the very first start this is now: what lies before is history."""
        since = await self._facts.fact(TOKEN)
        if since is None:
            since = (await self._sync(None, full_state=True, timeout=0)).next_batch
            await self._facts.keep(TOKEN, since)
        await self._upkeep()
        async for attempt in patiently():
            with attempt:
                invitations = await self._rooms.pending()
        await lanes.add(since, {room: self._answering(room, inviter) for room, inviter in invitations.items()})
        log.info("listening")
        return since

    async def _next(self, stop: asyncio.Event, since: str, full_state: bool) -> nio.SyncResponse | None:
        """The next batch, or None where `stop` was set first."""
        syncing = asyncio.create_task(self._sync(since, full_state, 0 if full_state else _POLL))
        stopping = asyncio.create_task(stop.wait())
        done, pending = await asyncio.wait({syncing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        return syncing.result() if syncing in done else None

    async def _sync(self, since: str | None, full_state: bool, timeout: int) -> nio.SyncResponse:
        return await insist(lambda: self._client.sync(timeout, _FILTER, since, full_state), "a sync")

    def _work(self, response: nio.SyncResponse, since: str, first: bool) -> dict[str, Fetch]:
        """What the batch brings, by room. Rooms in which nothing was written need nothing.

        At the first batch after a start it is found out, too, where everybody else left meanwhile.
        """
        due = self._membership.note(response, first)
        invited = {
            room: self._answering(room, self._rooms.inviter_in(told.invite_state))
            for room, told in response.rooms.invite.items()
        }
        joined = {
            room: partial(self._news, room, told.timeline, since, first)
            for room, told in response.rooms.join.items()
            if told.timeline.events or told.timeline.limited or (first and self._membership.seems_alone(room))
        }
        direct = {_DEVICES: partial(self._decline, response.to_device_events)} if response.to_device_events else {}
        work: dict[str, Fetch] = invited | joined | direct
        return work | {room: _then(work.get(room), event) for room, event in due.items()}

    def _answering(self, room_id: str, inviter: str) -> Fetch:
        async def answer() -> Events:
            await self._rooms.answer(room_id, inviter)
            return []

        return answer

    async def _decline(self, events: Sequence[Any]) -> Events:
        await self._verification.decline_direct(events)
        return []

    async def _upkeep(self) -> None:
        """What encryption needs after a sync: our keys on the homeserver, the others' keys here.

        What fails is tried again after the next sync.
        """
        client = self._client
        try:
            if client.should_upload_keys:
                accepted(await client.keys_upload(), "the encryption keys")
            if client.should_query_keys:
                accepted(await client.keys_query(), "the keys of others")
            if client.should_claim_keys:
                accepted(await client.keys_claim(client.get_users_for_key_claiming()), "the one-time keys of others")
            await client.send_to_device_messages()
        except LoggedOut:
            raise
        except (MatrixError, aiohttp.ClientError, TimeoutError) as error:
            log.warning("the encryption keys are not up to date: %s", error)

    async def _news(self, room_id: str, timeline: nio.Timeline, since: str, first: bool) -> Events:
        room = self._client.rooms.get(room_id)
        if room is None or (first and await self._membership.leave_if_alone(room)):
            return []
        try:
            return await self._rooms.news(room, timeline, since)
        except LoggedOut:
            raise
        except Exception as error:  # odd events of one room must not end the bot
            log.error("a gap or a history could not be read: %s", type(error).__name__)
            return list(timeline.events)


def _then(fetch: Fetch | None, event: Event) -> Fetch:
    """What `fetch` brings, and `event` after it."""

    async def both() -> Events:
        return [*(await fetch() if fetch else []), event]

    return both
