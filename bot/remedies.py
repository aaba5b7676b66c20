"""What is wrong with a file or a database in the data folder, in an admin's words, with what to do."""

import errno
import sqlite3
from pathlib import Path

_ROOM = "make room and start the bot again: what was written meanwhile is answered then"
_OWN = "let the bot's user own the whole data folder, and write to it"
_DAMAGED = "it is damaged: restore the whole data folder from the backup"
_BY_RESULT = {
    sqlite3.SQLITE_FULL: f"the disk is full; {_ROOM}",
    sqlite3.SQLITE_IOERR: f"the disk fails or is full; {_ROOM}",
    sqlite3.SQLITE_READONLY: f"it cannot be written: {_OWN}",
    sqlite3.SQLITE_CANTOPEN: f"it cannot be opened: {_OWN}",
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
}
"""By SQLite's primary result code."""
_BY_NUMBER = {
    errno.ENOSPC: f"the disk is full; {_ROOM}",
    errno.EDQUOT: f"the disk quota is used up; {_ROOM}",
    errno.EFBIG: f"files may not grow so large; {_ROOM}",
    errno.EEXIST: "this is a file: name a folder as `data`",
    errno.ENOTDIR: "this is a file: name a folder as `data`",
    errno.EROFS: "the disk is read-only: mount it writable",
    errno.EACCES: f"access is denied: {_OWN}",
    errno.EPERM: f"access is denied: {_OWN}",
}


def of_database(path: Path | str, error: sqlite3.Error) -> str:
    """What is wrong with the database at `path`."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the rest of the code is detail
    return f"{path}: {_BY_RESULT.get(code, str(error))}"


def damaged(path: Path | str) -> str:
    """That the database at `path` is damaged."""
    return f"{path}: {_DAMAGED}"


def of_file(error: OSError) -> str:
    """What is wrong with a file."""
    remedy = _BY_NUMBER.get(error.errno or 0)
    return f"{error.filename}: {remedy}" if remedy and error.filename else remedy or str(error)
