"""The outbox: letters to support, sealed until the mail server has accepted them or the support room has them.

A letter that goes both ways has a row for each.

What was accepted keeps nothing of the letter; what failed keeps it for a week, for another try. What is left tells
reference, state and times; see `schema.SWEEPS`.
"""

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime

from pydantic import TypeAdapter

from bot.adapters.sqlite.database import Database, Execute
from bot.core.letter import Way
from bot.ports.post import Posted, PostStatus

log = logging.getLogger(__name__)

_CONTENT = "outbox"
"""The purpose for which letters are sealed, each for the row of its reference."""
_LETTER = TypeAdapter(Posted)
_IS_ALIVE = "EXISTS (SELECT 1 FROM outbox o WHERE o.reference = outbox.reference AND o.state != 'failed')"
_WAITS = "SELECT 1 FROM outbox o WHERE o.reference = cases.reference AND o.way = 'room' AND o.state = 'waiting'"


class SqliteOutbox:
    """The outbox in the store's file. A second process may look and change beside the bot."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._key = database.key

    async def add(self, execute: Execute, posted: Posted) -> None:
        """Add a letter within a transaction; one that is added again, as in a replay, counts once."""
        letter = replace(posted, message=replace(posted.message, text=None))
        content = json.dumps(
            _LETTER.dump_python(letter, mode="json")
        )  # what people write may hold halves of characters
        now, reference = self._database.seconds(), posted.letter.reference
        row = (
            reference,
            posted.way,
            self._event_key(posted.message.event_id),
            self._person_key(posted.message.sender),
            self._key.seal(_CONTENT, content.encode(), reference),
            now,
            int(posted.posted_at.timestamp()),
            now,
        )
        await execute(
            "INSERT OR IGNORE INTO outbox (reference, way, event, person, content, state, next_try, at, changed) "
            "VALUES (?, ?, ?, ?, ?, 'waiting', ?, ?, ?)",
            row,
        )

    async def reference_of(self, event_id: str) -> str | None:
        """The reference of the letter that this message agreed to."""
        row = self._database.row("SELECT reference FROM outbox WHERE event = ?", self._event_key(event_id))
        return str(row[0]) if row else None

    async def ways_of(self, reference: str) -> tuple[Way, ...]:
        """The ways of the letter."""
        return tuple(way for (way,) in self._database.rows("SELECT way FROM outbox WHERE reference = ?", reference))

    async def posted_since(self, since: datetime, sender: str | None = None) -> int:
        """How many letters were posted since then; those of a person are known for a week."""
        person = None if sender is None else self._person_key(sender)
        query = "SELECT count(DISTINCT reference) FROM outbox WHERE at >= ?1 AND (?2 IS NULL OR person = ?2)"
        row = self._database.row(query, int(since.timestamp()), person)
        return int(row[0]) if row else 0

    async def due(self) -> list[Posted]:
        """The letters that are to be tried now. One that cannot be read any more has failed, for good."""
        letters = []
        for reference, way, letter in self._letters("next_try <= ?", self._database.seconds()):
            if letter:
                letters.append(letter)
            else:
                log.error("letter %s cannot be read any more, and is lost", reference)
                await self.failed(reference, "it cannot be read any more", way)
        return letters

    async def untold(self) -> list[Posted]:
        """The letters that failed, on every way, and whose senders do not know yet."""
        untold = (letter for *_, letter in self._letters(f"state = 'failed' AND told IS NULL AND NOT {_IS_ALIVE}"))
        return list({letter.letter.reference: letter for letter in untold if letter}.values())

    async def accepted(self, reference: str, way: Way = "mail") -> None:
        """Erase its text."""
        await self._tried(reference, way, "state = 'accepted', content = NULL, next_try = NULL, trouble = ''")

    async def put_off(self, reference: str, until: datetime, trouble: str, way: Way = "mail") -> None:
        """Let it wait."""
        await self._tried(reference, way, "next_try = ?, trouble = ?", int(until.timestamp()), trouble)

    async def failed(self, reference: str, trouble: str, way: Way = "mail") -> None:
        """Let it wait no more."""
        await self._tried(reference, way, "state = 'failed', next_try = NULL, trouble = ?", trouble)

    async def told(self, reference: str) -> None:
        """Its sender knows that it failed, whatever becomes of it."""
        await self._change("UPDATE outbox SET told = ? WHERE reference = ?", self._database.seconds(), reference)

    async def all(self) -> list[PostStatus]:
        """How all letters stand."""
        rows = self._database.rows(
            "SELECT reference, state, at, attempts, next_try, trouble, way FROM outbox ORDER BY at, rowid"
        )
        return [
            PostStatus(reference, state, _time(at), attempts, next_try and _time(next_try), trouble, way)
            for reference, state, at, attempts, next_try, trouble, way in rows
        ]

    async def retry(self, reference: str) -> bool:
        """Let it be tried now, if there is something left to send."""
        now = self._database.seconds()
        statement = (
            "UPDATE outbox SET state = 'waiting', next_try = ?, changed = ? WHERE reference = ? AND content IS NOT NULL"
        )
        return await self._change(statement, now, now, reference)

    async def drop(self, reference: str) -> bool:
        """Erase it, unless it was accepted."""
        return await self._change("DELETE FROM outbox WHERE reference = ? AND state != 'accepted'", reference)

    async def _tried(self, reference: str, way: Way, outcome: str, *values: object) -> None:
        statement = f"UPDATE outbox SET attempts = attempts + 1, changed = ?, {outcome} WHERE reference = ? AND way = ?"  # noqa: S608
        await self._change(statement, self._database.seconds(), *values, reference, way)

    async def _change(self, statement: str, *values: object) -> bool:
        """Whether the statement found a row to change. A case whose letter will not come is over."""
        async with self._database.transaction() as execute:
            found = (await execute(statement, values)).rowcount > 0
            await execute(f"DELETE FROM cases WHERE support IS NULL AND NOT EXISTS ({_WAITS})", ())  # noqa: S608 (ours)
            return found

    def _letters(self, condition: str, *values: object) -> list[tuple[str, Way, Posted | None]]:
        """The letters that still have a text, each with its reference and way; None where it cannot be read."""
        query = (
            "SELECT reference, way, content, attempts FROM outbox "  # noqa: S608 (our conditions)
            f"WHERE content IS NOT NULL AND {condition} ORDER BY at, rowid"
        )
        return [
            (reference, way, self._read(reference, content, attempts))
            for reference, way, content, attempts in self._database.rows(query, *values)
        ]

    def _read(self, reference: str, content: bytes, attempts: int) -> Posted | None:
        try:
            letter = _LETTER.validate_python(json.loads(self._key.unseal(_CONTENT, content, reference)))
        except ValueError:
            return None
        return replace(letter, attempts=attempts)

    def _event_key(self, event_id: str) -> bytes:
        return self._key.fingerprint("posted", event_id)

    def _person_key(self, sender: str) -> bytes:
        return self._key.fingerprint("person", sender)


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
