"""Which messages wait for their keys. Where they lie is sealed, as it is needed to fetch them."""

import json
from datetime import UTC, datetime

from bot.adapters.sqlite.database import Database
from bot.ports import Unread

_PLACE = "place"
"""The purpose for which it is sealed where a message lies."""
_ONLY_THE_LATEST = """
    DELETE FROM unread WHERE person = ? AND told IS NULL AND event NOT IN (
        SELECT event FROM unread WHERE person = ? ORDER BY rowid DESC LIMIT ?
    )
    """
_AGAIN = 30
"""Seconds after which a message is due once more, should nothing have come of it."""


class SqliteUnread:
    """What waits, in the store's file."""

    _MOST = 100
    """Of one person: whoever floods the bot with garbage costs it no more."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._key = database.key

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
            self._database.seconds(),
        )
        async with self._database.transaction() as execute:
            await execute("INSERT OR IGNORE INTO unread VALUES (?, ?, ?, ?, ?, ?, NULL, ?)", row)
            await execute(_ONLY_THE_LATEST, (person, person, self._MOST))

    async def all(self) -> list[Unread]:
        """What waits."""
        return self._places("TRUE")

    async def of_session(self, room_id: str, session: str) -> list[Unread]:
        """What waits for one key."""
        return self._places("session = ?", self._key.fingerprint("session", room_id, session))

    async def due(self) -> list[Unread]:
        """What has waited for too long. For now, it is due no more: what is to be done about it may take its time."""
        now = self._database.seconds()
        if due := self._places("due <= ?", now):
            async with self._database.transaction() as execute:
                await execute("UPDATE unread SET due = ? WHERE due <= ?", (now + _AGAIN, now))
        return due

    async def next_due(self) -> datetime | None:
        """When the next message will have waited for too long."""
        row = self._database.row("SELECT min(due) FROM unread")
        return datetime.fromtimestamp(row[0], UTC) if row and row[0] is not None else None

    async def settle(self, unread: Unread, told: bool) -> None:
        """Its sender was told now, or need not be."""
        now = self._database.seconds() if told else None
        async with self._database.transaction() as execute:
            values = (now, self._event_key(unread.event_id))
            await execute("UPDATE unread SET due = NULL, told = coalesce(?, told) WHERE event = ?", values)

    async def was_told(self, since: datetime, sender: str, room_id: str | None) -> bool:
        """Whether the sender was told since then, or anybody in the room."""
        room = room_id and self._key.fingerprint("room", room_id)
        values = (int(since.timestamp()), self._key.fingerprint("person", sender), room)
        return (
            self._database.row("SELECT 1 FROM unread WHERE told > ? AND (person = ? OR room = ?)", *values) is not None
        )

    async def forget(self, event_id: str) -> None:
        """It was read: only that its sender was told, if so, is still known."""
        async with self._database.transaction() as execute:
            event = self._event_key(event_id)
            await execute("UPDATE unread SET place = NULL, due = NULL WHERE event = ?", (event,))

    def _places(self, condition: str, *values: object) -> list[Unread]:
        query = f"SELECT place FROM unread WHERE place IS NOT NULL AND {condition} ORDER BY rowid"  # noqa: S608 (ours)
        rows = self._database.rows(query, *values)
        return [Unread(*json.loads(self._key.unseal(_PLACE, place))) for (place,) in rows]

    def _event_key(self, event_id: str) -> bytes:
        return self._key.fingerprint("event", event_id)
