"""The store: what was handled, what is remembered of conversations, and where the sync stands, in one SQLite file.

Persons, rooms, threads and events stand in it as keyed fingerprints only, and no text at all. What is too old goes
with every write.
"""

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiosqlite

from bot import remedies
from bot.core.model import Conversation, Feedback, Message
from bot.keys import Key, Unusable
from bot.ports import Answered, Clock, StoreBroken, Unread

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
    CREATE TABLE unread (
        event BLOB PRIMARY KEY, session BLOB NOT NULL, person BLOB NOT NULL, room BLOB NOT NULL,
        place BLOB, due INTEGER, told INTEGER, at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX unread_at ON unread (at);
    CREATE INDEX unread_due ON unread (due);
    CREATE INDEX unread_person ON unread (person);
    """,
    """
    ALTER TABLE answers ADD COLUMN asker BLOB;
    ALTER TABLE answers ADD COLUMN entries TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE answers ADD COLUMN before TEXT NOT NULL DEFAULT '{}';
    CREATE INDEX answers_asker ON answers (asker);
    CREATE TABLE feedback (
        entry TEXT PRIMARY KEY, helpful INTEGER NOT NULL, unhelpful INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE reactions (
        reaction BLOB PRIMARY KEY, vote BLOB NOT NULL UNIQUE, entries TEXT NOT NULL, helpful INTEGER NOT NULL,
        at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX reactions_at ON reactions (at);
    """,
)
"""Each brings the database from the version of its index to the next; what was released is never changed."""

KEPT = {
    "handled": timedelta(days=7),
    "answers": timedelta(days=7),
    "reactions": timedelta(days=7),
    "conversations": timedelta(days=1),
    "missed": timedelta(days=1),
    "unread": timedelta(days=1),
    "threads": timedelta(days=90),
}
"""For how long rows are kept, by table."""


Execute = Callable[[str, Sequence[object]], Awaitable[aiosqlite.Cursor]]

_PLACE = "place"
"""The purpose for which it is sealed where a message lies."""
_ONLY_THE_LATEST = """
    DELETE FROM unread WHERE person = ? AND event NOT IN (
        SELECT event FROM unread WHERE person = ? ORDER BY rowid DESC LIMIT ?
    )
    """


class SqliteStore:
    """The store in a file; see `open_store`."""

    def __init__(self, database: aiosqlite.Connection, path: Path, key: Key, clock: Clock) -> None:
        self._database = database
        self._path = path
        self.key = key
        self._clock = clock
        self._lock = asyncio.Lock()

    async def was_handled(self, event_id: str) -> bool:
        """Whether this event was recorded as handled."""
        query = "SELECT 1 FROM handled WHERE event = ?"
        return await self._one(query, self._event_key(event_id)) is not None

    async def conversation(self, message: Message) -> Conversation:
        """What is remembered of the message's sender in its room and thread."""
        limit = self.seconds() - KEPT["conversations"].total_seconds()
        query = "SELECT state FROM conversations WHERE conversation = ? AND at >= ?"
        state = await self._one(query, self._conversation_key(message), limit)
        return Conversation() if state is None else _conversation(str(state))

    async def record(
        self,
        message: Message,
        conversation: Conversation,
        reply_id: str | None = None,
        missed: bool = False,
        entries: tuple[str, ...] = (),
        before: Conversation = Conversation(),
    ) -> None:
        """Record that `message` was handled and what is remembered after it, and erase what is too old."""
        now = self.seconds()
        async with self.transaction() as execute:
            for event_id in (message.event_id, *message.edits):
                await execute("INSERT OR IGNORE INTO handled VALUES (?, ?)", (self._event_key(event_id), now))
            if reply_id and message.edit_of:
                changed = (json.dumps(entries), self._answer_key(message.room_id, message.edit_of))
                await execute("UPDATE answers SET entries = ? WHERE question = ?", changed)
            elif reply_id:
                question = (message.room_id, message.event_id)
                key, veiled = self._answer_key(*question), self._veiled(reply_id.encode(), *question)
                asker = self._asker_key(message.room_id, reply_id, message.sender)
                answer = (key, veiled, now, asker, json.dumps(entries), _state(before))
                await execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)", answer)
            if missed:
                await execute("INSERT OR REPLACE INTO missed VALUES (?, ?)", (self._room_key(message.room_id), now))
            if conversation.is_new:
                return
            person = self.key.fingerprint("person", message.sender)
            row = (self._conversation_key(message), person, _state(conversation), now)
            await execute("INSERT OR REPLACE INTO conversations VALUES (?, ?, ?, ?)", row)
            if message.thread:
                thread = self.key.fingerprint("thread", message.room_id, message.thread)
                await execute("INSERT OR REPLACE INTO threads VALUES (?, ?)", (thread, now))

    async def answered(self, room_id: str, event_id: str) -> Answered | None:
        """How this message was answered."""
        query = "SELECT reply, at, before FROM answers WHERE question = ?"
        row = await self.row(query, self._answer_key(room_id, event_id))
        if row is None:
            return None
        reply, at, before = row
        reply_id = self._veiled(reply, room_id, event_id).decode()
        return Answered(reply_id, datetime.fromtimestamp(at, UTC), _conversation(before))

    async def forget_answer(self, room_id: str, event_id: str) -> None:
        """Forget how this message was answered."""
        async with self.transaction() as execute:
            await execute("DELETE FROM answers WHERE question = ?", (self._answer_key(room_id, event_id),))

    async def rate(self, feedback: Feedback) -> None:
        """Count the feedback, if it is the asker's, once."""
        asker = self._asker_key(feedback.room_id, feedback.reply_id, feedback.sender)
        entries = await self._one("SELECT entries FROM answers WHERE asker = ?", asker)
        if entries is None:
            return
        vote = self.key.fingerprint("vote", asker.hex(), str(feedback.helpful))
        reaction = self._reaction_key(feedback.room_id, feedback.event_id)
        async with self.transaction() as execute:
            row = (reaction, vote, entries, feedback.helpful, self.seconds())
            if (await execute("INSERT OR IGNORE INTO reactions VALUES (?, ?, ?, ?, ?)", row)).rowcount:
                await _count(execute, str(entries), feedback.helpful, 1)

    async def take_back(self, room_id: str, event_id: str) -> None:
        """Count the feedback that this event gave no more."""
        reaction = self._reaction_key(room_id, event_id)
        row = await self.row("SELECT entries, helpful FROM reactions WHERE reaction = ?", reaction)
        if row is None:
            return
        async with self.transaction() as execute:
            if (await execute("DELETE FROM reactions WHERE reaction = ?", (reaction,))).rowcount:
                await _count(execute, row[0], row[1], -1)

    async def was_told_of_missed(self, room_id: str) -> bool:
        """Whether the room was told within a day that the bot had missed messages."""
        limit = self.seconds() - KEPT["missed"].total_seconds()
        query = "SELECT 1 FROM missed WHERE room = ? AND at >= ?"
        return await self._one(query, self._room_key(room_id), limit) is not None

    async def takes_part(self, room_id: str, thread: str) -> bool:
        """Whether the bot was spoken to in this thread."""
        query = "SELECT 1 FROM threads WHERE thread = ?"
        return await self._one(query, self.key.fingerprint("thread", room_id, thread)) is not None

    async def fact(self, name: str) -> str | None:
        """A single fact, such as the sync token; None where it was never kept."""
        value = await self._one("SELECT value FROM facts WHERE name = ?", name)
        return None if value is None else str(value)

    async def keep(self, name: str, value: str) -> None:
        """Keep a single fact, and erase what is too old: while the bot listens, this is called twice a minute."""
        async with self.transaction() as execute:
            await execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Execute]:
        """All or nothing, one after the other: rooms are handled side by side over one connection."""
        async with self._lock:
            try:
                yield self._database.execute
                now = self.seconds()
                for table, kept in KEPT.items():
                    limit = now - kept.total_seconds()
                    await self._database.execute(f"DELETE FROM {table} WHERE at < ?", (limit,))  # noqa: S608 (our names)
                await self._database.commit()
            except BaseException as error:
                await self._roll_back()
                if isinstance(error, sqlite3.Error):
                    raise StoreBroken(remedies.of_database(self._path, error)) from error
                raise

    async def _roll_back(self) -> None:
        with suppress(sqlite3.Error):  # what broke the transaction is told, not what that broke in turn
            await self._database.rollback()

    async def _one(self, query: str, *values: object) -> object:
        row = await self.row(query, *values)
        return row[0] if row else None

    async def row(self, query: str, *values: object) -> sqlite3.Row | None:
        """The first row that `query` finds."""
        rows = await self.rows(query, *values)
        return rows[0] if rows else None

    async def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """All rows that `query` finds."""
        try:
            return list(await self._database.execute_fetchall(query, values))
        except sqlite3.Error as error:
            raise StoreBroken(remedies.of_database(self._path, error)) from error

    def _conversation_key(self, message: Message) -> bytes:
        return self.key.fingerprint("conversation", message.room_id, message.thread or "", message.sender)

    def _event_key(self, event_id: str) -> bytes:
        return self.key.fingerprint("event", event_id)

    def _room_key(self, room_id: str) -> bytes:
        return self.key.fingerprint("room", room_id)

    def _answer_key(self, room_id: str, event_id: str) -> bytes:
        return self.key.fingerprint("answer", room_id, event_id)

    def _asker_key(self, room_id: str, reply_id: str, sender: str) -> bytes:
        """Who asked for a reply: apart for each reply, so that it joins no two of them."""
        return self.key.fingerprint("asker", room_id, reply_id, sender)

    def _reaction_key(self, room_id: str, event_id: str) -> bytes:
        return self.key.fingerprint("reaction", room_id, event_id)

    def _veiled(self, reply_id: bytes, room_id: str, event_id: str) -> bytes:
        """The reply's id under a pad of its own, or back from it: only who knows the question's id can read it."""
        seed = b"".join(self.key.fingerprint(f"veil {half}", room_id, event_id) for half in range(2))
        pad = hashlib.shake_256(seed).digest(len(reply_id))
        return bytes(a ^ b for a, b in zip(reply_id, pad, strict=True))

    def seconds(self) -> int:
        """The time, in seconds since 1970."""
        return int(self._clock.now().timestamp())


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


class SqliteUnread:
    """Which messages wait for their keys, in the same file. Where they lie is sealed: it is needed to fetch them."""

    _MOST = 100
    """Of one person: whoever floods the bot with garbage costs it no more."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self._key = store.key

    async def keep(self, unread: Unread, session: str, sender: str, due: datetime) -> None:
        """Keep that the message waits."""
        person = self._key.fingerprint("person", sender)
        row = (
            self._event_key(unread.event_id),
            self._key.fingerprint("session", unread.room_id, session),
            person,
            self._key.fingerprint("room", unread.room_id),
            self._key.seal(_PLACE, json.dumps([unread.room_id, unread.event_id]).encode()),
            int(due.timestamp()),
            self._store.seconds(),
        )
        async with self._store.transaction() as execute:
            await execute("INSERT OR IGNORE INTO unread VALUES (?, ?, ?, ?, ?, ?, NULL, ?)", row)
            await execute(_ONLY_THE_LATEST, (person, person, self._MOST))

    async def all(self) -> list[Unread]:
        """What waits."""
        return await self._places("TRUE")

    async def of_session(self, room_id: str, session: str) -> list[Unread]:
        """What waits for one key."""
        return await self._places("session = ?", self._key.fingerprint("session", room_id, session))

    async def due(self) -> list[Unread]:
        """What has waited for too long."""
        return await self._places("due <= ?", self._store.seconds())

    async def next_due(self) -> datetime | None:
        """When the next message will have waited for too long."""
        row = await self._store.row("SELECT min(due) FROM unread")
        return datetime.fromtimestamp(row[0], UTC) if row and row[0] is not None else None

    async def settle(self, unread: Unread, told: bool) -> None:
        """Its sender was told now, or need not be."""
        now = self._store.seconds() if told else None
        async with self._store.transaction() as execute:
            values = (now, self._event_key(unread.event_id))
            await execute("UPDATE unread SET due = NULL, told = coalesce(?, told) WHERE event = ?", values)

    async def was_told(self, since: datetime, sender: str, room_id: str | None) -> bool:
        """Whether the sender was told since then, or anybody in the room."""
        room = room_id and self._key.fingerprint("room", room_id)
        values = (int(since.timestamp()), self._key.fingerprint("person", sender), room)
        return (
            await self._store.row("SELECT 1 FROM unread WHERE told > ? AND (person = ? OR room = ?)", *values)
            is not None
        )

    async def forget(self, event_id: str) -> None:
        """It was read: only that its sender was told, if so, is still known."""
        async with self._store.transaction() as execute:
            event = self._event_key(event_id)
            await execute("UPDATE unread SET place = NULL, due = NULL WHERE event = ?", (event,))

    async def _places(self, condition: str, *values: object) -> list[Unread]:
        query = f"SELECT place FROM unread WHERE place IS NOT NULL AND {condition} ORDER BY rowid"  # noqa: S608 (ours)
        rows = await self._store.rows(query, *values)
        return [Unread(*json.loads(self._key.unseal(_PLACE, place))) for (place,) in rows]

    def _event_key(self, event_id: str) -> bytes:
        return self._key.fingerprint("event", event_id)


@asynccontextmanager
async def open_store(path: Path, key: Key, clock: Clock) -> AsyncIterator[SqliteStore]:
    """The store in the file at `path`, brought to the newest version; closed at the end.

    Raises:
        Unusable: the file cannot be used.
    """
    async with AsyncExitStack() as stack:
        try:
            database = await stack.enter_async_context(aiosqlite.connect(path))
            path.chmod(0o600)
            await _prepare(database, path)
        except sqlite3.Error as error:
            raise Unusable(remedies.of_database(path, error)) from error
        yield SqliteStore(database, path, key, clock)


async def _prepare(database: aiosqlite.Connection, path: Path) -> None:
    await database.execute("PRAGMA journal_mode = WAL")
    await database.execute("PRAGMA synchronous = FULL")
    await database.execute("PRAGMA secure_delete = ON")
    if await _told(database, "PRAGMA quick_check(1)") != "ok":
        raise Unusable(remedies.damaged(path))
    version = int(str(await _told(database, "PRAGMA user_version")))
    if version > len(_MIGRATIONS):
        raise Unusable(
            f"{path} was made by a newer version of the bot: update the bot, or restore the data folder from a backup "
            "of the older one"
        )
    for number, script in enumerate(_MIGRATIONS[version:], version + 1):
        await database.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;")


async def _told(database: aiosqlite.Connection, query: str) -> object:
    ((answer,),) = await database.execute_fetchall(query)
    return answer
