"""nio's client, its encryption made safe against what strangers send and against a homeserver that does it by halves.

nio lets whatever an encrypted event raises escape from the sync: garbage in an Olm or Megolm event would end the bot,
at every start anew. Here such an event stays unread, and the others of its batch are handled.

nio writes on where the homeserver did not take the keys to a message (a gateway's 502): nobody could read it, ever.
"""

import asyncio
import json
import logging
from collections.abc import Collection
from contextlib import nullcontext
from typing import Any

import nio

from bot.adapters.matrix.errors import MatrixError, accepted, is_final
from bot.adapters.matrix.machine import Machine, guarded
from bot.adapters.matrix.responses import ONE_TIME
from bot.adapters.matrix.transport import Transport
from bot.ports import StoreBroken

log = logging.getLogger(__name__)

_MOST_CLAIMS = 500
_CHANGED = "others came or went while the keys to a message were given out"


class SafeClient(Transport):
    """The client of an account, with its encryption."""

    olm: Any
    _asked: frozenset[str] = frozenset()
    """Whose devices are being asked for."""
    knows_rooms = False
    """Whether a sync has told which rooms the bot is in."""
    _untold: frozenset[str] = frozenset()
    """Whose homeservers did not tell their devices at the last time: nobody waits for them."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._learning = asyncio.Lock()
        self._telling = asyncio.Lock()
        self._moved: set[str] = set()
        """The rooms in which somebody came or went, or may have, since their members were asked for."""
        self.staff_rooms: set[str] = set()
        """The ids of the rooms of support and of admins: none is a direct chat, however few are in it."""
        self._lost: dict[str, set[str]] = {}
        """By room, whose devices may not have got its keys."""

    async def keys_upload(self) -> Any:
        """Upload what the homeserver lacks of our keys.

        It may have other one-time keys under the same ids: then the data folder is older than they are (a restored
        backup), and nobody has their private halves any more. They are used up, and new ones take their place.
        """
        response = await self._upload()
        if isinstance(response, nio.KeysUploadError) and "already exists" in response.message:
            log.warning(
                "the homeserver has newer one-time keys than the data folder (a restored backup): replacing them"
            )
            await self._use_up()
            self.olm.give_up_one_time_keys()
            response = await self._upload()
        return response

    async def _upload(self) -> Any:
        content = self.olm.missing_keys()
        response = await self._send(
            nio.KeysUploadResponse, "POST", "/_matrix/client/v3/keys/upload", json.dumps(content)
        )
        if isinstance(response, nio.KeysUploadResponse) and "fallback_keys" in content:
            self.olm.fallback_is_there()
        return response

    async def _use_up(self) -> None:
        """Claim our own one-time keys until none is left: the API knows no other way to remove them."""
        wanted = {"one_time_keys": {self.user_id: {self.device_id: ONE_TIME}}}
        for _ in range(_MOST_CLAIMS):
            told = await self.call("/keys/claim", wanted, "our own one-time keys")
            keys = told.get("one_time_keys", {}).get(self.user_id, {}).get(self.device_id, {})
            if not keys or any(key.get("fallback") for key in keys.values()):
                return

    def _handle_olm_events(self, response: Any) -> None:
        super()._handle_olm_events(response)
        for room in self.rooms.values():
            if people := self.olm.began_anew & room.users.keys():
                self._lost.setdefault(room.room_id, set()).update(people)
        self.olm.began_anew.clear()
        if response.device_key_count.signed_curve25519 == 0:
            self.olm.uploaded_key_count = 0  # nio takes 0 for "not told" and would never refill
        if response.unused_fallback_keys is not None:
            self.olm.fallback_is_used = ONE_TIME not in response.unused_fallback_keys

    def load_store(self) -> None:
        """Load the keys."""
        if self.store is None:
            super().load_store()
            if self.olm:
                self.olm = Machine(self.user_id, self.device_id, self.store)

    def forget_members(self, room_id: str) -> None:
        """Ask who is in the room before something is encrypted for it: they may have changed unseen."""
        if room := self.rooms.get(room_id):
            self._moved.add(room_id)
            room.members_synced = False
            self.invalidate_outbound_session(room_id)

    def invalidate_outbound_session(self, room_id: str) -> None:
        """Use new keys from the next message on. nio would go on with keys that are just being given out."""
        self.olm.outbound_group_sessions.pop(room_id, None)

    async def learn_devices(self, needed: Collection[str] | None = None) -> None:
        """Ask the homeserver for the devices of those whose devices may have changed.

        With `needed`, only if some of these people are among them, and not those alone whom it could not tell lately.

        Raises:
            MatrixError: it does not tell.
        """
        if needed is not None and not self._unknown(needed):
            return
        async with self._learning:
            if self.should_query_keys if needed is None else self._unknown(needed):
                accepted(await self.keys_query(), "the keys of others")

    def _unknown(self, people: Collection[str]) -> set[str]:
        next_asked: set[str] = self.olm.users_for_key_query
        return ((next_asked | self._asked) - self._untold).intersection(people)

    async def keys_query(self) -> Any:
        """As nio does, but who changes while the answer is under way is asked for next: it may be older."""
        asked = self._asked = frozenset(self.olm.users_for_key_query)
        self.olm.users_for_key_query = set()
        told: set[str] = set()
        try:
            method, path, data = nio.Api.keys_query(self.access_token, asked)
            response = await self._send(nio.KeysQueryResponse, method, path, data)
            if isinstance(response, nio.KeysQueryResponse):
                told = response.device_keys.keys()
                self._untold = asked - told
            return response
        finally:
            self.olm.users_for_key_query |= asked - told
            self._asked = frozenset()

    async def room_send(self, room_id: str, *arguments: Any, **options: Any) -> Any:
        """As nio does, but only when the room's members and their devices are known: others could not read it.

        Raises:
            MatrixError: the homeserver does not tell.
        """
        room = self.rooms.get(room_id)
        while room and room.encrypted:
            await self._learn_members(room)
            await self.learn_devices(room.users)
            if room.members_synced:  # else they changed meanwhile
                self._give_again(room_id)
                break
        return await super().room_send(room_id, *arguments, **options)

    def _give_again(self, room_id: str) -> None:
        """Let those who may not have got the room's keys have what they are by now."""
        lost = self._lost.pop(room_id, set())
        if lost and (session := self.olm.outbound_group_sessions.get(room_id)):
            for devices in (session.users_shared_with, session.users_ignored):
                devices -= {(user, device) for user, device in devices if user in lost}
            session.shared = False

    async def _learn_members(self, room: nio.MatrixRoom) -> None:
        while not room.members_synced:
            self._moved.discard(room.room_id)
            accepted(await self.joined_members(room.room_id), "the members of a room")
            room.members_synced = room.room_id not in self._moved  # else the answer may be older than the change

    def _invalidate_session_for_member_event(self, room_id: str) -> None:
        self._moved.add(room_id)
        super()._invalidate_session_for_member_event(room_id)

    async def share_group_session(self, room_id: str, ignore_unverified_devices: bool = False) -> Any:
        """Give the keys to what is written next to the devices in the room.

        Raises:
            MatrixError: the homeserver did not do all that this needs; nothing may be written yet.
        """
        if missing := self.get_missing_sessions(room_id):
            accepted(await self.keys_claim(missing), "the one-time keys of others")
            if (room := self.rooms.get(room_id)) and not room.members_synced:
                raise MatrixError(_CHANGED)
        try:
            response = await super().share_group_session(room_id, ignore_unverified_devices)
            session = self.olm.outbound_group_sessions[room_id]
        except KeyError:  # the keys were invalidated meanwhile
            raise MatrixError(_CHANGED) from None
        finally:
            if waiting := self.sharing_session.pop(room_id, None):  # nio leaves it where it fails early
                waiting.set()
        if not self._reachable(room_id) <= session.users_shared_with | session.users_ignored:
            session.shared = False
            raise MatrixError("the homeserver refused the keys to a message")
        return response

    def _reachable(self, room_id: str) -> set[tuple[str, str]]:
        """The devices in the room, by user and device, that keys can be sent to."""
        return {
            (user, device.id)
            for user in self.rooms[room_id].users
            for device in self.olm.device_store.active_user_devices(user)
            if self.olm.session_store.get(device.curve25519) and not self.olm.is_device_blacklisted(device)
        } - {(self.user_id, self.device_id)}

    async def send_to_device_messages(self) -> None:
        """Send what waits for single devices, each once; what the homeserver refuses for good waits no longer."""
        async with self._telling:
            waiting = list(self.olm.outgoing_to_device_messages)
            answers = await asyncio.gather(*map(self.to_device, waiting), return_exceptions=True)
            for message, answer in zip(waiting, answers, strict=True):
                if isinstance(answer, StoreBroken):
                    raise answer
                if is_final(answer):
                    log.warning("a message to a device was refused: %s", message.type)
                    self.olm.outgoing_to_device_messages.remove(message)

    def _handle_decrypt_to_device(self, to_device_event: Any) -> Any:
        """Keep what it brings all or nothing: after a crash between the two, a key could not be decrypted again."""
        with self.store.database.atomic() if self.store else nullcontext():
            return guarded(super()._handle_decrypt_to_device, to_device_event)

    def _handle_timeline_event(self, event: Any, *rest: Any) -> Any:
        return guarded(super()._handle_timeline_event, event, *rest)
