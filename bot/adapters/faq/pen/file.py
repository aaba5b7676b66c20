"""A file of the FAQ is replaced whole or not at all: a reader, a crash or a full disk never meets half of it."""

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.ports.keeping import CannotWrite

_RIGHTS = "let the bot's user write to it and to its folder, or write there by hand"
_ROOM = "make room, then try again"
_REMEDIES = {
    errno.ENOENT: "it is not there any more: look where the entry stands now",
    errno.ELOOP: "it is a link that leads round in a circle: name a file",
    errno.EISDIR: "it is a folder: name a file",
    errno.EROFS: "the disk is read-only: mount it writable",
    errno.EACCES: f"access is denied: {_RIGHTS}",
    errno.EPERM: f"access is denied: {_RIGHTS}",
    errno.ENOSPC: f"the disk is full: {_ROOM}",
    errno.EDQUOT: f"the disk quota is used up: {_ROOM}",
    errno.EFBIG: f"files may not grow so large: {_ROOM}",
    errno.EIO: "the disk fails: have it looked at",
}


def replace(path: Path, before: bytes, after: bytes) -> None:
    """Put `after` in the place of `before` into the file at `path`, which keeps its rights, and its owner if possible.

    A symbolic link stays, and leads to the new content; further hard links keep the old one.

    Raises:
        CannotWrite: the file holds something else than `before`, or cannot be written; it is as it was.
    """
    with _told(path):
        target = Path(os.path.realpath(path, strict=True))
        with target.open("r+b") as file:  # to write, too: who may not, is refused here
            was = os.fstat(file.fileno())
        if not was.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
            raise CannotWrite(f"{path}: it is write-protected: somebody wants it to stay as it is; write there by hand")
        with _opened(target.parent) as folder, _draft(target, after, was) as draft:
            if target.read_bytes() != before:
                raise CannotWrite(f"{path}: it was changed meanwhile: look at it, then try again")
            draft.replace(target)
            with suppress(OSError):  # it is done; and not every file system can do this
                os.fsync(folder)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Faults in an admin's words."""
    try:
        yield
    except OSError as error:
        reason = _REMEDIES.get(error.errno or 0, error.strerror or str(error))
        raise CannotWrite(f"{path}: {reason}") from None


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield number
    finally:
        os.close(number)


@contextmanager
def _draft(target: Path, content: bytes, like: os.stat_result) -> Iterator[Path]:
    """A hidden file beside `target`, which is no part of the FAQ, on the disk with its content; gone in the end."""
    number, name = tempfile.mkstemp(prefix=".auskunft-", dir=target.parent)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            os.fchmod(number, stat.S_IMODE(like.st_mode))
            for user, group in ((-1, like.st_gid), (like.st_uid, -1)):
                with suppress(PermissionError):
                    os.fchown(number, user, group)
            file.flush()
            os.fsync(number)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
