"""The store: what was handled, what is remembered of conversations, feedback, and where the sync stands."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from bot.adapters.sqlite.database import Database, Execute
from bot.adapters.sqlite.schema import KEPT
from bot.core.conversation import Conversation
from bot.core.model import Feedback, Message
from bot.ports import Answered, Notice

_REPLY = "reply"
"""The purpose for which the id of a reply is sealed: only who knows the question's id can read it."""


class SqliteStore:
    """The store in a file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def was_handled(self, event_id: str) -> bool:
        """Whether this event was recorded as handled."""
        query = "SELECT 1 FROM handled WHERE event = ?"
        return self._one(query, self._event_key(event_id)) is not None

    async def conversation(self, message: Message) -> Conversation:
        """What is remembered of the message's sender in its room and thread."""
        limit = self._database.seconds() - KEPT["conversations"].total_seconds()
        query = "SELECT state FROM conversations WHERE conversation = ? AND at >= ?"
        state = self._one(query, self._conversation_key(message), limit)
        return Conversation() if state is None else _conversation(str(state))

    async def record(
        self,
        message: Message,
        conversation: Conversation,
        reply_id: str | None = None,
        told: Notice | None = None,
        entries: tuple[str, ...] = (),
        before: Conversation = Conversation(),
    ) -> None:
        """Record that `message` was handled and what is remembered after it, and erase what is too old."""
        now = self._database.seconds()
        async with self._database.transaction() as execute:
            for event_id in (message.event_id, *message.edits):
                await execute("INSERT OR IGNORE INTO handled VALUES (?, ?)", (self._event_key(event_id), now))
            if reply_id and message.edit_of:
                changed = (json.dumps(entries), self._answer_key(message.room_id, message.edit_of))
                await execute("UPDATE answers SET entries = ? WHERE question = ?", changed)
            elif reply_id:
                question = (message.room_id, message.event_id)
                key = self._answer_key(*question)
                sealed = self._database.key.seal(_REPLY, reply_id.encode(), *question)
                asker = self._asker_key(message.room_id, reply_id, message.sender)
                answer = (key, sealed, now, asker, json.dumps(entries), _state(before))
                await execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)", answer)
            if told:
                await execute(*self._telling(message.room_id, told))
            if conversation.is_new:
                return
            person = self._database.key.fingerprint("person", message.sender)
            row = (self._conversation_key(message), person, _state(conversation), now)
            await execute("INSERT OR REPLACE INTO conversations VALUES (?, ?, ?, ?)", row)
            if message.thread:
                thread = self._database.key.fingerprint("thread", message.room_id, message.thread)
                await execute("INSERT OR REPLACE INTO threads VALUES (?, ?)", (thread, now))

    async def answered(self, room_id: str, event_id: str) -> Answered | None:
        """How this message was answered."""
        query = "SELECT reply, at, before FROM answers WHERE question = ?"
        row = self._database.row(query, self._answer_key(room_id, event_id))
        if row is None:
            return None
        reply, at, before = row
        reply_id = self._database.key.unseal(_REPLY, reply, room_id, event_id).decode()
        return Answered(reply_id, datetime.fromtimestamp(at, UTC), _conversation(before))

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

    async def takes_part(self, room_id: str, thread: str) -> bool:
        """Whether the bot was spoken to in this thread."""
        query = "SELECT 1 FROM threads WHERE thread = ?"
        return self._one(query, self._database.key.fingerprint("thread", room_id, thread)) is not None

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

    def _conversation_key(self, message: Message) -> bytes:
        return self._database.key.fingerprint("conversation", message.room_id, message.thread or "", message.sender)

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


def _state(conversation: Conversation) -> str:
    return json.dumps(asdict(conversation))


def _conversation(state: str) -> Conversation:
    fields = json.loads(state)
    return Conversation(**{**fields, "options": tuple(fields.get("options", ()))})


async def _count(execute: Execute, entries: str, helpful: bool, number: int) -> None:
    for entry in json.loads(entries):
        counts = (entry, number if helpful else 0, 0 if helpful else number)
        await execute(
            "INSERT INTO feedback VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET "
            "helpful = helpful + excluded.helpful, unhelpful = unhelpful + excluded.unhelpful",
            counts,
        )
