import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.simulated import SimulatedClock
from bot.adapters.sqlite import _MIGRATIONS, open_store
from bot.core.model import Conversation
from bot.keys import Key, open_key
from bot.ports import Answered, StoreBroken
from tests.conftest import message

KEY = Key(b"k" * 32)
REMEMBERED = Conversation(language="en", options=("a", "b"), entry="c")


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
        await store.record(message("hi", event_id="$1"), REMEMBERED, "$answer:uni.test")
        await store.record(message("hi", event_id="$2", edits=("$3",)), REMEMBERED, "$other", told="missed")
    async with open_store(path, KEY, clock) as store:
        assert await store.answered("!room:uni.test", "$1") == Answered("$answer:uni.test", clock.now())
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
        clock.advance(timedelta(days=365))
        await store.keep("token", "s1")
    for table in ("welcomed", "unencrypted"):
        assert sqlite3.connect(path).execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # noqa: S608


async def test_a_store_of_the_first_version_keeps_what_it_holds(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.executescript(f"{_MIGRATIONS[0]} PRAGMA user_version = 1;")
        database.execute("INSERT INTO handled VALUES (?, ?)", (KEY.fingerprint("event", "$1"), 2**40))
    async with open_store(path, KEY, SimulatedClock()) as store:
        assert await store.was_handled("$1")
        await store.record(message("hi", event_id="$2"), REMEMBERED, "$answer")
        assert await store.answered("!room:uni.test", "$2")


async def test_a_store_that_cannot_be_written_says_so(path: Path) -> None:
    async with open_store(path, KEY, SimulatedClock()) as store:
        with sqlite3.connect(path) as other:
            other.execute("DROP TABLE answers")
        with pytest.raises(StoreBroken):
            await store.record(message("hi"), REMEMBERED, "$answer")
        with pytest.raises(StoreBroken):
            await store.answered("!room:uni.test", "$1")


async def test_no_matrix_id_and_no_text_lies_in_the_file(path: Path) -> None:
    async with open_store(path, KEY, SimulatedClock()) as store:
        await store.record(message("ein Geheimnis", thread="$root:uni.test"), REMEMBERED, "$answer:uni.test", "missed")
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
