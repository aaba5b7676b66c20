"""What the use cases need from outside, as Protocols; the adapters fill them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from bot.core.conversation import Conversation, Quoted
from bot.core.model import Feedback, Message, Reply
from bot.ports.post import Posted


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The time, with its zone."""


Saying = Literal["answer", "apology", "direct", "failed"]
"""What is said to a message: the answer; an apology, while the answer may follow; what belongs in a direct chat; that
its escalation failed."""


RECOGNISED = timedelta(hours=24)
"""For so long homeservers recognise what is sent again; later it might arrive twice."""


@dataclass(frozen=True)
class DirectChat:
    """A room with nobody but one person and the bot."""

    room_id: str
    link: str
    """Leads there from any client."""


class Replies(Protocol):
    """Brings replies to where the message was written."""

    async def send(self, message: Message, reply: Reply, saying: Saying = "answer", rings: bool = False) -> str:
        """Send `reply` to `message`; the id of what was sent. Sent again for the same message, it arrives once.

        What else is said to the same message is another `saying`. `rings`: the person is to be notified.

        Raises:
            Undelivered: the reply was refused.
        """

    def offer(self, message: Message, reply_id: str, options: int) -> None:
        """Put the numbers of so many options to the bot's message `reply_id`, so that a tap chooses one.

        Nothing waits for it, and it may come to nothing.
        """

    async def direct_chat(self, message: Message) -> DirectChat | None:
        """A direct chat with the sender, opened where there is none; None where that is refused."""

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


class Messages(Protocol):
    """Gives the words of messages again: nobody keeps them."""

    async def text(self, quoted: Quoted, sender: str) -> str | None:
        """The words of this message of the sender's; None where it is gone or cannot be read.

        Raises:
            Undelivered: the homeserver does not tell, for now.
        """


class Undelivered(Exception):
    """A reply that could not be sent; the text says why, without naming anybody."""


class Barred(Undelivered):
    """The bot may not write there, or is not there any more: neither another try nor an apology would arrive."""


class Hopeless(Undelivered):
    """Another try would arrive no better; an apology might."""


class StoreBroken(OSError):
    """The store cannot be read or written. No message is to blame: nothing goes on until an admin has mended it."""


@dataclass(frozen=True)
class Answered:
    """That a message was answered."""

    reply_id: str
    at: datetime
    before: Conversation | None = None
    """What was remembered before it: an edit of the message is considered in its light; None: no edit changes it."""


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
        self,
        message: Message,
        conversation: Conversation,
        reply_id: str | None = None,
        told: Notice | None = None,
        entries: tuple[str, ...] = (),
        before: Conversation | None = None,
    ) -> None:
        """Record in one transaction that `message` was handled, how it was answered and what is remembered after it.

        `told`: what the reply told the room. `entries`: the ids of the entries in the reply. `before`: what was
        remembered before the message, kept with its answer for a day; without it, no edit of the message changes that.
        """

    async def remember(self, message: Message, conversation: Conversation) -> None:
        """Remember `conversation` as the one that `message` stands, or would stand, in."""

    async def post(self, posted: Posted, conversation: Conversation) -> None:
        """In one transaction, put the letter into the outbox and remember `conversation`.

        The message that agreed to it does not count as handled yet: its sender is still to be told the reference.
        """

    async def answered(self, room_id: str, event_id: str) -> Answered | None:
        """How this message was answered; None where it was not, or where that is forgotten."""

    async def forget_answer(self, room_id: str, event_id: str) -> None:
        """Forget how this message was answered."""

    async def rate(self, feedback: Feedback) -> None:
        """Count the feedback for the entries of the answer, if it is the asker's; the same one of a person once."""

    async def take_back(self, room_id: str, event_id: str) -> None:
        """Count the feedback that this event gave no more."""

    async def was_told(self, room_id: str, notice: Notice) -> bool:
        """Whether the room was told this lately."""

    async def tell(self, room_id: str, notice: Notice) -> None:
        """Remember that the room was told this."""

    async def takes_part(self, room_id: str, thread: str, sender: str) -> bool:
        """Whether the bot was spoken to in this thread, or it began from an answer to the sender."""

    async def entries_of(self, room_id: str, event_id: str, sender: str) -> tuple[str, ...] | None:
        """The entries in the answer to the sender that `event_id` asked for, or is; None where it is neither."""


@dataclass(frozen=True)
class Unread:
    """A message that cannot be decrypted."""

    room_id: str
    event_id: str


class UnreadMessages(Protocol):
    """Keeps, for a day and across restarts, which messages wait for their keys.

    Everything raises StoreBroken where it cannot be read or written.
    """

    async def keep(self, unread: Unread, session: str, sender: str, due: datetime) -> None:
        """Keep that the message waits for the key of `session`, and that its sender is to be told from `due` on."""

    async def all(self) -> Sequence[Unread]:
        """What waits."""

    async def of_session(self, room_id: str, session: str) -> Sequence[Unread]:
        """What waits for one key."""

    async def due(self) -> Sequence[Unread]:
        """What has waited for too long, so that its sender is to be told; due again unless it is settled in time."""

    async def next_due(self) -> datetime | None:
        """When the next message will have waited, or has waited, for too long."""

    async def settle(self, unread: Unread, told: bool) -> None:
        """Its sender was told now, or need not be; the key may still come."""

    async def was_told(self, since: datetime, sender: str, room_id: str | None) -> bool:
        """Whether since then the sender was told, or anybody in the room, where one is given."""

    async def forget(self, event_id: str) -> None:
        """It was read, or is gone."""
