"""The tables, their versions, and for how long their rows are kept."""

from datetime import timedelta
from pathlib import Path

import aiosqlite

from bot import remedies
from bot.keys import Unusable

MIGRATIONS = (
    """
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE handled (event BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX handled_at ON handled (at);
    CREATE TABLE conversations (
        conversation BLOB PRIMARY KEY, person BLOB NOT NULL, state TEXT NOT NULL, at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX conversations_at ON conversations (at);
    CREATE INDEX conversations_person ON conversations (person);
    CREATE TABLE threads (thread BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX threads_at ON threads (at);
    """,
    """
    CREATE TABLE answers (question BLOB PRIMARY KEY, reply BLOB NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX answers_at ON answers (at);
    CREATE TABLE missed (room BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX missed_at ON missed (at);
    """,
    """
    CREATE TABLE unread (
        event BLOB PRIMARY KEY, session BLOB NOT NULL, person BLOB NOT NULL, room BLOB NOT NULL,
        place BLOB, due INTEGER, told INTEGER, at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX unread_at ON unread (at);
    CREATE INDEX unread_due ON unread (due);
    CREATE INDEX unread_person ON unread (person);
    """,
    """
    ALTER TABLE answers ADD COLUMN asker BLOB;
    ALTER TABLE answers ADD COLUMN entries TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE answers ADD COLUMN before TEXT NOT NULL DEFAULT '{}';
    CREATE INDEX answers_asker ON answers (asker);
    CREATE TABLE feedback (
        entry TEXT PRIMARY KEY, helpful INTEGER NOT NULL, unhelpful INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE reactions (
        reaction BLOB PRIMARY KEY, vote BLOB NOT NULL UNIQUE, entries TEXT NOT NULL, helpful INTEGER NOT NULL,
        at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX reactions_at ON reactions (at);
    """,
    """
    CREATE TABLE unencrypted (room BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX unencrypted_at ON unencrypted (at);
    CREATE TABLE welcomed (room BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX welcomed_at ON welcomed (at);
    """,
    "DELETE FROM answers;",  # the ids of the replies are sealed in another way
    """
    DROP TABLE conversations;
    CREATE TABLE conversations (
        conversation BLOB PRIMARY KEY, person BLOB NOT NULL, state BLOB NOT NULL, until INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX conversations_until ON conversations (until);
    CREATE INDEX conversations_person ON conversations (person);
    DROP TABLE answers;
    CREATE TABLE answers (
        question BLOB PRIMARY KEY, reply BLOB NOT NULL, asker BLOB NOT NULL, entries TEXT NOT NULL,
        before BLOB, at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX answers_asker ON answers (asker);
    CREATE INDEX answers_at ON answers (at);
    CREATE TABLE outbox (
        reference TEXT PRIMARY KEY, event BLOB UNIQUE, person BLOB, content BLOB, state TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0, next_try INTEGER, trouble TEXT NOT NULL DEFAULT '', told INTEGER,
        at INTEGER NOT NULL, changed INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX outbox_next_try ON outbox (next_try);
    """,
    """
    DROP INDEX outbox_next_try;
    ALTER TABLE outbox RENAME TO outbox_by_mail;
    CREATE TABLE outbox (
        reference TEXT NOT NULL, way TEXT NOT NULL, event BLOB, person BLOB, content BLOB, state TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0, next_try INTEGER, trouble TEXT NOT NULL DEFAULT '', told INTEGER,
        at INTEGER NOT NULL, changed INTEGER NOT NULL, PRIMARY KEY (reference, way), UNIQUE (event, way)
    ) STRICT;
    INSERT INTO outbox SELECT
        reference, 'mail', event, person, content, state, attempts, next_try, trouble, told, at, changed
        FROM outbox_by_mail ORDER BY rowid;
    DROP TABLE outbox_by_mail;
    CREATE INDEX outbox_next_try ON outbox (next_try);
    CREATE TABLE cases (
        reference TEXT PRIMARY KEY, chat BLOB NOT NULL UNIQUE, support BLOB UNIQUE, sides BLOB NOT NULL,
        at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE copies (
        original BLOB PRIMARY KEY, copy BLOB NOT NULL UNIQUE, place BLOB NOT NULL, reference TEXT NOT NULL,
        at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX copies_reference ON copies (reference);
    """,
    """
    CREATE TABLE additions (event BLOB PRIMARY KEY, content BLOB NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX additions_at ON additions (at);
    """,
)
"""Each brings the database from the version of its index to the next; what was released is never changed."""

KEPT = {
    "handled": timedelta(days=7),
    "answers": timedelta(days=7),
    "reactions": timedelta(days=7),
    "missed": timedelta(days=1),
    "unread": timedelta(days=1),
    "additions": timedelta(days=7),
    "unencrypted": timedelta(days=1),
    "threads": timedelta(days=90),
    "welcomed": timedelta(days=90),
}
"""For how long rows are kept, by table, from their time `at` on."""

SWEEPS = (
    *((f"DELETE FROM {table} WHERE at < ?", kept) for table, kept in KEPT.items()),  # noqa: S608 (our names)
    ("DELETE FROM conversations WHERE until < ?", timedelta()),
    ("UPDATE answers SET before = NULL WHERE before IS NOT NULL AND at < ?", timedelta(days=1)),
    ("UPDATE outbox SET content = NULL WHERE state = 'failed' AND changed < ?", timedelta(days=7)),
    (
        "UPDATE outbox SET content = NULL, state = 'failed', next_try = NULL WHERE content IS NOT NULL AND at < ?",
        timedelta(days=14),
    ),
    ("UPDATE outbox SET event = NULL, person = NULL WHERE person IS NOT NULL AND at < ?", timedelta(days=7)),
    ("DELETE FROM outbox WHERE content IS NULL AND at < ?", timedelta(days=30)),
    ("DELETE FROM cases WHERE at < ?", timedelta(days=31)),
    ("DELETE FROM copies WHERE at < ?", timedelta(days=31)),
)
"""What erases what is too old, each with the age from which on something is."""


async def prepare(database: aiosqlite.Connection, path: Path, updates: bool = True) -> None:
    """Bring the database in the file at `path` to the newest version; or, without `updates`, see that it is there.

    Raises:
        Unusable: it is damaged, or newer than this bot.
        sqlite3.Error: it cannot be read or written.
    """
    await database.execute("PRAGMA journal_mode = WAL")
    await database.execute("PRAGMA synchronous = FULL")
    await database.execute("PRAGMA secure_delete = ON")
    if await _told(database, "PRAGMA quick_check(1)") != "ok":
        raise Unusable(remedies.damaged(path))
    version = int(str(await _told(database, "PRAGMA user_version")))
    if version > len(MIGRATIONS):
        raise Unusable(
            f"{path} was made by a newer version of the bot: update the bot, or restore the data folder from a backup "
            "of the older one"
        )
    if version < len(MIGRATIONS) and not updates:
        raise Unusable(f"{path} is of an older version of the bot: restart the bot with the new one first")
    for number, script in enumerate(MIGRATIONS[version:], version + 1):
        await database.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;")


async def _told(database: aiosqlite.Connection, query: str) -> object:
    ((answer,),) = await database.execute_fetchall(query)
    return answer
