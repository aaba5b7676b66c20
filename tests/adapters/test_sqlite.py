import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.simulated import SimulatedClock
from bot.adapters.sqlite.database import open_database
from bot.adapters.sqlite.schema import MIGRATIONS
from bot.adapters.sqlite.store import SqliteStore
from bot.core.conversation import Conversation
from bot.core.model import Feedback
from bot.keys import Key, Unusable, open_key
from bot.ports import Answered, Clock, StoreBroken
from tests.conftest import message

KEY = Key(b"k" * 32)
REMEMBERED = Conversation(language="en", options=("a", "b"), entry="c")


@asynccontextmanager
async def open_store(path: Path, key: Key, clock: Clock) -> AsyncIterator[SqliteStore]:
    async with open_database(path, key, clock) as database:
        yield SqliteStore(database)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite3"


async def test_what_was_recorded_is_remembered_after_a_restart(path: Path) -> None:
    clock = SimulatedClock()
    async with open_store(path, KEY, clock) as store:
        await store.record(message("hi", thread="$root"), REMEMBERED)
        await store.keep("token", "s1")
    async with open_store(path, KEY, clock) as store:
        assert await store.was_handled("$1")
        assert not await store.was_handled("$2")
        assert await store.conversation(message("hi", thread="$root")) == REMEMBERED
        assert await store.takes_part("!room:uni.test", "$root")
        assert await store.fact("token") == "s1"


async def test_conversations_are_apart_by_room_thread_and_person(path: Path) -> None:
    async with open_store(path, KEY, SimulatedClock()) as store:
        await store.record(message("hi"), REMEMBERED)
        for other in (message("", room_id="!b:c"), message("", sender="@b:c"), message("", thread="$t")):
            assert (await store.conversation(other)).is_new


async def test_what_is_too_old_is_erased(path: Path) -> None:
    clock = SimulatedClock()
    async with open_store(path, KEY, clock) as store:
        await store.record(message("hi", thread="$root"), REMEMBERED)
        clock.advance(timedelta(days=1, seconds=1))
        assert (await store.conversation(message("", thread="$root"))).is_new
        clock.advance(timedelta(days=7))
        await store.record(message("hi", event_id="$2"), Conversation())
        assert not await store.was_handled("$1")
        clock.advance(timedelta(days=90))
        await store.keep("token", "s2")
        assert not await store.takes_part("!room:uni.test", "$root")
    tables = sqlite3.connect(path)
    assert tables.execute("SELECT count(*) FROM conversations").fetchone() == (0,)


async def test_how_a_message_was_answered_is_known_for_a_week_or_until_it_is_forgotten(path: Path) -> None:
    clock = SimulatedClock()
    async with open_store(path, KEY, clock) as store:
        await store.record(message("hi", event_id="$1"), Conversation(), "$answer:uni.test", before=REMEMBERED)
        await store.record(message("hi", event_id="$2", edits=("$3",)), REMEMBERED, "$other", told="missed")
    async with open_store(path, KEY, clock) as store:
        assert await store.answered("!room:uni.test", "$1") == Answered("$answer:uni.test", clock.now(), REMEMBERED)
        assert await store.answered("!elsewhere:uni.test", "$1") is None
        assert await store.was_handled("$3")
        assert await store.was_told("!room:uni.test", "missed")
        assert not await store.was_told("!elsewhere:uni.test", "missed")
        await store.forget_answer("!room:uni.test", "$1")
        assert await store.answered("!room:uni.test", "$1") is None
        clock.advance(timedelta(days=7, seconds=1))
        await store.keep("token", "s1")
        assert await store.answered("!room:uni.test", "$2") is None
        assert not await store.was_told("!room:uni.test", "missed")


async def test_what_a_room_was_told_is_known_for_a_day_and_who_the_bot_is_for_a_year(path: Path) -> None:
    clock = SimulatedClock()
    async with open_store(path, KEY, clock) as store:
        await store.tell("!room:uni.test", "welcomed")
        await store.record(message("hi"), Conversation(), "$answer", "unencrypted")
    async with open_store(path, KEY, clock) as store:
        assert await store.was_told("!room:uni.test", "welcomed")
        assert await store.was_told("!room:uni.test", "unencrypted")
        assert not await store.was_told("!room:uni.test", "missed")
        assert not await store.was_told("!elsewhere:uni.test", "welcomed")
        clock.advance(timedelta(days=1, seconds=1))
        assert not await store.was_told("!room:uni.test", "unencrypted")
        assert await store.was_told("!room:uni.test", "welcomed")
        clock.advance(timedelta(days=90))
        await store.keep("token", "s1")
    for table in ("welcomed", "unencrypted"):
        assert sqlite3.connect(path).execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # noqa: S608


async def test_a_store_of_the_first_version_keeps_what_it_holds(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.executescript(f"{MIGRATIONS[0]} PRAGMA user_version = 1;")
        database.execute("INSERT INTO handled VALUES (?, ?)", (KEY.fingerprint("event", "$1"), 2**40))
    async with open_store(path, KEY, SimulatedClock()) as store:
        assert await store.was_handled("$1")
        await store.record(message("hi", event_id="$2"), REMEMBERED, "$answer")
        assert await store.answered("!room:uni.test", "$2")


async def test_a_store_of_an_older_version_forgets_the_answers_whose_ids_it_kept_in_another_way(path: Path) -> None:
    place = ("!room:uni.test", "$1")
    with sqlite3.connect(path) as database:
        database.executescript(f"{MIGRATIONS[0]} {MIGRATIONS[1]} PRAGMA user_version = 2;")
        database.execute("INSERT INTO answers VALUES (?, ?, ?)", (KEY.fingerprint("answer", *place), b"veiled", 2**31))
    async with open_store(path, KEY, SimulatedClock()) as store:
        assert await store.answered(*place) is None


def thumb(event_id: str, helpful: bool = True, **other: str) -> Feedback:
    given = {"room_id": "!room:uni.test", "sender": "@ada:uni.test", "reply_id": "$answer", **other}
    return Feedback(event_id, helpful=helpful, **given)


def ratings(path: Path) -> list[tuple[str, int, int]]:
    return sqlite3.connect(path).execute("SELECT * FROM feedback ORDER BY entry").fetchall()


async def test_the_asker_s_thumbs_count_once_for_each_entry_of_the_answer_and_can_be_taken_back(path: Path) -> None:
    async with open_store(path, KEY, SimulatedClock()) as store:
        await store.record(message("hi"), REMEMBERED, "$answer", entries=("a", "b"))
        await store.rate(thumb("$r1"))
        await store.rate(thumb("$r1"))
        await store.rate(thumb("$r2"))
        await store.rate(thumb("$r3", helpful=False))
        assert ratings(path) == [("a", 1, 1), ("b", 1, 1)]
        for event_id in ("$r1", "$r1", "$r2", "$other"):
            await store.take_back("!room:uni.test", event_id)
        assert ratings(path) == [("a", 0, 1), ("b", 0, 1)]
        await store.rate(thumb("$r4"))
        assert ratings(path) == [("a", 1, 1), ("b", 1, 1)]


async def test_thumbs_of_others_and_on_other_things_do_not_count(path: Path) -> None:
    async with open_store(path, KEY, SimulatedClock()) as store:
        await store.record(message("hi"), REMEMBERED, "$answer", entries=("a",))
        await store.record(message("hi", event_id="$2"), REMEMBERED, "$fallback")
        await store.rate(thumb("$r1", sender="@bob:uni.test"))
        await store.rate(thumb("$r2", reply_id="$else"))
        await store.rate(thumb("$r3", room_id="!other:uni.test"))
        await store.rate(thumb("$r4", reply_id="$fallback"))
    assert ratings(path) == []


async def test_an_edit_changes_the_entries_of_the_answer_and_not_its_time(path: Path) -> None:
    clock = SimulatedClock()
    async with open_store(path, KEY, clock) as store:
        await store.record(message("hi"), REMEMBERED, "$answer", entries=("a",))
        answered = await store.answered("!room:uni.test", "$1")
        clock.advance(timedelta(minutes=3))
        await store.record(message("ho", event_id="$2", edit_of="$1"), REMEMBERED, "$answer", entries=("b",))
        await store.rate(thumb("$r1"))
        assert await store.answered("!room:uni.test", "$1") == answered
        assert await store.answered("!room:uni.test", "$2") is None
    assert ratings(path) == [("b", 1, 0)]


async def test_counts_outlast_the_answers_and_the_reactions(path: Path) -> None:
    clock = SimulatedClock()
    async with open_store(path, KEY, clock) as store:
        await store.record(message("hi"), REMEMBERED, "$answer", entries=("a",))
        await store.rate(thumb("$r1"))
        clock.advance(timedelta(days=8))
        await store.keep("token", "s")
        await store.take_back("!room:uni.test", "$r1")
        await store.rate(thumb("$r2"))
    assert ratings(path) == [("a", 1, 0)]
    assert sqlite3.connect(path).execute("SELECT count(*) FROM reactions").fetchone() == (0,)


async def test_a_store_that_cannot_be_written_says_so(path: Path) -> None:
    async with open_store(path, KEY, SimulatedClock()) as store:
        with sqlite3.connect(path) as other:
            other.execute("DROP TABLE answers")
        with pytest.raises(StoreBroken):
            await store.record(message("hi"), REMEMBERED, "$answer")
        with pytest.raises(StoreBroken):
            await store.answered("!room:uni.test", "$1")


async def opened(path: Path) -> None:
    async with open_store(path, KEY, SimulatedClock()):
        pass


async def test_a_store_of_a_newer_version_is_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(Unusable, match="newer version of the bot: update the bot"):
        await opened(path)


@pytest.mark.parametrize("part", ["head", "page"])
async def test_a_damaged_store_is_told_with_what_to_do(path: Path, part: str) -> None:
    async with open_store(path, KEY, SimulatedClock()) as store:
        for number in range(200):
            await store.record(message("hi", event_id=f"${number}"), REMEMBERED, "$answer")
    content = bytearray(path.read_bytes())
    start = 0 if part == "head" else len(content) // 2
    content[start : start + 4096] = b"\xff" * 4096
    path.write_bytes(content)
    with pytest.raises(Unusable, match="it is damaged: restore the whole data folder"):
        await opened(path)


async def test_a_store_that_cannot_be_opened_or_written_is_told_with_what_to_do(path: Path) -> None:
    path.mkdir()
    with pytest.raises(Unusable, match="let the bot's user own the whole data folder"):
        await opened(path)
    path.rmdir()
    await opened(path)
    path.with_name(f"{path.name}-wal").mkdir()
    with pytest.raises(Unusable, match="let the bot's user own the whole data folder"):
        await opened(path)


async def test_no_matrix_id_and_no_text_lies_in_the_file(path: Path) -> None:
    async with open_store(path, KEY, SimulatedClock()) as store:
        asked = message("ein Geheimnis", thread="$root:uni.test")
        await store.record(asked, REMEMBERED, "$answer:uni.test", "missed", ("a",))
        await store.rate(thumb("$r:uni.test", reply_id="$answer:uni.test"))
    for file in path.parent.iterdir():
        content = file.read_bytes()
        assert b"uni.test" not in content
        assert b"Geheimnis" not in content


async def test_the_store_is_readable_by_its_owner_only(path: Path) -> None:
    async with open_store(path, KEY, SimulatedClock()):
        assert path.stat().st_mode & 0o777 == 0o600


def test_the_key_is_made_once_and_private(tmp_path: Path) -> None:
    first = open_key(tmp_path / "data").fingerprint("person", "@a:b")
    assert first == open_key(tmp_path / "data").fingerprint("person", "@a:b")
    assert first != open_key(tmp_path / "other").fingerprint("person", "@a:b")
    assert (tmp_path / "data" / "key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_fingerprints_keep_parts_and_kinds_apart() -> None:
    assert KEY.fingerprint("a", "xy", "z") != KEY.fingerprint("a", "x", "yz")
    assert KEY.fingerprint("a", "x") != KEY.fingerprint("b", "x")
