"""What the use cases need from outside, as Protocols; the adapters fill them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from bot.core.model import Conversation, Message, Reply


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The time, with its zone."""


class Replies(Protocol):
    """Brings replies to where the message was written."""

    async def send(self, message: Message, reply: Reply) -> str:
        """Send `reply` to `message`; the id of what was sent. Sent again for the same message, it arrives once.

        Raises:
            Undelivered: the reply was refused.
        """

    async def replace(self, message: Message, reply_id: str, reply: Reply) -> None:
        """Put `reply` in the place of an earlier one, because of `message`, the new version of what was asked.

        Raises:
            Undelivered: the reply was refused.
        """

    async def withdraw(self, room_id: str, reply_id: str, because: str) -> None:
        """Take a reply back, because of the event with the id `because`.

        Raises:
            Undelivered: this was refused.
        """


class Undelivered(Exception):
    """A reply that could not be sent; the text says why, without naming anybody."""


class Barred(Undelivered):
    """The bot may not write there, or is not there any more: neither another try nor an apology would arrive."""


class StoreBroken(OSError):
    """The store cannot be read or written. No message is to blame: nothing goes on until an admin has mended it."""


@dataclass(frozen=True)
class Answered:
    """That a message was answered."""

    reply_id: str
    at: datetime


Notice = Literal["missed", "unencrypted", "welcomed"]
"""What a room is told: that messages were missed; that it is not encrypted, and so not answered; who the bot is."""


class Store(Protocol):
    """What is kept across restarts. It knows persons, rooms and events by keyed fingerprints only.

    Everything raises StoreBroken where it cannot be read or written.
    """

    async def was_handled(self, event_id: str) -> bool:
        """Whether this event was handled already."""

    async def conversation(self, message: Message) -> Conversation:
        """What is remembered of the message's sender in its room and thread; a new one where nothing is."""

    async def record(
        self, message: Message, conversation: Conversation, reply_id: str | None = None, told: Notice | None = None
    ) -> None:
        """Record in one transaction that `message` was handled, how it was answered and what is remembered after it.

        `told`: what the reply told the room.
        """

    async def answered(self, room_id: str, event_id: str) -> Answered | None:
        """How this message was answered; None where it was not, or where that is forgotten."""

    async def forget_answer(self, room_id: str, event_id: str) -> None:
        """Forget how this message was answered."""

    async def was_told(self, room_id: str, notice: Notice) -> bool:
        """Whether the room was told this lately."""

    async def tell(self, room_id: str, notice: Notice) -> None:
        """Remember that the room was told this."""

    async def takes_part(self, room_id: str, thread: str) -> bool:
        """Whether the bot was spoken to in this thread."""
