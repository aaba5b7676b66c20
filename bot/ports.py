"""What the use cases need from outside, as Protocols; the adapters fill them."""

from datetime import datetime
from typing import Protocol

from bot.core.model import Conversation, Message, Reply


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The time, with its zone."""


class Replies(Protocol):
    """Brings replies to where the message was written."""

    async def send(self, message: Message, reply: Reply) -> None:
        """Send `reply` to `message`. Sent again for the same message, it arrives once.

        Raises:
            Undelivered: the reply was refused.
        """


class Undelivered(Exception):
    """A reply that could not be sent; the text says why, without naming anybody."""


class Store(Protocol):
    """What is kept across restarts. It knows persons, rooms and events by keyed fingerprints only."""

    async def was_handled(self, event_id: str) -> bool:
        """Whether this event was handled already."""

    async def conversation(self, message: Message) -> Conversation:
        """What is remembered of the message's sender in its room and thread; a new one where nothing is."""

    async def record(self, message: Message, conversation: Conversation) -> None:
        """Record in one transaction that `message` was handled and what is remembered after it."""

    async def takes_part(self, room_id: str, thread: str) -> bool:
        """Whether the bot was spoken to in this thread."""
