"""Cases: both of their threads, sealed, found by keyed fingerprints; and which messages were passed on in them.

No text is kept. A case goes with all that belongs to it.
"""

import json
from datetime import datetime

from pydantic import TypeAdapter

from bot.adapters.sqlite.database import Database, Execute
from bot.core.model import Message
from bot.core.relaying import Case, Thread
from bot.ports.cases import Copy

_SIDES, _PLACE = "case", "copy"
"""The purposes for which is sealed: both sides of a case, for its reference; where a copy stands, for its original."""
_CASE, _COPY = TypeAdapter(Case), TypeAdapter(Copy)


class SqliteCases:
    """The cases in the store's file."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._key = database.key

    async def add(self, execute: Execute, case: Case) -> None:
        """Add a case within a transaction, once."""
        await execute("INSERT OR IGNORE INTO cases VALUES (?, ?, ?, ?, ?)", self._row(case))

    async def in_thread(self, room_id: str, root: str) -> Case | None:
        """The case that has this thread."""
        return self._case("chat = ?1 OR support = ?1", self._thread_key(Thread(room_id, root)))

    async def of_message(self, room_id: str, event_id: str) -> Case | None:
        """The case with this copy, or whose letter this is."""
        found = self._database.row("SELECT reference FROM copies WHERE copy = ?", self._copy_key(room_id, event_id))
        if found:
            return self._case("reference = ?", found[0])
        return self._case("support = ?", self._thread_key(Thread(room_id, event_id)))

    async def stands(self, case: Case) -> None:
        """Keep the case, with its thread in the support room."""
        async with self._database.transaction() as execute:
            await execute("INSERT OR REPLACE INTO cases VALUES (?, ?, ?, ?, ?)", self._row(case))

    async def passed_on(self, message: Message, case: Case, copy: Copy | None = None) -> None:
        """Record all of it."""
        async with self._database.transaction() as execute:
            await self._database.mark_handled(execute, message.event_id, *message.edits)
            now = self._database.seconds()
            await execute("UPDATE cases SET at = ? WHERE reference = ?", (now, case.reference))
            if copy:
                original = (message.room_id, message.event_id)
                row = (
                    self._original_key(*original),
                    self._copy_key(copy.room_id, copy.event_id),
                    self._key.seal(_PLACE, _COPY.dump_json(copy), *original),
                    case.reference,
                    now,
                )
                await execute("INSERT OR REPLACE INTO copies VALUES (?, ?, ?, ?, ?)", row)

    async def copy_of(self, room_id: str, event_id: str) -> Copy | None:
        """The copy of this message."""
        key = self._original_key(room_id, event_id)
        row = self._database.row("SELECT place FROM copies WHERE original = ?", key)
        return _COPY.validate_json(self._key.unseal(_PLACE, row[0], room_id, event_id)) if row else None

    async def forget_copy(self, room_id: str, event_id: str) -> None:
        """Forget where the copy stands."""
        async with self._database.transaction() as execute:
            await execute("DELETE FROM copies WHERE original = ?", (self._original_key(room_id, event_id),))

    async def close(self, case: Case, message: Message | None = None) -> None:
        """Erase the case with its copies."""
        async with self._database.transaction() as execute:
            if message:
                await self._database.mark_handled(execute, message.event_id, *message.edits)
            await execute("DELETE FROM copies WHERE reference = ?", (case.reference,))
            await execute("DELETE FROM cases WHERE reference = ?", (case.reference,))

    async def idle_since(self, time: datetime) -> list[Case]:
        """The cases in which nobody has written since then."""
        rows = self._database.rows("SELECT reference, sides FROM cases WHERE at < ?", int(time.timestamp()))
        return [self._read(*row) for row in rows]

    def _case(self, condition: str, *values: object) -> Case | None:
        row = self._database.row(f"SELECT reference, sides FROM cases WHERE {condition}", *values)  # noqa: S608 (ours)
        return self._read(*row) if row else None

    def _row(self, case: Case) -> tuple[object, ...]:
        content = json.dumps(_CASE.dump_python(case, mode="json"))  # ids may hold halves of characters
        return (
            case.reference,
            self._thread_key(case.chat),
            case.support and self._thread_key(case.support),
            self._key.seal(_SIDES, content.encode(), case.reference),
            self._database.seconds(),
        )

    def _read(self, reference: str, sides: bytes) -> Case:
        return _CASE.validate_python(json.loads(self._key.unseal(_SIDES, sides, reference)))

    def _thread_key(self, thread: Thread) -> bytes:
        return self._key.fingerprint("case", thread.room_id, thread.root)

    def _original_key(self, room_id: str, event_id: str) -> bytes:
        return self._key.fingerprint("original", room_id, event_id)

    def _copy_key(self, room_id: str, event_id: str) -> bytes:
        return self._key.fingerprint("copy", room_id, event_id)
