"""The FAQ's folder as the use cases of keeping it see it. What takes long is done in a process of its own."""

import asyncio
import hashlib
import stat
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from bot.adapters.faq import pen
from bot.adapters.faq.inspection import Inspection
from bot.adapters.faq.knowledge import files_of, shipped
from bot.core.edition import Edition
from bot.core.fault import Fault, Place
from bot.core.model import Language
from bot.keys import Unusable
from bot.ports.keeping import CannotWrite, Change
from bot.yamlfile import LARGEST, Refused

Open = Callable[[Path, Mapping[str, bytes]], Edition]
Inspect = Callable[[Path], Inspection]
Apart = Callable[..., Awaitable[Any]]
"""Calls a function with arguments in a process of its own."""


class FaqFolder:
    """One folder."""

    def __init__(self, folder: Path | None, open_edition: Open, inspect: Inspect, apart: Apart) -> None:
        """`folder`: without it, the FAQ that ships. `open_edition` and `inspect` are told the folder."""
        self.folder = folder or shipped()
        self._open = open_edition
        self._inspect = inspect
        self._apart = apart

    @property
    def path(self) -> str:
        """Where it is."""
        return str(self.folder)

    @property
    def is_shipped(self) -> bool:
        """Whether it is the FAQ that ships with the bot."""
        return self.folder.resolve() == shipped().resolve()

    async def state(self, change: Change | None = None) -> str:
        """A digest of the files' names and contents, as they are or would be after `change`."""
        return await asyncio.to_thread(_digest, self.folder, {change.file: change.after} if change else {})

    async def open(self, change: Change | None = None) -> Edition:
        """The edition that the files hold, or would hold after `change`.

        Raises:
            Refused, Unusable: see the port.
        """
        edition: Edition = await self._apart(self._open, self.folder, {change.file: change.after} if change else {})
        return edition

    async def check(self) -> tuple[Fault, ...]:
        """All that `auskunft check` finds."""
        faults: tuple[Fault, ...]
        try:
            faults = (await self._apart(self._inspect, self.folder)).faults
        except Refused as refused:
            faults = refused.faults
        except Unusable as error:
            faults = (Fault(Place(self.path), str(error), "Try again, or run `auskunft check` there."),)
        return faults

    async def with_phrasing(self, file: str, entry: str, language: Language, phrasing: str) -> Change:
        """The change that adds a phrasing.

        Raises:
            CannotWrite: see the port.
        """
        return await self._changed(pen.with_phrasing, file, entry, language, phrasing)

    async def without_phrasing(self, file: str, entry: str, language: Language, phrasing: str) -> Change:
        """The change that takes a phrasing out.

        Raises:
            CannotWrite: see the port.
        """
        return await self._changed(pen.without_phrasing, file, entry, language, phrasing)

    async def write(self, change: Change) -> None:
        """Write the file.

        Raises:
            CannotWrite: see the port.
        """
        await asyncio.to_thread(pen.replace, self.folder / change.file, change.before, change.after)

    async def _changed(self, change: Callable[..., bytes], file: str, *wanted: str) -> Change:
        """What `change` makes of a file; what it cannot be made is told with the file's name."""
        try:
            before = await asyncio.to_thread((self.folder / file).read_bytes)
            return Change(file, before, await asyncio.to_thread(change, before, *wanted))
        except OSError as error:
            message = f"{file} cannot be read ({error.strerror}). Check the file and its permissions."
            raise CannotWrite(message) from None
        except CannotWrite as error:
            raise CannotWrite(f"{file}, {error}") from None

    def draft(self, question: str, language: Language, known: Sequence[str]) -> str:
        """An entry for a question, as YAML.

        Raises:
            CannotWrite: see the port.
        """
        return pen.draft(question, language, known, date.today())


def _digest(folder: Path, instead: Mapping[str, bytes]) -> str:
    """What cannot be read, or is not, counts with its reason: it changes when that does."""
    digest = hashlib.blake2b(digest_size=16)
    try:
        for path in files_of(folder):
            digest.update(path.name.encode(errors="replace") + b"\0")
            digest.update(instead.get(path.name) or _told(path))
            digest.update(b"\0")
    except OSError as error:
        digest.update(f"{error.errno}".encode())
    return digest.hexdigest()


def _told(path: Path) -> bytes:
    """What a file holds; of what is not read, by when it was changed."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
            return f"{status.st_mode} {status.st_size} {status.st_mtime_ns}".encode()
        return path.read_bytes()
    except OSError as error:
        return f"{error.errno}".encode()
