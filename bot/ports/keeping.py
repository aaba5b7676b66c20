"""What the use cases of keeping the FAQ need from outside: its files, the room of its admins, and what they added."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.core.edition import Edition
from bot.core.fault import Fault
from bot.core.model import Language, Reply


@dataclass(frozen=True)
class Change:
    """What a file of the FAQ is to hold instead of what it holds."""

    file: str
    """Its name in the FAQ's folder."""
    before: bytes
    after: bytes


class CannotWrite(Exception):
    """Nothing was changed; the text says why, and what to do by hand."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        """`line`: the one of the file that it is about, counted from 1; None where it is about no single one."""
        super().__init__(f"line {line}: {reason}" if line else reason)


class Folder(Protocol):
    """The FAQ's files."""

    @property
    def path(self) -> str:
        """Where the folder is."""

    @property
    def is_shipped(self) -> bool:
        """Whether it is the FAQ that ships with the bot, which the next update replaces."""

    async def state(self, change: Change | None = None) -> str:
        """A word for what the files hold, or would hold after `change`: it changes with them."""

    async def open(self, change: Change | None = None) -> Edition:
        """The edition that the files hold; with `change`, the one that they would hold after it.

        Raises:
            Refused: they cannot be used; each fault names file and line.
            Unusable: this could not be found out.
        """

    async def check(self) -> tuple[Fault, ...]:
        """All that `auskunft check` finds."""

    async def with_phrasing(self, file: str, entry: str, language: Language, phrasing: str) -> Change:
        """The change that adds a phrasing to an entry.

        Raises:
            CannotWrite: the file cannot be changed so.
        """

    async def without_phrasing(self, file: str, entry: str, language: Language, phrasing: str) -> Change:
        """The change that takes a phrasing out again.

        Raises:
            CannotWrite: the file cannot be changed so, or the phrasing is not there any more.
        """

    async def write(self, change: Change) -> None:
        """Write the file, whole or not at all.

        Raises:
            CannotWrite: it was changed meanwhile, or cannot be written.
        """

    def draft(self, question: str, language: Language, known: Sequence[str]) -> str:
        """An entry for a question, as YAML to be completed; its id is none of the `known` ones.

        Raises:
            CannotWrite: the question holds no text.
        """


class AdminRoom(Protocol):
    """The room of those who keep the FAQ."""

    async def tell(self, reply: Reply, because: str, rings: bool = False) -> None:
        """Say something there that nobody has asked for. Said again because of the same, it arrives once.

        Raises:
            Undelivered: it cannot be said there now.
        """


@dataclass(frozen=True)
class Addition:
    """A phrasing that an admin has added from the chat."""

    event_id: str
    """Of the message that added it."""
    file: str
    entry: str
    language: Language
    phrasing: str
    at: datetime
    undone_by: str | None = None
    """The event id of the message that takes it out again."""


class Additions(Protocol):
    """Keeps the last additions, sealed, so that they can be undone after a restart, too.

    Everything raises StoreBroken where it cannot be read or written.
    """

    async def all(self) -> Sequence[Addition]:
        """The additions, oldest first."""

    async def keep(self, addition: Addition) -> None:
        """Keep an addition, in the place of what was kept of the same message."""

    async def forget(self, event_id: str) -> None:
        """Forget what this message has added."""
