"""What admins have added from the chat, sealed, for a week: so that it can be undone."""

from collections.abc import Sequence

from pydantic import TypeAdapter

from bot.adapters.sqlite.database import Database
from bot.ports.keeping import Addition

_ADDITION = "addition"
"""The purpose for which an addition is sealed."""
_ADDITIONS = TypeAdapter(Addition)


class SqliteAdditions:
    """The additions in the store's file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> Sequence[Addition]:
        """The additions, oldest first."""
        rows = self._database.rows("SELECT content FROM additions")
        unseal = self._database.key.unseal
        found = (_ADDITIONS.validate_json(unseal(_ADDITION, content)) for (content,) in rows)
        return sorted(found, key=lambda addition: addition.at)

    async def keep(self, addition: Addition) -> None:
        """Keep an addition, in the place of what was kept of the same message."""
        content = self._database.key.seal(_ADDITION, _ADDITIONS.dump_json(addition))
        async with self._database.transaction() as execute:
            row = (self._event_key(addition.event_id), content, int(addition.at.timestamp()))
            await execute("INSERT OR REPLACE INTO additions VALUES (?, ?, ?)", row)

    async def forget(self, event_id: str) -> None:
        """Forget what this message has added."""
        async with self._database.transaction() as execute:
            await execute("DELETE FROM additions WHERE event = ?", (self._event_key(event_id),))

    def _event_key(self, event_id: str) -> bytes:
        return self._database.key.fingerprint("event", event_id)
