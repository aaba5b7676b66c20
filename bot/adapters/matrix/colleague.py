"""A colleague's account: the demo and the end-to-end tests drive it as a person drives a client."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nio

from bot.adapters.matrix.client import SafeClient
from bot.adapters.matrix.errors import accepted
from bot.adapters.matrix.signing import is_signed_by_owner

_POLL = 1_000
_FILTER = {"room": {"timeline": {"limit": 500}}}
"""Wide enough that no message is left out: this client fills no gaps."""


class Colleague:
    """One logged-in account with encryption."""

    def __init__(self, client: nio.AsyncClient) -> None:
        self._client = client
        self._seen: list[tuple[str, nio.Event]] = []
        self._told: list[nio.ToDeviceEvent] = []
        self._signs: list[tuple[str, nio.EphemeralEvent]] = []
        self._since: str | None = None

    @property
    def user(self) -> str:
        """The account's Matrix id."""
        return str(self._client.user_id)

    @property
    def device(self) -> str:
        """The account's device id."""
        return str(self._client.device_id)

    async def create_room(self, *invited: str, encrypted: bool = False, direct: bool = False) -> str:
        """Create a room and invite; its id."""
        state = [{"type": "m.room.encryption", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}] if encrypted else []
        response = await self._client.room_create(
            invite=invited,
            is_direct=direct,
            preset=nio.RoomPreset.trusted_private_chat if direct else nio.RoomPreset.private_chat,
            initial_state=state,
        )
        room_id = str(accepted(response, "a room").room_id)
        await self.sync()
        return room_id

    async def invite(self, room_id: str, user: str) -> None:
        """Invite somebody to a room."""
        accepted(await self._client.room_invite(room_id, user), "an invitation")

    async def join(self, room_id: str) -> None:
        """Join a room."""
        accepted(await self._client.join(room_id), "to join")
        await self.sync()

    async def leave(self, room_id: str) -> None:
        """Leave a room."""
        accepted(await self._client.room_leave(room_id), "to leave")

    async def told(self, kind: str) -> int:
        """How many events of this kind came from device to device and were not waited for."""
        await self.sync()
        return sum(event.source.get("type") == kind for event in self._told)

    async def say(self, room_id: str, text: str, **content: Any) -> str:
        """Write a text; further content (`m_relates_to`) goes along with dots for its first underscore."""
        more = {key.replace("m_", "m.", 1): value for key, value in content.items()}
        return await self.send(room_id, "m.room.message", {"msgtype": "m.text", "body": text, **more})

    async def send(self, room_id: str, kind: str, content: dict[str, Any], transaction: str | None = None) -> str:
        """Send any event; its id. Sent again with the same `transaction`, it arrives once."""
        response = await self._client.room_send(
            room_id, kind, content, tx_id=transaction, ignore_unverified_devices=True
        )
        return str(accepted(response, "a message").event_id)

    async def send_raw(self, room_id: str, kind: str, content: dict[str, Any]) -> None:
        """Send any event as it stands, never encrypted."""
        path = f"/_matrix/client/v3/rooms/{room_id}/send/{kind}/{time.monotonic_ns()}"
        await self.put(path, content)

    async def put(self, path: str, content: dict[str, Any]) -> None:
        """Put anything anywhere, as clumsy and hostile clients do."""
        await self._ask("PUT", path, content)

    async def post(self, path: str, content: dict[str, Any]) -> Any:
        """Post anything anywhere; the answer."""
        return await self._ask("POST", path, content)

    async def _ask(self, method: str, path: str, content: dict[str, Any]) -> Any:
        headers = {"Authorization": f"Bearer {self._client.access_token}"}
        response = await self._client.send(method, path, json.dumps(content), headers)
        response.raise_for_status()
        return await response.json()

    async def device_keys(self, user: str) -> Any:
        """The public keys of a user's devices, as the homeserver tells them."""
        headers = {"Authorization": f"Bearer {self._client.access_token}"}
        wanted = json.dumps({"device_keys": {user: []}})
        response = await self._client.send("POST", "/_matrix/client/v3/keys/query", wanted, headers)
        return await response.json()

    async def sees_signed(self, user: str) -> bool:
        """Whether every device of a user is signed by its owner: else clients show a red shield."""
        told = await self.device_keys(user)
        devices = told.get("device_keys", {}).get(user, {})
        return bool(devices) and all(is_signed_by_owner(told, user, device) for device in devices)

    async def withhold(self, user: str) -> None:
        """Give the keys of what is written from now on to no device of a user, as clients do that mistrust them."""
        if self._client.should_query_keys:
            await self._client.keys_query()
        for device in self._client.device_store.active_user_devices(user):
            self._client.blacklist_device(device)

    async def hand_over(self, room_id: str, user: str) -> None:
        """Send the keys of what was written last in a room to the devices of a user that asked for them."""
        olm = self._client.olm
        written = olm.inbound_group_store.get(
            room_id, olm.account.identity_keys["curve25519"], olm.outbound_group_sessions[room_id].id
        )
        devices = list(self._client.device_store.active_user_devices(user))
        await self._client.keys_claim({user: [device.id for device in devices]})
        for device in devices:
            session = olm.session_store.get(device.curve25519)
            await self._client.to_device(olm._encrypt_forwarding_key(room_id, written, session, device))

    async def redact(self, room_id: str, event_id: str) -> None:
        """Take a message back."""
        accepted(await self._client.room_redact(room_id, event_id), "a redaction")

    async def has_content(self, room_id: str, event_id: str) -> bool:
        """Whether a message still says something, or was taken back."""
        response = accepted(await self._client.room_get_event(room_id, event_id), "a message")
        return bool(response.event.source["content"])

    async def sync(self, timeout: int = 0) -> None:
        """Take in what happened."""
        response = accepted(
            await self._client.sync(timeout, _FILTER, since=self._since, full_state=self._since is None), "a sync"
        )
        self._since = response.next_batch
        if self._client.should_upload_keys:
            await self._client.keys_upload()
        if self._client.should_query_keys:
            await self._client.keys_query()
        await self._client.send_to_device_messages()
        self._told.extend(response.to_device_events)
        for room_id, joined in response.rooms.join.items():
            self._seen.extend((room_id, event) for event in joined.timeline.events if isinstance(event, nio.Event))
            self._signs.extend((room_id, event) for event in joined.ephemeral)

    async def wait_for(self, room_id: str, sender: str, seconds: float = 30, after: int = 0) -> nio.RoomMessage:
        """The next message of `sender` in the room that was not returned before, from position `after` on.

        Raises:
            TimeoutError: none came.
        """
        deadline = time.monotonic() + seconds
        while True:
            for position, (where, event) in enumerate(self._seen):
                if (
                    position >= after
                    and where == room_id
                    and event.sender == sender
                    and isinstance(event, nio.RoomMessage | nio.MegolmEvent)
                ):
                    del self._seen[position]
                    return event
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing came from {sender} within {seconds} s")
            await self.sync(_POLL)

    async def history(self, room_id: str) -> list[nio.Event]:
        """All that was written in the room, newest first."""
        events: list[nio.Event] = []
        start: str | None = ""
        while start is not None:
            page = accepted(await self._client.room_messages(room_id, start or None, limit=200), "the history")
            events += page.chunk
            start = page.end if page.chunk else None
        return events

    async def wait_to_be_told(self, kind: str, seconds: float = 30) -> nio.ToDeviceEvent:
        """The next event of this kind from device to device.

        Raises:
            TimeoutError: none came.
        """
        async with asyncio.timeout(seconds):
            while True:
                for event in self._told:
                    if event.source.get("type") == kind:
                        self._told.remove(event)
                        return event
                await self.sync(_POLL)

    async def wait_until_read(self, room_id: str, event_id: str, user: str, seconds: float = 30) -> None:
        """Wait for the public receipt of `user` that names this message.

        Raises:
            TimeoutError: it did not come.
        """
        async with asyncio.timeout(seconds):
            while event_id not in self.read_by(room_id, user):
                await self.sync(_POLL)

    def read_by(self, room_id: str, user: str) -> list[str]:
        """The messages that the receipts of `user` named, in order."""
        told = (sign.receipts for where, sign in self._signs if where == room_id and isinstance(sign, nio.ReceiptEvent))
        receipts = (receipt for each in told for receipt in each)
        return [each.event_id for each in receipts if each.user_id == user and each.receipt_type == "m.read"]

    async def wait_for_typing(self, room_id: str, users: list[str], seconds: float = 30) -> None:
        """Wait until the last that was told is that just these users type in the room.

        Raises:
            TimeoutError: they do not.
        """
        async with asyncio.timeout(seconds):
            while self.typing(room_id) != users:
                await self.sync(_POLL)

    def typing(self, room_id: str) -> list[str] | None:
        """Who types in the room, as it was told last; None where it never was."""
        signs = [sign for where, sign in self._signs if where == room_id and isinstance(sign, nio.TypingNoticeEvent)]
        return list(signs[-1].users) if signs else None

    async def react(self, room_id: str, event_id: str, key: str) -> str:
        """React to a message; the reaction's id. Reactions are never encrypted."""
        relation = {"rel_type": "m.annotation", "event_id": event_id, "key": key}
        return await self.send(room_id, "m.reaction", {"m.relates_to": relation})

    async def count(self, room_id: str, sender: str, seconds: float) -> int:
        """How many further messages of `sender` come into the room within `seconds`."""
        messages = 0
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                await self.wait_for(room_id, sender, left)
                messages += 1
            except TimeoutError:
                break
        return messages

    async def membership(self, room_id: str, user: str) -> str | None:
        """How `user` stands to the room: join, invite, leave, ban; None if not at all."""
        response = await self._client.room_get_state_event(room_id, "m.room.member", user)
        return response.content.get("membership") if isinstance(response, nio.RoomGetStateEventResponse) else None

    async def wait_until_joined(self, room_id: str, user: str, seconds: float = 30) -> None:
        """Wait until `user` has joined the room.

        Raises:
            TimeoutError: they have not.
        """
        async with asyncio.timeout(seconds):
            while await self.membership(room_id, user) != "join":
                await asyncio.sleep(0.1)
        await self.sync()


async def register(homeserver: str, name: str, password: str) -> str:
    """Make an account on a homeserver that lets anybody register; its Matrix id."""
    client = nio.AsyncClient(homeserver)
    try:
        return str(accepted(await client.register(name, password), "an account").user_id)
    finally:
        await client.close()


@asynccontextmanager
async def colleague(homeserver: str, user: str, password: str, folder: Path) -> AsyncIterator[Colleague]:
    """The account `user`, logged in with a device of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    client = SafeClient(homeserver, user, store_path=str(folder), config=nio.AsyncClientConfig())
    try:
        accepted(await client.login(password, device_name="colleague"), "to log in")
        account = Colleague(client)
        await account.sync()
        yield account
    finally:
        await client.close()
