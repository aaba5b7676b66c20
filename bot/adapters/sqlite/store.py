"""The store: what was handled, how it was answered, feedback, and where the sync stands.

Conversations and letters have modules of their own; what belongs together is recorded here, in one transaction.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.adapters.sqlite.cases import SqliteCases
from bot.adapters.sqlite.conversations import Conversations
from bot.adapters.sqlite.database import Database, Execute
from bot.adapters.sqlite.outbox import SqliteOutbox
from bot.adapters.sqlite.schema import KEPT
from bot.core.conversation import Conversation
from bot.core.model import Feedback, Message
from bot.core.relaying import Case
from bot.ports import Answered, Notice
from bot.ports.post import Posted

_REPLY, _BEFORE = "reply", "before"
"""What of an answer is sealed, and why: only who knows the question's id can read it."""


class SqliteStore:
    """The store in a file."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._conversations = Conversations(database)
        self._outbox = SqliteOutbox(database)
        self._cases = SqliteCases(database)

    async def was_handled(self, event_id: str) -> bool:
        """Whether this event was recorded as handled."""
        query = "SELECT 1 FROM handled WHERE event = ?"
        return self._one(query, self._event_key(event_id)) is not None

    async def conversation(self, message: Message) -> Conversation:
        """What is remembered of the message's sender in its room and thread."""
        return self._conversations.of(message)

    async def record(
        self,
        message: Message,
        conversation: Conversation,
        reply_id: str | None = None,
        told: Notice | None = None,
        entries: tuple[str, ...] = (),
        before: Conversation | None = None,
    ) -> None:
        """Record that `message` was handled and what is remembered after it, and erase what is too old."""
        now = self._database.seconds()
        async with self._database.transaction() as execute:
            await self._database.mark_handled(execute, message.event_id, *message.edits)
            if reply_id and message.edit_of:
                changed = (json.dumps(entries), self._answer_key(message.room_id, message.edit_of))
                await execute("UPDATE answers SET entries = ? WHERE question = ?", changed)
            elif reply_id:
                question = (message.room_id, message.event_id)
                key = self._answer_key(*question)
                reply = self._database.key.seal(_REPLY, reply_id.encode(), *question)
                asker = self._asker_key(message.room_id, reply_id, message.sender)
                light = before and self._conversations.sealed(_BEFORE, before, *question)
                answer = (key, reply, asker, json.dumps(entries), light, now)
                await execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)", answer)
            if told:
                await execute(*self._telling(message.room_id, told))
            await self._conversations.remember(execute, message, conversation)
            if message.thread and not conversation.is_new:
                thread = self._database.key.fingerprint("thread", message.room_id, message.thread)
                await execute("INSERT OR REPLACE INTO threads VALUES (?, ?)", (thread, now))

    async def remember(self, message: Message, conversation: Conversation) -> None:
        """Remember the conversation that `message` stands, or would stand, in."""
        async with self._database.transaction() as execute:
            await self._conversations.remember(execute, message, conversation)

    async def post(self, posted: Posted, conversation: Conversation) -> None:
        """Put the letter into the outbox, once, and remember its case and the conversation of its message."""
        async with self._database.transaction() as execute:
            for way in posted.letter.ways:
                await self._outbox.add(execute, replace(posted, way=way))
            if "room" in posted.letter.ways:
                await self._cases.add(execute, Case.of(posted.letter, posted.message, posted.language))
            await self._conversations.remember(execute, posted.message, conversation)

    async def answered(self, room_id: str, event_id: str) -> Answered | None:
        """How this message was answered."""
        query = "SELECT reply, at, before FROM answers WHERE question = ?"
        row = self._database.row(query, self._answer_key(room_id, event_id))
        if row is None:
            return None
        reply, at, before = row
        reply_id = self._reply_id(reply, room_id, event_id)
        light = before and self._conversations.unsealed(_BEFORE, before, room_id, event_id)
        return Answered(reply_id, datetime.fromtimestamp(at, UTC), light)

    async def forget_answer(self, room_id: str, event_id: str) -> None:
        """Forget how this message was answered."""
        async with self._database.transaction() as execute:
            await execute("DELETE FROM answers WHERE question = ?", (self._answer_key(room_id, event_id),))

    async def rate(self, feedback: Feedback) -> None:
        """Count the feedback, if it is the asker's, once."""
        asker = self._asker_key(feedback.room_id, feedback.reply_id, feedback.sender)
        entries = self._one("SELECT entries FROM answers WHERE asker = ?", asker)
        if entries is None:
            return
        vote = self._database.key.fingerprint("vote", asker.hex(), str(feedback.helpful))
        reaction = self._reaction_key(feedback.room_id, feedback.event_id)
        async with self._database.transaction() as execute:
            row = (reaction, vote, entries, feedback.helpful, self._database.seconds())
            if (await execute("INSERT OR IGNORE INTO reactions VALUES (?, ?, ?, ?, ?)", row)).rowcount:
                await _count(execute, str(entries), feedback.helpful, 1)

    async def take_back(self, room_id: str, event_id: str) -> None:
        """Count the feedback that this event gave no more."""
        reaction = self._reaction_key(room_id, event_id)
        row = self._database.row("SELECT entries, helpful FROM reactions WHERE reaction = ?", reaction)
        if row is None:
            return
        async with self._database.transaction() as execute:
            if (await execute("DELETE FROM reactions WHERE reaction = ?", (reaction,))).rowcount:
                await _count(execute, row[0], row[1], -1)

    async def was_told(self, room_id: str, notice: Notice) -> bool:
        """Whether the room was told this, for as long as it is kept."""
        limit = self._database.seconds() - KEPT[notice].total_seconds()
        query = f"SELECT 1 FROM {notice} WHERE room = ? AND at >= ?"  # noqa: S608 (our names)
        return self._one(query, self._room_key(room_id), limit) is not None

    async def tell(self, room_id: str, notice: Notice) -> None:
        """Remember that the room was told this."""
        async with self._database.transaction() as execute:
            await execute(*self._telling(room_id, notice))

    def _telling(self, room_id: str, notice: Notice) -> tuple[str, Sequence[object]]:
        """The statement that remembers it: each notice has a table of its name."""
        statement = f"INSERT OR REPLACE INTO {notice} VALUES (?, ?)"  # noqa: S608 (our names)
        return statement, (self._room_key(room_id), self._database.seconds())

    async def takes_part(self, room_id: str, thread: str, sender: str) -> bool:
        """Whether the bot was spoken to in this thread, or it began from an answer to the sender, or its question."""
        query = "SELECT 1 FROM threads WHERE thread = ?"
        spoken_to = self._one(query, self._database.key.fingerprint("thread", room_id, thread)) is not None
        return spoken_to or await self.entries_of(room_id, thread, sender) is not None

    async def entries_of(self, room_id: str, event_id: str, sender: str) -> tuple[str, ...] | None:
        """The entries in the answer to the sender that `event_id` asked for, or is."""
        row = self._database.row("SELECT reply FROM answers WHERE question = ?", self._answer_key(room_id, event_id))
        reply_id = self._reply_id(row[0], room_id, event_id) if row else event_id
        entries = self._one("SELECT entries FROM answers WHERE asker = ?", self._asker_key(room_id, reply_id, sender))
        return None if entries is None else tuple(json.loads(str(entries)))

    async def fact(self, name: str) -> str | None:
        """A single fact, such as the sync token; None where it was never kept."""
        value = self._one("SELECT value FROM facts WHERE name = ?", name)
        return None if value is None else str(value)

    async def keep(self, name: str, value: str) -> None:
        """Keep a single fact, and erase what is too old: while the bot listens, this is called twice a minute."""
        async with self._database.transaction() as execute:
            await execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def _one(self, query: str, *values: object) -> object:
        row = self._database.row(query, *values)
        return row[0] if row else None

    def _reply_id(self, sealed: bytes, room_id: str, event_id: str) -> str:
        return self._database.key.unseal(_REPLY, sealed, room_id, event_id).decode()

    def _event_key(self, event_id: str) -> bytes:
        return self._database.key.fingerprint("event", event_id)

    def _room_key(self, room_id: str) -> bytes:
        return self._database.key.fingerprint("room", room_id)

    def _answer_key(self, room_id: str, event_id: str) -> bytes:
        return self._database.key.fingerprint("answer", room_id, event_id)

    def _asker_key(self, room_id: str, reply_id: str, sender: str) -> bytes:
        """Who asked for a reply: apart for each reply, so that it joins no two of them."""
        return self._database.key.fingerprint("asker", room_id, reply_id, sender)

    def _reaction_key(self, room_id: str, event_id: str) -> bytes:
        return self._database.key.fingerprint("reaction", room_id, event_id)


async def _count(execute: Execute, entries: str, helpful: bool, number: int) -> None:
    for entry in json.loads(entries):
        counts = (entry, number if helpful else 0, 0 if helpful else number)
        await execute(
            "INSERT INTO feedback VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET "
            "helpful = helpful + excluded.helpful, unhelpful = unhelpful + excluded.unhelpful",
            counts,
        )
