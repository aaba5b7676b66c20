"""Requests to verify the bot interactively: declined, with a pointer to its fingerprint, and never taken for questions.

Comparing emoji takes a person on either side. People compare the device's fingerprint with the admins' instead.
"""

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import nio

from bot.adapters.matrix.errors import Denied
from bot.adapters.matrix.patience import insist
from bot.adapters.matrix.send import deliver, notice, transaction_id
from bot.core.model import Reply

log = logging.getLogger(__name__)

_KIND = "m.key.verification."
_BEGINNINGS = (f"{_KIND}request", f"{_KIND}start")
_CANCEL = f"{_KIND}cancel"
_HOUR = 3600
_NOTICE, _CANCELLATION = range(2)
"""The ordinals of what is sent for a request."""


class Verification:
    """Declines for one account."""

    def __init__(self, client: nio.AsyncClient, fingerprint: str, words: Callable[[str, str], Reply]) -> None:
        """`words` puts it to the person: device and fingerprint -> Reply."""
        self._client = client
        self._fingerprint = fingerprint
        self._words = words
        self._told: dict[str, float] = {}
        """When people were told last."""

    async def decline(self, room: nio.MatrixRoom, event: nio.Event) -> None:
        """Decline `event` where it is a request to the bot; what else belongs to a verification is passed over."""
        is_request = _kind(event) == _BEGINNINGS[0]
        if is_request and event.source["content"].get("to") == self._client.user_id != event.sender:
            await self._decline_in(room.room_id, event)

    async def _decline_in(self, room_id: str, event: nio.Event) -> None:
        """Cancel, which nobody sees, and say why: to one person once an hour."""
        cancel = {**self._cancel(), "m.relates_to": {"rel_type": "m.reference", "event_id": event.event_id}}
        said = [(_CANCELLATION, _CANCEL, cancel)]
        if not self._was_told(event.sender):
            said.append((_NOTICE, "m.room.message", notice(self._words(self._client.device_id, self._fingerprint))))
        try:
            for ordinal, kind, content in said:
                transaction = transaction_id(event.event_id, ordinal)
                await deliver(self._client, room_id, kind, content, transaction, "to decline a verification")
            self._told.setdefault(event.sender, time.monotonic())
        except Denied as error:
            log.warning("a request for verification could not be declined: %s", error)

    def _was_told(self, person: str) -> bool:
        """Whether the person was told within the hour."""
        now = time.monotonic()
        self._told = {each: at for each, at in self._told.items() if now - at < _HOUR}
        return person in self._told

    async def decline_direct(self, events: Sequence[Any]) -> None:
        """Decline what was asked from device to device: of one person, the first of a batch."""
        declined: set[str] = set()
        for event in events:
            source = event.source if isinstance(getattr(event, "source", None), dict) else {}
            content = source.get("content")
            if not isinstance(content, dict) or source.get("type") not in _BEGINNINGS:
                continue
            transaction, device = content.get("transaction_id"), content.get("from_device")
            if not all(isinstance(each, str) and each.isprintable() for each in (transaction, device)):
                continue
            if event.sender in declined:
                continue
            declined.add(event.sender)
            cancel = {**self._cancel(), "transaction_id": transaction}
            message = nio.ToDeviceMessage(_CANCEL, event.sender, device, cancel)
            send = partial(self._client.to_device, message, transaction_id(f"{event.sender} {device} {transaction}"))
            try:
                await insist(send, "to decline a verification")
            except Denied as error:
                log.warning("a request for verification could not be declined: %s", error)

    def _cancel(self) -> dict[str, str]:
        where = f"compare the fingerprint of device {self._client.device_id} instead: {self._fingerprint}"
        return {"code": "m.user", "reason": f"This is a program; {where}"}


def belongs_to_verification(event: nio.Event | nio.BadEventType) -> bool:
    """Whether the event is part of an interactive verification, and so no words of a person."""
    return _kind(event).startswith(_KIND)


def _kind(event: nio.Event | nio.BadEventType) -> str:
    """The type that counts: in rooms, a request is a message."""
    source = event.source if isinstance(event.source, dict) else {}
    content = source.get("content")
    kind = source.get("type")
    if kind == "m.room.message":
        kind = content.get("msgtype") if isinstance(content, dict) else None
    return kind if isinstance(kind, str) else ""
