"""The database: one transaction after the other over one connection, and what is too old goes within a minute.

What is written waits for the disk, in a thread. What is read are single rows by their keys, in microseconds: a thread's
turn would take longer, and an answer waits for it.

Persons, rooms, threads and events stand in it as keyed fingerprints only. What is sealed is erased with its row, as
`secure_delete` is on; a copy may stand in the write-ahead log until the log is written over, at the latest when the bot
stops.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path

import aiosqlite

from bot import remedies
from bot.adapters.sqlite.schema import SWEEPS, prepare
from bot.keys import Key, Unusable
from bot.ports import Clock, StoreBroken

_BETWEEN_SWEEPS = 60
"""Seconds between two times at which what is too old is erased."""
Execute = Callable[[str, Sequence[object]], Awaitable[aiosqlite.Cursor]]


class Database:
    """The open file, the key of its fingerprints and the time; see `open_database`."""

    def __init__(
        self, connection: aiosqlite.Connection, reader: sqlite3.Connection, path: Path, key: Key, clock: Clock
    ) -> None:
        """`reader` is a connection for reading only: it sees what was committed."""
        self._connection = connection
        self._reader = reader
        self._path = path
        self.key = key
        self._clock = clock
        self._lock = asyncio.Lock()
        self._swept_at = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Execute]:
        """All or nothing, one after the other: rooms are handled side by side over one connection."""
        async with self._lock:
            try:
                yield self._connection.execute
                await self._sweep()
                await self._connection.commit()
            except BaseException as error:
                await self._roll_back()
                if isinstance(error, sqlite3.Error):
                    raise StoreBroken(remedies.of_database(self._path, error)) from error
                raise

    async def _sweep(self) -> None:
        """Erase what is too old; once a minute is soon enough."""
        now = self.seconds()
        if now - self._swept_at < _BETWEEN_SWEEPS:
            return
        for statement, kept in SWEEPS:
            await self._connection.execute(statement, (now - kept.total_seconds(),))
        self._swept_at = now

    async def _roll_back(self) -> None:
        with suppress(sqlite3.Error):  # what broke the transaction is told, not what that broke in turn
            await self._connection.rollback()

    async def mark_handled(self, execute: Execute, *event_ids: str) -> None:
        """Remember, within a transaction, that these events were handled."""
        for event_id in event_ids:
            row = (self.key.fingerprint("event", event_id), self.seconds())
            await execute("INSERT OR IGNORE INTO handled VALUES (?, ?)", row)

    def row(self, query: str, *values: object) -> sqlite3.Row | None:
        """The first row that `query` finds."""
        rows = self.rows(query, *values)
        return rows[0] if rows else None

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """All rows that `query` finds."""
        try:
            return self._reader.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise StoreBroken(remedies.of_database(self._path, error)) from error

    def now(self) -> datetime:
        """The time, with its zone."""
        return self._clock.now()

    def seconds(self) -> int:
        """The time, in seconds since 1970."""
        return int(self.now().timestamp())


@asynccontextmanager
async def open_database(path: Path, key: Key, clock: Clock, is_ours: bool = True) -> AsyncIterator[Database]:
    """The database in the file at `path`, closed at the end.

    It is brought to the newest version, unless it is not ours: an older bot may be running on it.

    Raises:
        Unusable: the file cannot be used.
    """
    async with AsyncExitStack() as stack:
        try:
            connection = await stack.enter_async_context(aiosqlite.connect(path))
            path.chmod(0o600)
            await prepare(connection, path, is_ours)
            reader = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
            stack.callback(reader.close)
        except sqlite3.Error as error:
            raise Unusable(remedies.of_database(path, error)) from error
        yield Database(connection, reader, path, key, clock)
