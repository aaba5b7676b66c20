"""What is remembered of conversations: sealed, so that only who names room, thread and person can read it.

That a topic is support's stands in a row of its own: it ends at a time of its own.
"""

import json
from dataclasses import replace
from datetime import datetime

from pydantic import ConfigDict, TypeAdapter

from bot.adapters.sqlite.database import Database, Execute
from bot.core.conversation import Conversation
from bot.core.model import Message

_TALK, _HANDED_OVER = "conversation", "handed over"
"""The kinds of rows, and the purposes for which they are sealed."""
_STATE = TypeAdapter(Conversation | None, config=ConfigDict(extra="forbid"))
"""It knows every field or reads nothing: half of a conversation is worse than none. (`None`: for pydantic, a
configuration belongs to no dataclass alone.)"""


class Conversations:
    """The rows of the conversations, in the store's file."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._key = database.key

    def of(self, message: Message) -> Conversation:
        """What is remembered of the message's sender in its room and thread; a new one where nothing is."""
        conversation = self._read(_TALK, message)
        handed_over = self._read(_HANDED_OVER, message).handed_over
        return replace(conversation, handed_over=handed_over).as_of(self._database.now())

    async def remember(self, execute: Execute, message: Message, conversation: Conversation) -> None:
        """Keep `conversation` as the one that `message` stands in, in place of what was kept there."""
        talk, handed_over = replace(conversation, handed_over=None), conversation.handed_over
        ends = handed_over.until if handed_over else None
        await self._write(execute, _TALK, message, talk, talk.until)
        await self._write(execute, _HANDED_OVER, message, Conversation(handed_over=handed_over), ends)

    def _read(self, kind: str, message: Message) -> Conversation:
        place = _place(message)
        query = "SELECT state FROM conversations WHERE conversation = ?"
        row = self._database.row(query, self._key.fingerprint(kind, *place))
        return self.unsealed(kind, row[0], *place) if row else Conversation()

    async def _write(
        self, execute: Execute, kind: str, message: Message, conversation: Conversation, until: datetime | None
    ) -> None:
        place = _place(message)
        fingerprint = self._key.fingerprint(kind, *place)
        if until is None:
            await execute("DELETE FROM conversations WHERE conversation = ?", (fingerprint,))
            return
        person = self._key.fingerprint("person", message.sender)
        row = (fingerprint, person, self.sealed(kind, conversation, *place), int(until.timestamp()))
        await execute("INSERT OR REPLACE INTO conversations VALUES (?, ?, ?, ?)", row)

    def sealed(self, purpose: str, conversation: Conversation, *parts: str) -> bytes:
        """`conversation`, sealed for one purpose (at most 16 bytes): only who knows the `parts` can read it."""
        state = json.dumps(_STATE.dump_python(conversation, mode="json"))  # ids may hold halves of characters
        return self._key.seal(purpose, state.encode(), *parts)

    def unsealed(self, purpose: str, sealed: bytes, *parts: str) -> Conversation:
        """What was sealed for the purpose and the parts; a new one where it cannot be read, as after an update."""
        try:
            state = json.loads(self._key.unseal(purpose, sealed, *parts))
            return _STATE.validate_python(state) or Conversation()
        except ValueError:
            return Conversation()


def _place(message: Message) -> tuple[str, str, str]:
    return message.room_id, message.thread or "", message.sender
