"""The store: what was handled, what is remembered of conversations, and where the sync stands, in one SQLite file.

Persons, rooms, threads and events stand in it as keyed fingerprints only, and no text at all. What is too old goes
with every write.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import aiosqlite

from bot.core.model import Conversation, Message
from bot.keys import Key
from bot.ports import Clock

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
)
"""Each brings the database from the version of its index to the next; what was released is never changed."""

KEPT = {"handled": timedelta(days=7), "conversations": timedelta(days=1), "threads": timedelta(days=90)}
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

    async def record(self, message: Message, conversation: Conversation) -> None:
        """Record that `message` was handled and what is remembered after it, and erase what is too old."""
        now = self._now()
        async with self._transaction() as execute:
            await execute("INSERT OR IGNORE INTO handled VALUES (?, ?)", (self._event_key(message.event_id), now))
            if conversation.is_new:
                return
            person = self._key.fingerprint("person", message.sender)
            row = (self._conversation_key(message), person, json.dumps(asdict(conversation)), now)
            await execute("INSERT OR REPLACE INTO conversations VALUES (?, ?, ?, ?)", row)
            if message.thread:
                thread = self._key.fingerprint("thread", message.room_id, message.thread)
                await execute("INSERT OR REPLACE INTO threads VALUES (?, ?)", (thread, now))

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
            except BaseException:
                await self._database.rollback()
                raise

    async def _one(self, query: str, *values: object) -> object:
        async with self._database.execute(query, values) as cursor:
            row = await cursor.fetchone()
            return row[0] if row else None

    def _conversation_key(self, message: Message) -> bytes:
        return self._key.fingerprint("conversation", message.room_id, message.thread or "", message.sender)

    def _event_key(self, event_id: str) -> bytes:
        return self._key.fingerprint("event", event_id)

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
