"""The store: what was handled, what is remembered of conversations, and where the sync stands, in one SQLite file.

Persons, rooms, threads and events stand in it as keyed fingerprints only, and no text at all. What is too old goes
with every write.
"""

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiosqlite

from bot.core.model import Conversation, Message
from bot.keys import Key
from bot.ports import Answered, Clock, Notice, StoreBroken

_MIGRATIONS = (
    """
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE handled (event BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX handled_at ON handled (at);
    CREATE TABLE conversations (
        conversation BLOB PRIMARY KEY, person BLOB NOT NULL, state TEXT NOT NULL, at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX conversations_at ON conversations (at);
    CREATE INDEX conversations_person ON conversations (person);
    CREATE TABLE threads (thread BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX threads_at ON threads (at);
    """,
    """
    CREATE TABLE answers (question BLOB PRIMARY KEY, reply BLOB NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX answers_at ON answers (at);
    CREATE TABLE missed (room BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX missed_at ON missed (at);
    """,
    """
    CREATE TABLE unencrypted (room BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX unencrypted_at ON unencrypted (at);
    CREATE TABLE welcomed (room BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX welcomed_at ON welcomed (at);
    """,
)
"""Each brings the database from the version of its index to the next; what was released is never changed."""

KEPT = {
    "handled": timedelta(days=7),
    "answers": timedelta(days=7),
    "conversations": timedelta(days=1),
    "missed": timedelta(days=1),
    "unencrypted": timedelta(days=1),
    "threads": timedelta(days=90),
    "welcomed": timedelta(days=365),
}
"""For how long rows are kept, by table."""


class SqliteStore:
    """The store in a file; see `open_store`."""

    def __init__(self, database: aiosqlite.Connection, key: Key, clock: Clock) -> None:
        self._database = database
        self._key = key
        self._clock = clock
        self._lock = asyncio.Lock()

    async def was_handled(self, event_id: str) -> bool:
        """Whether this event was recorded as handled."""
        query = "SELECT 1 FROM handled WHERE event = ?"
        return await self._one(query, self._event_key(event_id)) is not None

    async def conversation(self, message: Message) -> Conversation:
        """What is remembered of the message's sender in its room and thread."""
        limit = self._now() - KEPT["conversations"].total_seconds()
        query = "SELECT state FROM conversations WHERE conversation = ? AND at >= ?"
        state = await self._one(query, self._conversation_key(message), limit)
        if state is None:
            return Conversation()
        fields = json.loads(str(state))
        return Conversation(**{**fields, "options": tuple(fields["options"])})

    async def record(
        self, message: Message, conversation: Conversation, reply_id: str | None = None, told: Notice | None = None
    ) -> None:
        """Record that `message` was handled and what is remembered after it, and erase what is too old."""
        now = self._now()
        async with self._transaction() as execute:
            for event_id in (message.event_id, *message.edits):
                await execute("INSERT OR IGNORE INTO handled VALUES (?, ?)", (self._event_key(event_id), now))
            if reply_id:
                question = (message.room_id, message.event_id)
                answer = (self._answer_key(*question), self._veiled(reply_id.encode(), *question), now)
                await execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", answer)
            if told:
                await execute(*self._telling(message.room_id, told))
            if conversation.is_new:
                return
            person = self._key.fingerprint("person", message.sender)
            row = (self._conversation_key(message), person, json.dumps(asdict(conversation)), now)
            await execute("INSERT OR REPLACE INTO conversations VALUES (?, ?, ?, ?)", row)
            if message.thread:
                thread = self._key.fingerprint("thread", message.room_id, message.thread)
                await execute("INSERT OR REPLACE INTO threads VALUES (?, ?)", (thread, now))

    async def answered(self, room_id: str, event_id: str) -> Answered | None:
        """How this message was answered."""
        row = await self._row("SELECT reply, at FROM answers WHERE question = ?", self._answer_key(room_id, event_id))
        if row is None:
            return None
        reply, at = row
        return Answered(self._veiled(reply, room_id, event_id).decode(), datetime.fromtimestamp(at, UTC))

    async def forget_answer(self, room_id: str, event_id: str) -> None:
        """Forget how this message was answered."""
        async with self._transaction() as execute:
            await execute("DELETE FROM answers WHERE question = ?", (self._answer_key(room_id, event_id),))

    async def was_told(self, room_id: str, notice: Notice) -> bool:
        """Whether the room was told this, for as long as it is kept."""
        limit = self._now() - KEPT[notice].total_seconds()
        query = f"SELECT 1 FROM {notice} WHERE room = ? AND at >= ?"  # noqa: S608 (our names)
        return await self._one(query, self._room_key(room_id), limit) is not None

    async def tell(self, room_id: str, notice: Notice) -> None:
        """Remember that the room was told this."""
        async with self._transaction() as execute:
            await execute(*self._telling(room_id, notice))

    async def takes_part(self, room_id: str, thread: str) -> bool:
        """Whether the bot was spoken to in this thread."""
        query = "SELECT 1 FROM threads WHERE thread = ?"
        return await self._one(query, self._key.fingerprint("thread", room_id, thread)) is not None

    async def fact(self, name: str) -> str | None:
        """A single fact, such as the sync token; None where it was never kept."""
        value = await self._one("SELECT value FROM facts WHERE name = ?", name)
        return None if value is None else str(value)

    async def keep(self, name: str, value: str) -> None:
        """Keep a single fact, and erase what is too old: while the bot listens, this is called twice a minute."""
        async with self._transaction() as execute:
            await execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Callable[[str, Sequence[object]], Awaitable[object]]]:
        """All or nothing, one after the other: rooms are handled side by side over one connection."""
        async with self._lock:
            try:
                yield self._database.execute
                now = self._now()
                for table, kept in KEPT.items():
                    limit = now - kept.total_seconds()
                    await self._database.execute(f"DELETE FROM {table} WHERE at < ?", (limit,))  # noqa: S608 (our names)
                await self._database.commit()
            except BaseException as error:
                await self._roll_back()
                if isinstance(error, sqlite3.Error):
                    raise StoreBroken(str(error)) from error
                raise

    async def _roll_back(self) -> None:
        with suppress(sqlite3.Error):  # what broke the transaction is told, not what that broke in turn
            await self._database.rollback()

    async def _one(self, query: str, *values: object) -> object:
        row = await self._row(query, *values)
        return row[0] if row else None

    async def _row(self, query: str, *values: object) -> sqlite3.Row | None:
        try:
            async with self._database.execute(query, values) as cursor:
                return await cursor.fetchone()
        except sqlite3.Error as error:
            raise StoreBroken(str(error)) from error

    def _telling(self, room_id: str, notice: Notice) -> tuple[str, Sequence[object]]:
        """The statement that remembers it: each notice has a table of its name."""
        statement = f"INSERT OR REPLACE INTO {notice} VALUES (?, ?)"  # noqa: S608 (our names)
        return statement, (self._room_key(room_id), self._now())

    def _conversation_key(self, message: Message) -> bytes:
        return self._key.fingerprint("conversation", message.room_id, message.thread or "", message.sender)

    def _event_key(self, event_id: str) -> bytes:
        return self._key.fingerprint("event", event_id)

    def _room_key(self, room_id: str) -> bytes:
        return self._key.fingerprint("room", room_id)

    def _answer_key(self, room_id: str, event_id: str) -> bytes:
        return self._key.fingerprint("answer", room_id, event_id)

    def _veiled(self, reply_id: bytes, room_id: str, event_id: str) -> bytes:
        """The reply's id under a pad of its own, or back from it: only who knows the question's id can read it."""
        seed = b"".join(self._key.fingerprint(f"veil {half}", room_id, event_id) for half in range(2))
        pad = hashlib.shake_256(seed).digest(len(reply_id))
        return bytes(a ^ b for a, b in zip(reply_id, pad, strict=True))

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


@asynccontextmanager
async def open_store(path: Path, key: Key, clock: Clock) -> AsyncIterator[SqliteStore]:
    """The store in the file at `path`, brought to the newest version; closed at the end."""
    async with aiosqlite.connect(path) as database:
        path.chmod(0o600)
        await database.execute("PRAGMA journal_mode = WAL")
        await database.execute("PRAGMA synchronous = FULL")
        await database.execute("PRAGMA secure_delete = ON")
        await _migrate(database)
        yield SqliteStore(database, key, clock)


async def _migrate(database: aiosqlite.Connection) -> None:
    async with database.execute("PRAGMA user_version") as cursor:
        row = await cursor.fetchone()
    version = int(row[0]) if row else 0
    for number, script in enumerate(_MIGRATIONS[version:], version + 1):
        await database.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;")
