"""The books of cases in a file and in memory keep the same promises; the one in a file names nobody."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.simulated import SimulatedClock, SimulatedOutbox, SimulatedStore
from bot.adapters.sqlite.cases import SqliteCases
from bot.adapters.sqlite.database import Database, open_database
from bot.adapters.sqlite.outbox import SqliteOutbox
from bot.adapters.sqlite.schema import MIGRATIONS
from bot.adapters.sqlite.store import SqliteStore
from bot.core.relaying import Case, Thread
from bot.ports import Store, StoreBroken
from bot.ports.cases import CaseBook, Copy
from bot.ports.post import Outbox, Posted
from tests.adapters.test_outbox import (
    BEFORE,
    DAY,
    HOUR,
    KEY,
    NOON,
    clock,
    database,
    leaked,
    path,
    posted,
)
from tests.conftest import message

__all__ = ["clock", "database", "path"]
ROOM = "!room:uni.test"
SUPPORT = Thread("!support:uni.test", "$letter")
CASE = Case("lusab-babad", "@ada:uni.test", Thread(ROOM, "$yes"), "de")
STANDING = CASE.standing_at(SUPPORT)
COPY = Copy(ROOM, "$copy")


def to_room(*ways: str, **fields: object) -> Posted:
    """A letter that goes these ways."""
    letter = posted(**fields)  # type: ignore[arg-type]
    return replace(letter, letter=replace(letter.letter, ways=ways or ("room",)))


@pytest.fixture(params=["sqlite", "simulated"])
def ports(
    request: pytest.FixtureRequest,
    database: Database,
    clock: SimulatedClock,
) -> tuple[Store, Outbox, CaseBook]:
    if request.param == "sqlite":
        return SqliteStore(database), SqliteOutbox(database), SqliteCases(database)
    store = SimulatedStore(clock, SimulatedOutbox(clock))
    return store, store.outbox, store.cases


async def test_a_case_is_known_from_the_moment_its_letter_is_posted(ports: tuple[Store, Outbox, CaseBook]) -> None:
    store, outbox, book = ports
    await store.post(to_room("mail", "room"), BEFORE)
    await store.post(to_room("mail", "room"), BEFORE)
    assert await book.in_thread(ROOM, "$yes") == CASE
    assert await outbox.ways_of("lusab-babad") == ("mail", "room")
    assert [each.way for each in await outbox.due()] == ["mail", "room"]
    assert await outbox.posted_since(NOON) == 1
    await outbox.accepted("lusab-babad", "room")
    assert [each.way for each in await outbox.due()] == ["mail"]


async def test_a_letter_by_mail_alone_is_no_case(ports: tuple[Store, Outbox, CaseBook]) -> None:
    store, _, book = ports
    await store.post(posted(), BEFORE)
    assert await book.in_thread(ROOM, "$yes") is None


async def test_a_case_goes_on_in_the_thread_in_which_the_person_agreed(ports: tuple[Store, Outbox, CaseBook]) -> None:
    store, _, book = ports
    await store.post(to_room(thread="$root"), BEFORE)
    assert await book.in_thread(ROOM, "$yes") is None
    assert (await book.in_thread(ROOM, "$root")) == replace(CASE, chat=Thread(ROOM, "$root"))


async def test_a_case_that_stands_is_found_from_both_sides_and_by_what_the_bot_wrote(
    ports: tuple[Store, Outbox, CaseBook],
) -> None:
    store, _, book = ports
    await store.post(to_room(), BEFORE)
    await book.stands(STANDING)
    await book.passed_on(message("", "$b", room_id=SUPPORT.room_id), STANDING, COPY)
    assert await book.in_thread(ROOM, "$yes") == STANDING
    assert await book.in_thread(SUPPORT.room_id, "$letter") == STANDING
    assert await book.of_message(SUPPORT.room_id, "$letter") == STANDING
    assert await book.of_message(ROOM, "$copy") == STANDING
    assert await book.of_message(ROOM, "$yes") is None
    assert await book.in_thread(SUPPORT.room_id, "$yes") is None
    assert await book.in_thread(ROOM, "$letter") is None
    assert await book.copy_of(SUPPORT.room_id, "$b") == COPY
    assert await book.copy_of(ROOM, "$b") is None
    assert await store.was_handled("$b")
    await book.forget_copy(SUPPORT.room_id, "$b")
    assert await book.copy_of(SUPPORT.room_id, "$b") is None


async def test_a_case_that_is_closed_leaves_nothing(ports: tuple[Store, Outbox, CaseBook]) -> None:
    store, _, book = ports
    await store.post(to_room(), BEFORE)
    await book.stands(STANDING)
    await book.passed_on(message("", "$b", room_id=SUPPORT.room_id), STANDING, COPY)
    await book.close(STANDING, message("!close", "$close"))
    assert await book.in_thread(ROOM, "$yes") is None
    assert await book.of_message(ROOM, "$copy") is None
    assert await book.copy_of(SUPPORT.room_id, "$b") is None
    assert await store.was_handled("$close")


async def test_who_writes_keeps_a_case_alive(ports: tuple[Store, Outbox, CaseBook], clock: SimulatedClock) -> None:
    store, _, book = ports
    await store.post(to_room(), BEFORE)
    clock.advance(HOUR)
    assert [each.reference for each in await book.idle_since(NOON + HOUR)] == ["lusab-babad"]
    await book.passed_on(message("", "$a"), CASE)
    assert await book.idle_since(NOON + HOUR) == []


@pytest.mark.parametrize("end", ["failed", "dropped"])
async def test_a_case_whose_letter_does_not_come_is_over_and_one_that_stands_is_not(
    ports: tuple[Store, Outbox, CaseBook], end: str
) -> None:
    store, outbox, book = ports
    for standing in (False, True):
        await store.post(to_room(), BEFORE)
        if standing:
            await book.stands(STANDING)
        await (outbox.drop("lusab-babad") if end == "dropped" else outbox.failed("lusab-babad", "no", "room"))
        assert (await book.in_thread(ROOM, "$yes") is not None) is standing
        await outbox.drop("lusab-babad")


async def test_that_one_way_failed_is_told_only_once_every_way_has(ports: tuple[Store, Outbox, CaseBook]) -> None:
    store, outbox, _ = ports
    await store.post(to_room("mail", "room"), BEFORE)
    await outbox.failed("lusab-babad", "550")
    assert await outbox.untold() == []
    await outbox.failed("lusab-babad", "no room", "room")
    assert [each.letter.reference for each in await outbox.untold()] == ["lusab-babad"]
    await outbox.told("lusab-babad")
    assert await outbox.untold() == []
    assert await outbox.retry("lusab-babad")
    assert len(await outbox.due()) == 2


async def test_no_name_room_or_word_of_a_case_stands_in_any_byte_of_the_store(
    database: Database,
    path: Path,
) -> None:
    store, outbox, book = SqliteStore(database), SqliteOutbox(database), SqliteCases(database)
    await store.post(to_room(text="Ein Geheimnis " * 500), BEFORE)
    await book.stands(STANDING)
    await outbox.accepted("lusab-babad", "room")
    await book.passed_on(message("Ein Geheimnis", "$written by support", room_id=SUPPORT.room_id), STANDING, COPY)
    assert leaked(path, b"Geheimnis", b"uni.test", b"$yes", b"$letter", b"$copy", b"$written", b"@ada") == []
    assert database.rows("SELECT content FROM outbox")[0][0] is None


async def test_a_case_cannot_be_read_in_another_one_s_place(database: Database) -> None:
    store, book = SqliteStore(database), SqliteCases(database)
    await store.post(to_room(), BEFORE)
    await store.post(to_room(reference="other-other", event_id="$2"), BEFORE)
    async with database.transaction() as execute:
        moved = "UPDATE cases SET sides = (SELECT sides FROM cases WHERE reference = 'lusab-babad')"
        await execute(f"{moved} WHERE reference = 'other-other'", ())
    with pytest.raises(ValueError, match="sealed"):
        await book.in_thread(ROOM, "$2")


async def test_letter_case_and_conversation_are_kept_together_or_not_at_all(database: Database, path: Path) -> None:
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("CREATE TRIGGER full BEFORE INSERT ON cases BEGIN SELECT RAISE(FAIL, 'full'); END")
    with pytest.raises(StoreBroken, match="full"):
        await SqliteStore(database).post(to_room("mail", "room"), BEFORE)
    assert await SqliteOutbox(database).all() == []


async def test_what_no_support_room_looks_after_any_more_is_erased_after_a_month(
    database: Database,
    clock: SimulatedClock,
) -> None:
    store, book = SqliteStore(database), SqliteCases(database)
    await store.post(to_room(), BEFORE)
    await book.passed_on(message("", "$b"), CASE, COPY)
    clock.advance(31 * DAY + timedelta(minutes=2))
    await store.keep("token", "s")
    assert [database.rows(query) for query in ("SELECT 1 FROM cases", "SELECT 1 FROM copies")] == [[], []]


async def test_letters_of_an_older_store_go_on_by_mail(tmp_path: Path, clock: SimulatedClock) -> None:
    old = tmp_path / "old.sqlite3"
    with closing(sqlite3.connect(old)) as before:
        before.executescript(f"{' '.join(MIGRATIONS[:7])} PRAGMA user_version = 7;")
        before.execute(
            "INSERT INTO outbox (reference, state, next_try, at, changed) VALUES ('lusab-babad', 'waiting', 1, 1, 1)"
        )
        before.commit()
    async with open_database(old, KEY, clock) as opened:
        assert [(each.reference, each.way, each.state) for each in await SqliteOutbox(opened).all()] == [
            ("lusab-babad", "mail", "waiting")
        ]
