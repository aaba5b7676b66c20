"""The bot listens: one sync after the other, each batch handled whole before its token is kept.

A crash anywhere replays the batch, and the store and the transaction ids make the replay harmless.
"""

import asyncio
import logging
from typing import Protocol

import aiohttp
import nio

from bot.adapters.matrix.errors import LoggedOut, MatrixError, accepted
from bot.adapters.matrix.inbox import Inbox
from bot.adapters.matrix.patience import insist, patiently
from bot.adapters.matrix.rooms import Events, Rooms
from bot.adapters.matrix.verification import Verification
from bot.helpdesk import Helpdesk
from bot.ports import Undelivered

log = logging.getLogger(__name__)

_POLL = 30_000
"""Milliseconds that the homeserver waits for news."""
_FILTER = {
    "presence": {"types": []},
    "account_data": {"types": []},
    "room": {"timeline": {"limit": 50}, "ephemeral": {"types": []}, "account_data": {"types": []}},
}
TOKEN = "sync token"  # noqa: S105 (the name of a fact, no secret)


class Facts(Protocol):
    """Keeps single facts, such as the sync token."""

    async def fact(self, name: str) -> str | None:
        """The fact, None where it was never kept."""

    async def keep(self, name: str, value: str) -> None:
        """Keep the fact."""


class Listener:
    """Brings what is written in the bot's rooms to the helpdesk."""

    def __init__(
        self,
        client: nio.AsyncClient,
        rooms: Rooms,
        inbox: Inbox,
        helpdesk: Helpdesk,
        verification: Verification,
        facts: Facts,
    ) -> None:
        self._client = client
        self._rooms = rooms
        self._inbox = inbox
        self._helpdesk = helpdesk
        self._verification = verification
        self._facts = facts

    async def listen(self, stop: asyncio.Event) -> None:
        """Listen until `stop` is set; what is in hand then is finished first.

        Raises:
            LoggedOut: the homeserver does not know the access token any more.
        """
        since = await self._start()
        first = True
        while not stop.is_set():
            response = await self._next(stop, since, full_state=first)
            if response is None:
                return
            first = False
            await self._handle(response, since)
            since = response.next_batch
            await self._facts.keep(TOKEN, since)

    async def _start(self) -> str:
        """Where to listen on from. At the very first start this is now: what lies before is history."""
        since = await self._facts.fact(TOKEN)
        if since is None:
            since = (await self._sync(None, full_state=True, timeout=0)).next_batch
            await self._facts.keep(TOKEN, since)
        await self._upkeep()
        async for attempt in patiently():
            with attempt:
                invitations = await self._rooms.pending()
        for room_id, inviter in invitations.items():
            await self._rooms.answer(room_id, inviter)
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

    async def _handle(self, response: nio.SyncResponse, since: str) -> None:
        await self._upkeep()
        await self._verification.decline_direct(response.to_device_events)
        for room_id, invited in response.rooms.invite.items():
            await self._rooms.answer(room_id, self._rooms.inviter_in(invited.invite_state))
        try:
            async with asyncio.TaskGroup() as rooms:
                for room_id, joined in response.rooms.join.items():
                    rooms.create_task(self._handle_room(room_id, joined.timeline, since))
        except ExceptionGroup as group:  # only what ends the bot leaves a room, and one reason is enough
            raise group.exceptions[0] from None

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

    async def _news(self, room: nio.MatrixRoom, timeline: nio.Timeline, since: str) -> Events:
        try:
            return await self._rooms.news(room, timeline, since)
        except LoggedOut:
            raise
        except Exception as error:  # odd events of one room must not end the bot
            log.error("a gap or a history could not be read: %s", type(error).__name__)
            return list(timeline.events)

    async def _handle_room(self, room_id: str, timeline: nio.Timeline, since: str) -> None:
        """The news of one room, in order. What goes wrong with one message is logged and stops no other."""
        room = self._client.rooms[room_id]
        for event in await self._news(room, timeline, since):
            try:
                if await self._verification.decline(room, event):
                    continue
                if message := await self._inbox.message(room, event):
                    await self._helpdesk.handle(message)
            except LoggedOut:
                raise
            except Undelivered as error:
                log.error("a reply to %s could not be sent: %s", _id(event), error)
            except Exception as error:
                log.error("%s could not be handled: %s", _id(event), type(error).__name__)
            if isinstance(event, nio.MegolmEvent):
                log.warning("%s could not be decrypted: its key did not come", _id(event))


def _id(event: nio.Event | nio.BadEventType) -> str:
    return str(getattr(event, "event_id", "an event without an id"))
