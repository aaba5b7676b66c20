"""Asking for the keys to messages that cannot be decrypted, in a way that survives a crash and cannot be made to grow.

A key that nobody asked for is refused: that it was asked for is kept before the request goes out.
"""

import asyncio
from contextlib import suppress
from typing import Any

import nio
from nio.crypto.key_request import OutgoingKeyRequest

from bot.adapters.matrix.client import SafeClient

_LONGEST = 255
"""Characters that a device's or a key's id may have at the most; others are no such ids."""
_HURRY = 5
"""Seconds for which a request is waited for: what is written in the room waits behind it."""


class KeyRequests:
    """The requests of one account's device."""

    def __init__(self, client: SafeClient) -> None:
        self._client = client
        self._asked: dict[str, set[tuple[str, str]]] = {}
        """By session, the room and the person that its key was asked of since the start: others may name it, too."""

    def readable(self, event: nio.MegolmEvent) -> Any:
        """The event that `event` holds; None where it cannot be decrypted."""
        readable = self._client.olm._decrypt_megolm_no_error(event)
        if readable:
            self.forget(event.session_id)
        return readable

    async def ask(self, event: nio.MegolmEvent, again: bool = False) -> None:
        """Ask the device that sent `event` for its key, once unless `again`.

        What the homeserver does not take now goes out after a later sync.
        """
        if not all(_is_id(each) for each in (event.session_id, event.device_id)):
            return
        olm, asked = self._client.olm, self._asked.setdefault(event.session_id, set())
        if (event.room_id, event.sender) in asked and not again:
            return
        asked.add((event.room_id, event.sender))
        message = event.as_key_request(event.sender, self._client.device_id, event.session_id, event.device_id)
        request = OutgoingKeyRequest.from_message(message)
        olm.outgoing_key_requests[event.session_id] = request
        olm.store.add_outgoing_key_request(request)
        olm.outgoing_to_device_messages.append(message)
        with suppress(TimeoutError):
            async with asyncio.timeout(_HURRY):
                await self._client.send_to_device_messages()

    def open(self) -> list[tuple[str, str]]:
        """The keys that were asked for and have not come: room id and session."""
        return [(request.room_id, session) for session, request in self._client.olm.outgoing_key_requests.items()]

    def forget(self, session: str) -> None:
        """Take the key of this session from nobody any more but from whom keys come first."""
        olm = self._client.olm
        self._asked.pop(session, None)
        if request := olm.outgoing_key_requests.pop(session, None):
            olm.store.remove_outgoing_key_request(request)


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable() and len(value) <= _LONGEST
