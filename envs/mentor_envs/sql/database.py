"""Database: one SQLite database that queries of a language model may be run on.

Three independent locks prevent writing. The file is opened read-only (a built-in database is a
private copy in memory), SQLite's authorizer refuses everything but reading, and `query_only` is
set. SQLite's progress handler ends long queries, and its limits bound the sizes of values,
statements and patterns. Whatever the text, `run` returns or raises a ToolError.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase
from typing import Any, NamedTuple

from mentor_core.support.errors import DataError, nearest
from mentor_core.tools.tool import ToolError
from mentor_envs.sql.statements import copies

__all__ = ["Column", "Database", "Result", "Table"]

MAX_VALUE = 100_000  # bytes of a text or blob, and of a row
MAX_SQL = 10_000  # characters of a statement
_MAX_RESULT = 32_000_000  # bytes fetched
_MAX_COPIES = 100_000
_MAX_NAME = 100  # characters of a wrong name that is shown
_MAX_MESSAGE = 500  # characters
_INSTRUCTIONS = 1000  # of SQLite's machine between two looks at the clock; well under 1 ms
_CLOSE_SECONDS = 5.0

_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)

_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: MAX_VALUE,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 4 * MAX_SQL,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 200,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 100,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 100_000,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 1000,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_READING = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_RECURSIVE,
}
_PRAGMAS = {
    "table_info",
    "table_xinfo",
    "table_list",
    "foreign_key_list",
    "index_list",
    "index_info",
}
_FUNCTIONS = {  # refused, and why
    "load_extension": "extensions cannot be loaded",
    "fts3_tokenizer": "tokenizers cannot be registered",
    "random": "results must not depend on chance",
    "randomblob": "results must not depend on chance",
    "printf": "use || and round() instead",
    "format": "use || and round() instead",
}


class Column(NamedTuple):
    """A column: its name and its declared type, which may be empty."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view.

    Attributes:
        key: names of the columns of the primary key.
        links: (column, other table, its column) of each foreign key.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    links: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a query.

    Attributes:
        columns: names of the columns.
        rows: the first rows, at most the number asked for.
        complete: true if there are no more rows.
        tables: names of the tables and views of the database that the query reads.
        read: (table, column) pairs that the query reads of them.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    complete: bool
    tables: frozenset[str]
    read: frozenset[tuple[str, str]] = frozenset()


class Database:
    """An open database. Threads may share it: one query runs at a time.

    Args:
        source: a file of SQLite, or the bytes of one.

    Raises:
        DataError: the source cannot be opened, or is no database; names the file.
    """

    def __init__(self, source: Path | bytes) -> None:
        self._lock = threading.Lock()
        self._deadline = 0.0
        self._refusal = ""
        self._read: set[tuple[str, str]] = set()
        try:
            self._connection = _connect(source)
            try:
                _prepare(self._connection)
                self.tables = {table.name: table for table in _tables(self._connection)}
                self._names = {_folded(name): name for name in self.tables}
            except BaseException:
                self._connection.close()
                raise
        except sqlite3.Error as error:
            where = source if isinstance(source, Path) else "database"
            raise DataError(f"{where}: cannot be read as an SQLite database: {error}") from None
        for limit, value in _LIMITS.items():
            self._connection.setlimit(limit, value)
        self._connection.set_authorizer(self._authorize)
        self._connection.set_progress_handler(self._out_of_time, _INSTRUCTIONS)

    def run(self, sql: str, *, rows: int, seconds: float) -> Result:
        """Run one query.

        Args:
            sql: any text.
            rows: fetch no more rows than this.
            seconds: time limit.

        Raises:
            ToolError: the text is not one query that SQLite can run within the limits; says why.
        """
        if len(sql) > MAX_SQL:
            raise ToolError(f"the query has {len(sql)} characters; at most {MAX_SQL:,} are allowed")
        if copies(sql) > _MAX_COPIES:
            raise ToolError("the query repeats its subqueries too often: write a simpler one")
        with self._lock:
            self._refusal, self._read = "", set()
            self._deadline = time.monotonic() + seconds
            try:
                cursor = self._connection.execute(sql)
                try:
                    return self._fetch(cursor, rows)
                finally:
                    cursor.close()
            except MemoryError:
                raise ToolError("the query needs too much memory") from None
            # Texts that are not UTF-8 are a ValueError; several statements are a Warning.
            except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
                raise ToolError(_short(self._explain(error, seconds))) from None

    def table(self, name: str) -> Table:
        """The table of that name, in upper or lower case, in quotes or without.

        Raises:
            ToolError: there is no such table; names the nearest.
        """
        name = name.strip()
        for written in (name, _unquoted(name)):
            if known := self._names.get(_folded(written)):
                return self.tables[known]
        name = name[:_MAX_NAME]
        raise ToolError(_short(f"no table {name!r}{nearest(name, self.tables)}"))

    def close(self) -> None:
        """Stop the running query, if any, and close."""
        with suppress(sqlite3.ProgrammingError):  # closed already
            self._connection.interrupt()
        if self._lock.acquire(timeout=_CLOSE_SECONDS):  # else it goes when its query has ended
            self._connection.close()
            self._lock.release()

    def _fetch(self, cursor: sqlite3.Cursor, limit: int) -> Result:
        if cursor.description is None:
            raise ToolError("there is no query: write one SELECT statement")
        rows: list[tuple[Any, ...]] = []
        size, complete = 0, True
        for row in cursor:
            if len(rows) == limit:
                complete = False
                break
            size += sum(len(cell) if isinstance(cell, str | bytes) else 8 for cell in row)
            if size > _MAX_RESULT:
                raise ToolError(f"the result is larger than {_MAX_RESULT:,} bytes")
            rows.append(row)
        columns = tuple(str(column[0]) for column in cursor.description)
        read = frozenset(
            (self._names[_folded(table)], column)
            for table, column in self._read
            if _folded(table) in self._names
        )
        tables = frozenset(table for table, _ in read)
        return Result(columns, rows, complete, tables, frozenset(pair for pair in read if pair[1]))

    def _authorize(self, action: int, first: str | None, second: str | None, *_: Any) -> int:
        if action == sqlite3.SQLITE_READ:
            self._read.add((first or "", second or ""))
        if action == sqlite3.SQLITE_FUNCTION:
            reason = _FUNCTIONS.get((second or "").lower())
            if reason is None:
                return sqlite3.SQLITE_OK
            self._refusal = f"{second} is not available: {reason}"
        elif action in _READING or (
            action == sqlite3.SQLITE_PRAGMA and (first or "").lower() in _PRAGMAS
        ):
            return sqlite3.SQLITE_OK
        elif not self._refusal:
            self._refusal = "only reading is allowed: write one SELECT statement"
        return sqlite3.SQLITE_DENY

    def _out_of_time(self) -> int:
        return time.monotonic() > self._deadline

    def _explain(self, error: Exception, seconds: float) -> str:
        message = str(error)
        if self._refusal:
            return self._refusal
        if message == "interrupted":
            return f"the query took longer than {seconds:g} s and was stopped: write a simpler one"
        if message == "string or blob too big":
            return f"a value is larger than {MAX_VALUE:,} bytes"
        if isinstance(error, UnicodeError):
            return "the query is not valid Unicode text"
        kind, _, name = message.partition(": ")
        if kind == "no such table":
            return f"{message}{nearest(name, self.tables)}"
        if kind == "no such column":
            every = {column.name for table in self.tables.values() for column in table.columns}
            return f"{message}{_nearest(name.rpartition('.')[2], every)}"
        if "Incorrect number of bindings" in message:
            return "the query has parameters (?): write the values themselves"
        return message


def _folded(name: str) -> str:
    """Equal for names that SQLite takes for the same: only ASCII letters have case there."""
    return name.translate(_LOWER)


def _unquoted(name: str) -> str:
    """The name without quotes, in any of SQLite's four styles."""
    ends = (name[:1] + name[-1:]) if len(name) > 2 else ""
    if ends not in ('""', "``", "''", "[]"):
        return name
    return name[1:-1] if ends == "[]" else name[1:-1].replace(ends, ends[0])


def _short(message: str) -> str:
    return message if len(message) <= _MAX_MESSAGE else message[:_MAX_MESSAGE] + "…"


def _nearest(name: str, known: Iterable[str]) -> str:
    """As `nearest`, but empty if nothing is near: a database has many columns."""
    phrase = nearest(name, known)
    return phrase if "did you mean" in phrase else ""


def _connect(source: Path | bytes) -> sqlite3.Connection:
    name = ":memory:" if isinstance(source, bytes) else f"{source.absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(
        name,
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=0,  # the authorizer is asked only when a statement is compiled
    )
    if isinstance(source, bytes):
        connection.deserialize(source)
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    connection.text_factory = lambda text: text.decode(errors="replace")
    for pragma in ("query_only = ON", "trusted_schema = OFF"):
        connection.execute(f"PRAGMA {pragma}")
    with suppress(sqlite3.Error):  # once in use, they need no more than reading
        connection.execute("SELECT 1 FROM json_each('[]'), json_tree('[]')")


def _tables(connection: sqlite3.Connection) -> list[Table]:
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
        "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name COLLATE NOCASE"
    ).fetchall()
    found = []
    for (name,) in names:
        rows = connection.execute("SELECT * FROM pragma_table_info(?)", (name,)).fetchall()
        columns = tuple(Column(row[1], row[2]) for row in rows)
        key = tuple(row[1] for row in sorted(rows, key=lambda row: row[5]) if row[5])
        foreign = connection.execute("SELECT * FROM pragma_foreign_key_list(?)", (name,))
        links = tuple((row[3], row[2], row[4] or "") for row in foreign)
        found.append(Table(name, columns, key, links))
    return found
