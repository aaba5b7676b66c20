import errno
import sqlite3
from pathlib import Path

from bot import remedies


def refused(path: Path, *statements: str) -> sqlite3.Error:
    """What SQLite says to these statements."""
    try:
        with sqlite3.connect(path) as database:
            for statement in statements:
                database.execute(statement)
    except sqlite3.Error as error:
        return error
    raise AssertionError("SQLite takes it")


def test_each_fault_of_a_database_has_its_remedy(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"
    full = refused(path, "PRAGMA max_page_count = 2", "CREATE TABLE a (b)", "INSERT INTO a VALUES (zeroblob(99999))")
    assert remedies.of_database(path, full).startswith(f"{path}: the disk is full; make room")
    other = tmp_path / "other"
    other.write_bytes(b"no database" * 1000)
    assert "it is damaged: restore" in remedies.of_database(other, refused(other, "CREATE TABLE a (b)"))
    assert "own the whole data folder" in remedies.of_database(tmp_path, refused(tmp_path, "CREATE TABLE a (b)"))
    assert "no such table: c" in remedies.of_database(path, refused(path, "SELECT * FROM c"))


def test_a_full_disk_and_a_fault_of_another_kind_are_told_with_the_file() -> None:
    full = OSError(errno.ENOSPC, "No space left on device", "/data/key")
    assert remedies.of_file(full).startswith("/data/key: the disk is full; make room")
    assert remedies.of_file(OSError(errno.ENAMETOOLONG, "File name too long", "x")) == str(
        OSError(errno.ENAMETOOLONG, "File name too long", "x")
    )
