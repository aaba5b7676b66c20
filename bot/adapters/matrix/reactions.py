"""Reactions: a thumb -> Feedback; a thumb down, or the number of an option, on an answer to who reacts -> a Message.

Any other reaction is nothing. Whether a thumb counts, as the person is the one who asked, is the store's to know.
"""

import re
from functools import partial
from typing import Literal

import nio

from bot.adapters.matrix.errors import Denied
from bot.adapters.matrix.inbox import is_direct, is_event_id, sent_at, thread_of
from bot.adapters.matrix.patience import insist
from bot.core.model import Addressed, Feedback, Message, Reaction
from bot.ports import Store

NUMBERS = ("1️⃣", "2️⃣", "3️⃣", "4️⃣")
"""The emoji of the options."""
_THUMBS = {"👍": True, "👎": False}
_KEYCAP = "\u20e3"
_VARIANTS = re.compile(r"[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff\s]")
"""Variation selectors and skin tones: they change how an emoji looks, not what it says."""


class Reactions:
    """Reads the reactions that one account sees."""

    def __init__(self, client: nio.AsyncClient, store: Store) -> None:
        self._client = client
        self._store = store

    async def message(self, room: nio.MatrixRoom, event: nio.ReactionEvent) -> Message | None:
        """What the reaction says to the bot; None where it says nothing, or is not on an answer to who reacts.

        Raises:
            LoggedOut: the homeserver does not know the access token any more.
        """
        says = _says(event.key)
        if says is None or not is_event_id(event.reacts_to):
            return None
        if await self._store.entries_of(room.room_id, event.reacts_to, event.sender) is None:
            return None
        answer = await self._own(room.room_id, event.reacts_to)
        return answer and Message(
            event_id=event.event_id,
            room_id=room.room_id,
            sender=event.sender,
            text=None,
            sent_at=sent_at(event),
            addressed=Addressed.DIRECT if is_direct(room) else Addressed.MENTION,
            encrypted=room.encrypted,
            thread=thread_of(answer),
            reaction=Reaction(event.reacts_to, says),
        )

    async def _own(self, room_id: str, event_id: str) -> nio.Event | None:
        """The bot's own message with this id; None where it is another's, or gone."""
        try:
            found = await insist(partial(self._client.room_get_event, room_id, event_id), "an answer")
        except Denied:
            return None
        event = found.event
        is_own = not isinstance(event, nio.UnknownBadEvent | nio.RedactedEvent) and event.sender == self._client.user_id
        return event if is_own else None


def feedback(room_id: str, event: nio.ReactionEvent) -> Feedback | None:
    """What the reaction says about an answer."""
    helpful = _THUMBS.get(_plain(event.key))
    return None if helpful is None else Feedback(event.event_id, room_id, event.sender, event.reacts_to, helpful)


def _says(key: str) -> int | Literal["unhelpful"] | None:
    plain = _plain(key)
    if _THUMBS.get(plain) is False:
        return "unhelpful"
    digit = plain.removesuffix(_KEYCAP)
    return int(digit) if digit in _DIGITS else None


def _plain(key: str) -> str:
    return _VARIANTS.sub("", key)


_DIGITS = tuple(_plain(each).removesuffix(_KEYCAP) for each in NUMBERS)
