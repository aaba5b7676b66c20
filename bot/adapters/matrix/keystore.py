"""nio's store of encryption keys, whose faults are told as those of our own store: a full disk is no event to skip."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import nio.store
import peewee

from bot import remedies
from bot.ports import StoreBroken


class _Database(peewee.SqliteDatabase):  # type: ignore[misc]
    def connect(self, *arguments: Any, **more: Any) -> Any:
        with self._told():
            return super().connect(*arguments, **more)

    def execute_sql(self, *arguments: Any, **more: Any) -> Any:
        with self._told():
            return super().execute_sql(*arguments, **more)

    def commit(self) -> Any:
        with self._told():
            return super().commit()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except peewee.PeeweeException as error:
            if not isinstance(error.__context__, sqlite3.Error):
                raise
            raise StoreBroken(remedies.of_database(self.database, error.__context__)) from error


class KeyStore(nio.store.DefaultStore):  # type: ignore[misc]
    """The store in a file. Everything raises StoreBroken where it cannot be read or written."""

    def __post_init__(self) -> None:
        """Open it, and see that it is whole."""
        super().__post_init__()
        (told,) = self.database.execute_sql("PRAGMA quick_check(1)").fetchone()
        if told != "ok":
            raise StoreBroken(remedies.damaged(self.database_path))

    def _create_database(self) -> _Database:
        return _Database(self.database_path, pragmas={"foreign_keys": 1, "secure_delete": 1})
