"""What admins added from the chat is kept for a week, and only the key can read it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.adapters.simulated import SimulatedClock
from bot.adapters.sqlite.additions import SqliteAdditions
from bot.adapters.sqlite.database import open_database
from bot.ports.keeping import Addition
from tests.adapters.test_sqlite import KEY, rows

NOON = SimulatedClock().now()
FIRST = Addition("$1", "messenger.yaml", "whatsapp", "de", "Geheimer Plapperkasten", NOON)
SECOND = Addition("$2", "messenger.yaml", "whatsapp", "en", "A secret box", NOON + timedelta(milliseconds=1))


async def test_additions_outlive_a_restart_in_their_order(tmp_path: Path) -> None:
    path, clock = tmp_path / "store.sqlite3", SimulatedClock()
    async with open_database(path, KEY, clock) as database:
        for each in (SECOND, FIRST, replace(SECOND, undone_by="$3")):
            await SqliteAdditions(database).keep(each)
    async with open_database(path, KEY, clock) as database:
        additions = SqliteAdditions(database)
        assert await additions.all() == [FIRST, replace(SECOND, undone_by="$3")]
        await additions.forget("$2")
        assert await additions.all() == [FIRST]
    for file in tmp_path.iterdir():
        assert b"Plapperkasten" not in file.read_bytes()
        assert b"whatsapp" not in file.read_bytes()


async def test_additions_are_erased_after_a_week(tmp_path: Path) -> None:
    path, clock = tmp_path / "store.sqlite3", SimulatedClock()
    async with open_database(path, KEY, clock) as database:
        await SqliteAdditions(database).keep(FIRST)
        clock.advance(timedelta(days=7, minutes=2))
        await SqliteAdditions(database).keep(replace(SECOND, at=clock.now()))
    assert rows(path, "additions") == 1
