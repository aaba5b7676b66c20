"""What the use case of cases needs from outside: what is kept of them, and rooms in which to write to either side."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.core.model import Message, Reply
from bot.core.relaying import Case, Thread


@dataclass(frozen=True)
class Copy:
    """A message that was passed on, as it stands on the other side."""

    room_id: str
    event_id: str


class CaseBook(Protocol):
    """Keeps cases and which messages were passed on in them, all of it sealed, and no text.

    Everything raises StoreBroken where it cannot be read or written.
    """

    async def in_thread(self, room_id: str, root: str) -> Case | None:
        """The case that has this thread on either side."""

    async def of_message(self, room_id: str, event_id: str) -> Case | None:
        """The case in which the bot wrote this message: a copy, or the letter in the support room."""

    async def stands(self, case: Case) -> None:
        """Keep the case as it is now, with its thread in the support room."""

    async def passed_on(self, message: Message, case: Case, copy: Copy | None = None) -> None:
        """In one transaction, record that the message was handled, where its copy is, and that the case is alive."""

    async def copy_of(self, room_id: str, event_id: str) -> Copy | None:
        """The copy of this message; None where it was not passed on, or its case is over."""

    async def forget_copy(self, room_id: str, event_id: str) -> None:
        """The copy was taken back."""

    async def close(self, case: Case, message: Message | None = None) -> None:
        """In one transaction, erase the case and record that the message that closed it was handled."""

    async def idle_since(self, time: datetime) -> Sequence[Case]:
        """The cases in which nobody has written since then."""


class Rooms(Protocol):
    """Writes to both sides of a case, so that it notifies. Sent again because of the same event, it arrives once.

    What it cannot send raises Undelivered.
    """

    async def trouble(self) -> str | None:
        """Why the support room cannot be used now, in an admin's words; None where it can."""

    async def open(self, letter: Reply, because: str) -> Thread:
        """Put the letter into the support room; the thread that it begins."""

    async def write(self, case: Case, to_person: bool, text: str, because: str) -> Copy:
        """Write a text, as it is, into the thread of one side."""

    async def tell(self, case: Case, to_person: bool, reply: Reply, because: str) -> None:
        """Say something of the bot's own in the thread of one side."""

    async def rewrite(self, copy: Copy, text: str, because: str) -> None:
        """Put another text in the place of a copy."""

    async def withdraw(self, copy: Copy, because: str) -> None:
        """Take a copy back."""

    def name(self, message: Message) -> str:
        """What the sender of the message is called in its room."""
