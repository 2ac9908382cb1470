"""Database: the SQLite file of a teacher store, safe for several threads and processes."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mentor_core.support.errors import DataError, RunError

__all__ = ["SCHEMA_VERSION", "Database"]

SCHEMA_VERSION = 1
_BUSY_SECONDS = 60.0
_TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS teachers (
    id TEXT PRIMARY KEY,          -- hash of name and identity
    name TEXT NOT NULL,
    identity TEXT NOT NULL        -- JSON: what its attempts depend on
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS attempts (
    key TEXT PRIMARY KEY,         -- hash of task, prompt, tools, teacher, sampling and number
    env TEXT NOT NULL,
    task_id TEXT NOT NULL,
    task_hash TEXT NOT NULL,
    split TEXT NOT NULL,
    teacher TEXT NOT NULL REFERENCES teachers (id),
    number INTEGER NOT NULL,
    verdict TEXT NOT NULL,        -- verified, trusted or refused
    reason TEXT NOT NULL,         -- why it was refused
    example TEXT NOT NULL,
    turns INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    cost REAL,                    -- US dollars; NULL: no price is known
    record BLOB NOT NULL          -- the trajectory, JSON, compressed
);
CREATE INDEX IF NOT EXISTS attempts_of_a_task ON attempts (env, task_id, verdict);
CREATE TABLE IF NOT EXISTS requests (
    key TEXT PRIMARY KEY,         -- hash of address, body and episode
    teacher TEXT NOT NULL,
    state TEXT NOT NULL,          -- sent, answered or failed
    tries INTEGER NOT NULL,
    began_at TEXT NOT NULL,       -- UTC
    seconds REAL,
    model TEXT,                   -- as the server reports
    prompt_tokens INTEGER NOT NULL DEFAULT 0,
    completion_tokens INTEGER NOT NULL DEFAULT 0,
    cost REAL,                    -- US dollars; NULL: no price is known
    problem TEXT,
    reply BLOB                    -- JSON, compressed; NULL after `gc`
);
"""


class Database:
    """A connection to a store.

    Args:
        path: the file.
        create: make the file if it is not there.

    Raises:
        DataError: the file does not exist, is no store, or was made by a newer mentor.
        RunError: the file cannot be made or written.
    """

    def __init__(self, path: Path, create: bool = False) -> None:
        self.path = path
        if not create and not path.is_file():
            raise DataError(f"{path}: there is no teacher store; `mentor teach` makes one")
        self._lock = threading.RLock()
        try:
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise RunError(f"{path} cannot be opened: {error}") from error
        try:
            self._prepare(create)
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def rows(self, statement: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """The rows of a SELECT.

        Raises:
            DataError: the file is damaged.
        """
        with self._lock, self._told():
            return self._connection.execute(statement, values).fetchall()

    def stream(self, statement: str, values: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of a SELECT, one by one, in constant memory."""
        cursor = self._connection.cursor()
        with self._told():
            cursor.execute(statement, values)
            yield from cursor

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: everything in the block is written, or nothing.

        Raises:
            RunError: the disk is full, or the file cannot be written.
        """
        with self._lock, self._told():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def compact(self) -> None:
        """Give the space of deleted rows back to the disk."""
        with self._lock, self._told():
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _prepare(self, create: bool) -> None:
        with self._told():
            version = self._version()
            if version is not None and version > SCHEMA_VERSION:
                raise DataError(
                    f"{self.path}: the store was made by a newer mentor (store version {version}, "
                    f"this one reads up to {SCHEMA_VERSION}); update mentor-core"
                )
            if version is None and not create:
                raise DataError(f"{self.path}: this SQLite file is no teacher store")
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            if version is None:
                if self._tables():
                    raise DataError(f"{self.path}: this SQLite file is no teacher store")
                with self.writing() as connection:
                    for statement in _TABLES.split(";\n"):
                        if statement.strip():
                            connection.execute(statement)
                    connection.execute(
                        "INSERT OR IGNORE INTO facts VALUES ('version', ?)", (str(SCHEMA_VERSION),)
                    )

    def _tables(self) -> set[str]:
        found = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {name for (name,) in found}

    def _version(self) -> int | None:
        if not {"facts", "attempts", "requests"} <= self._tables():
            return None
        ((value,),) = self._connection.execute("SELECT value FROM facts WHERE name = 'version'")
        return int(value)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn errors of SQLite into one message with the path."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise RunError(f"{self.path} cannot be used: {error}") from error
        except sqlite3.DatabaseError as error:
            raise DataError(f"{self.path}: no SQLite file, or a damaged one: {error}") from error
