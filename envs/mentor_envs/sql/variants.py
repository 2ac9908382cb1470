"""Variants: tell results that come from the data from results of constants.

`SELECT 3 FROM player LIMIT 1` reads the table and proves nothing. So a right answer is run again on
variants of the database. Variants are copies without a quarter of the rows, then copies with only a
quarter, then copies with one column's values changed. An answer is a constant if its result never
changes, and the result of the task's own query does. A result that only becomes empty has not
changed: constants behind a condition do so, too. If the result of the task's own query never
changes either (a count of 0, say), the two must agree on a database without rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from typing import Any, NamedTuple

from mentor_core.tools.tool import ToolError
from mentor_envs.sql.database import Database, Result
from mentor_envs.sql.matching import equal_results

__all__ = ["Run", "is_constant"]

_PARTS = 4
_MOST_ROWS = 20_000  # of a table; with larger ones nothing is decided
_SECONDS = 5.0  # for reading one table
_SCHEMA = r"""
    SELECT sql FROM sqlite_master WHERE type IN ('table', 'view') AND sql IS NOT NULL
    AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY type
"""

Change = Callable[[str, int, list[Any]], list[Any] | None]
"""(table, number of the row, its values) → new values of the row; None removes the row."""


class Run(NamedTuple):
    """A query and its result on the original database."""

    sql: str
    result: Result

    def varies(self, variant: Database, seconds: float) -> bool:
        """True if a variant gives another result, which is not empty."""
        others = self.rows_of(variant, seconds)
        return bool(others) and not equal_results(self.result.rows, others, ordered=False)

    def rows_of(self, variant: Database, seconds: float) -> list[tuple[Any, ...]]:
        """The rows that a variant gives; none if the query fails there."""
        try:
            return variant.run(self.sql, rows=len(self.result.rows) + 1, seconds=seconds).rows
        except ToolError:
            return []


def is_constant(database: Database, gold: Run, given: Run, seconds: float) -> bool:
    """True if the result of `given` stays the same while the data and the result of `gold` change.

    Args:
        database: the database of both queries.
        gold: the task's query.
        given: a query with the same result.
        seconds: time limit of each query.
    """
    try:
        copy = _Copy(database, gold.result.tables | given.result.tables)
    except ToolError:  # too large to be copied
        return False
    found = False
    for change in (_drop, _keep):
        for part in range(_PARTS):
            with closing(copy.variant(partial(change, part))) as variant:
                if gold.varies(variant, seconds):
                    found = True
                    if given.varies(variant, seconds):
                        return False
        if found:
            break
    for table, column in sorted(gold.result.read | given.result.read):
        with closing(copy.variant(partial(_shift, table, copy.place(table, column)))) as variant:
            if given.varies(variant, seconds):
                return False
            found = found or gold.varies(variant, seconds)
    if found:
        return True
    with closing(copy.variant(_leave_out)) as variant:
        wanted, rows = (run.rows_of(variant, seconds) for run in (gold, given))
        return not equal_results(wanted, rows, ordered=False)


class _Copy:
    """The schema of a database, and the rows of some of its tables."""

    def __init__(self, database: Database, tables: frozenset[str]) -> None:
        run = partial(database.run, rows=_MOST_ROWS, seconds=_SECONDS)
        self._statements = [row[0] for row in run(_SCHEMA).rows]
        self._contents = {name: run(f"SELECT * FROM {quoted(name)}") for name in sorted(tables)}
        if not all(content.complete for content in self._contents.values()):
            raise ToolError("a table has too many rows")

    def place(self, table: str, column: str) -> int:
        """The place of a column in the rows of its table; -1 if there is none."""
        content = self._contents.get(table)
        return content.columns.index(column) if content and column in content.columns else -1

    def variant(self, change: Change) -> Database:
        """A database with changed rows."""
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            for statement in self._statements:
                with suppress(sqlite3.Error):
                    connection.execute(statement)
            for table, content in self._contents.items():
                values = ", ".join("?" * len(content.columns))
                with suppress(sqlite3.Error):  # a view takes no rows
                    connection.executemany(
                        f"INSERT OR IGNORE INTO {quoted(table)} VALUES ({values})",
                        _changed(table, content, change),
                    )
            return Database(connection.serialize())


def quoted(name: str) -> str:
    """Any name, quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'


def _changed(table: str, content: Result, change: Change) -> Iterator[list[Any]]:
    for number, row in enumerate(content.rows):
        values = change(table, number, list(row))
        if values is not None:
            yield values


def _leave_out(_: str, __: int, ___: list[Any]) -> None:
    """Remove every row."""


def _drop(part: int, _: str, number: int, values: list[Any]) -> list[Any] | None:
    return values if number % _PARTS != part else None


def _keep(part: int, _: str, number: int, values: list[Any]) -> list[Any] | None:
    return values if number % _PARTS == part else None


def _shift(table: str, place: int, of: str, _: int, values: list[Any]) -> list[Any]:
    """The row with another value in one place."""
    if table == of and place >= 0:
        match values[place]:
            case bool() | int() | float() as number:
                values[place] = number + 1
            case str() as text:
                values[place] = text + "~"
            case bytes() as blob:
                values[place] = blob + b"~"
    return values
