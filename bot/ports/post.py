"""What the backoffice needs from outside: an outbox that keeps letters, and a mailer that hands them on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from bot.core.letter import Letter, Way
from bot.core.model import Language, Message


@dataclass(frozen=True)
class Posted:
    """A letter that is on its way, and the message that agreed to it."""

    letter: Letter
    message: Message
    """Without its text: what is told to the person is told as a reply to it."""
    language: Language
    posted_at: datetime
    attempts: int = 0
    """How often it was tried."""
    way: Way = "mail"
    """The way that it is on, of those of the letter: each way is a row of its own in the outbox."""


PostState = Literal["waiting", "accepted", "failed"]


@dataclass(frozen=True)
class PostStatus:
    """How a letter stands, without anything of what is in it."""

    reference: str
    state: PostState
    posted_at: datetime
    attempts: int
    next_try: datetime | None
    trouble: str
    """Why it was not accepted: the server's code, or the kind of error; empty where nothing was wrong."""
    way: Way = "mail"


class Outbox(Protocol):
    """Keeps letters, sealed, until the mail server has accepted them, or they stand in the support room.

    Everything raises StoreBroken where it cannot be read or written.
    """

    async def reference_of(self, event_id: str) -> str | None:
        """The reference of the letter that the message with this id agreed to; None where it agreed to none."""

    async def ways_of(self, reference: str) -> tuple[Way, ...]:
        """The ways of the letter, in the letter's order."""

    async def posted_since(self, since: datetime, sender: str | None = None) -> int:
        """How many letters were posted since then, by this person or by all."""

    async def due(self) -> Sequence[Posted]:
        """The letters that are to be tried now, oldest first."""

    async def untold(self) -> Sequence[Posted]:
        """The letters that failed, on every way, and whose senders do not know yet."""

    async def accepted(self, reference: str, way: Way = "mail") -> None:
        """The mail server took it, or it stands in the support room: its text is erased."""

    async def put_off(self, reference: str, until: datetime, trouble: str, way: Way = "mail") -> None:
        """It was tried in vain, and is tried again."""

    async def failed(self, reference: str, trouble: str, way: Way = "mail") -> None:
        """It is not tried again by itself. On its way to the support room, its case is over."""

    async def told(self, reference: str) -> None:
        """Its sender knows that it failed."""

    async def all(self) -> Sequence[PostStatus]:
        """How all letters stand, oldest first."""

    async def retry(self, reference: str) -> bool:
        """Let it be tried now, whether it waits or failed; whether there is such a letter."""

    async def drop(self, reference: str) -> bool:
        """Erase it, unless it was accepted; whether there was such a letter."""


class Mailer(Protocol):
    """Hands letters to a mail server."""

    async def send(self, letter: Letter, posted_at: datetime) -> None:
        """Send the letter. Sent again, it is the same mail: it has the same Message-ID and date.

        Raises:
            Unavailable: the server cannot take it now.
            Bounced: the server refuses it for good.
        """


class MailTrouble(Exception):
    """A letter was not accepted; the text says why, without a word of the letter or of whom it is from."""


class Unavailable(MailTrouble):
    """It may be accepted later."""


class Bounced(MailTrouble):
    """It will not be accepted."""
