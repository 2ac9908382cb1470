"""MySQL dumps, as `mysqldump` writes them, read into tables; and tables written to SQLite.

Only CREATE TABLE, INSERT and USE are read; all other statements are skipped. Column types keep
their names, from which SQLite derives its affinities.
"""

from __future__ import annotations

import re
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from mentor_core.contracts.trajectory import open_text
from mentor_core.support.errors import DataError

__all__ = ["DumpedTable", "read_dump", "write_sqlite"]

Value = str | int | float | bytes | None

_TOKEN = re.compile(
    r"""
      (?P<space>  \s+ | --(?=\s)[^\n]* | \#[^\n]* | /\*.*?\*/ )
    | (?P<string> '(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" )
    | (?P<name>   `(?:[^`]|``)*` )
    | (?P<hex>    0x[0-9A-Fa-f]+ )
    | (?P<number> [-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)? )
    | (?P<word>   [^\W\d][\w$]* )
    | (?P<mark>   . )
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"0": "\0", "n": "\n", "r": "\r", "t": "\t", "b": "\b", "Z": "\x1a"}
_RESERVED = "sqlite_"  # names that SQLite keeps for itself


class Token(NamedTuple):
    kind: str
    text: str
    start: int

    def is_word(self, *words: str) -> bool:
        return self.kind == "word" and self.text.upper() in words

    def is_mark(self, mark: str) -> bool:
        return self.kind == "mark" and self.text == mark


@dataclass(slots=True)
class DumpedTable:
    """A table of a dump.

    Attributes:
        columns: (name, type) of each.
        constraints: keys, in SQLite's words.
        rows: one value per column each.
    """

    name: str
    columns: list[tuple[str, str]] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    rows: list[list[Value]] = field(default_factory=list)


class Damaged(Exception):
    """A statement that no dump has; `start` is its place, in characters."""

    def __init__(self, start: int, message: str) -> None:
        self.start = start
        super().__init__(message)


def read_dump(path: Path) -> dict[str, list[DumpedTable]]:
    """Database → its tables, in the order of the dump.

    Args:
        path: a dump, gzip-compressed if its name ends in .gz.

    Raises:
        DataError: the file cannot be read, or a statement or row is damaged; names file and line.
    """
    try:
        with open_text(path) as file:
            text = file.read()
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    databases: dict[str, list[DumpedTable]] = {}
    current: list[DumpedTable] = []
    try:
        for statement in _statements(text):
            try:
                match [token.text.upper() for token in statement[:2]]:
                    case ["USE", _]:
                        current = databases.setdefault(_name(statement[1]), [])
                    case ["CREATE", "TABLE"]:
                        current.append(_create_table(statement[2:]))
                    case ["INSERT", "INTO"]:
                        _insert(statement[2:], {table.name: table for table in current})
            except IndexError:
                raise Damaged(statement[0].start, "the statement ends too early") from None
    except Damaged as damage:
        line = text.count("\n", 0, damage.start) + 1
        raise DataError(f"{path}:{line}: {damage}") from None
    if not databases:
        raise DataError(f"{path}: no database; expected a dump with USE `name` statements")
    return databases


def write_sqlite(path: Path, tables: list[DumpedTable]) -> None:
    """Write the tables to a new SQLite file, in place of any that is there.

    Raises:
        DataError: SQLite does not take a table; names file and table.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    try:
        for table in tables:
            if table.name.lower().startswith(_RESERVED):
                continue
            columns = [f"{_quote(name)} {kind}" for name, kind in table.columns]
            body = ", ".join([*columns, *table.constraints])
            try:
                connection.execute(f"CREATE TABLE {_quote(table.name)} ({body})")
                marks = ", ".join("?" * len(columns))
                connection.executemany(
                    f"INSERT INTO {_quote(table.name)} VALUES ({marks})", table.rows
                )
            except (sqlite3.Error, OverflowError) as error:
                raise DataError(f"{path}: table {table.name!r}: {error}") from None
        connection.commit()
    finally:
        connection.close()


def _statements(text: str) -> Iterator[list[Token]]:
    statement: list[Token] = []
    for found in _TOKEN.finditer(text):
        kind, token = str(found.lastgroup), found[0]
        if kind == "mark" and token in "'\"`":
            raise Damaged(found.start(), f"{token} without its end")
        if kind == "mark" and token == ";":
            yield statement
            statement = []
        elif kind != "space":
            statement.append(Token(kind, token, found.start()))
    if statement:
        raise Damaged(statement[0].start, f"a statement without its end: {statement[0].text} …")


def _create_table(tokens: list[Token]) -> DumpedTable:
    if tokens[0].is_word("IF"):
        tokens = tokens[3:]  # IF NOT EXISTS
    table = DumpedTable(_name(tokens[0]))
    body, _ = _parentheses(tokens, 1)
    for item in _split(body):
        if item[0].kind == "name":
            table.columns.append((_name(item[0]), _type(item)))
            continue
        words = [token.text.upper() for token in item if token.kind == "word"]
        lists = [
            ", ".join(_quote(_name(part[0])) for part in _split(_parentheses(item, index)[0]))
            for index, token in enumerate(item)
            if token.is_mark("(") and item[index + 1].kind == "name"
        ]
        match words:
            case ["PRIMARY", "KEY", *_]:
                table.constraints.append(f"PRIMARY KEY ({lists[0]})")
            case ["CONSTRAINT", "FOREIGN", "KEY", "REFERENCES", *_]:
                other = item[[token.text.upper() for token in item].index("REFERENCES") + 1]
                table.constraints.append(
                    f"FOREIGN KEY ({lists[0]}) REFERENCES {_quote(_name(other))} ({lists[1]})"
                )
            case ["UNIQUE", *_]:
                table.constraints.append(f"UNIQUE ({lists[0]})")
            case ["KEY" | "INDEX" | "FULLTEXT" | "SPATIAL" | "CONSTRAINT", *_]:
                pass  # an index, or a check of what is to be written
            case _:
                raise Damaged(item[0].start, f"table {table.name!r}: no column or key: {words}")
    if not table.columns:
        raise Damaged(tokens[0].start, f"table {table.name!r} has no column")
    return table


def _insert(tokens: list[Token], tables: dict[str, DumpedTable]) -> None:
    name = _name(tokens[0])
    if name not in tables:
        raise Damaged(tokens[0].start, f"rows of table {name!r}, which was not created before")
    table, index = tables[name], 1
    if not tokens[index].is_word("VALUES"):
        raise Damaged(tokens[0].start, f"table {name!r}: expected VALUES after its name")
    while index + 1 < len(tokens):
        start = tokens[index + 1].start
        cells, index = _parentheses(tokens, index + 1)
        row = [_value(cell) for cell in _split(cells)]
        if len(row) != len(table.columns):
            number = len(table.rows) + 1
            raise Damaged(
                start,
                f"table {name!r}, row {number}: {len(row)} values for {len(table.columns)} columns",
            )
        table.rows.append(row)


def _parentheses(tokens: list[Token], start: int) -> tuple[list[Token], int]:
    """The tokens between the parenthesis at `start` and its other half, and the index after it."""
    if start >= len(tokens) or not tokens[start].is_mark("("):
        raise Damaged(tokens[min(start, len(tokens) - 1)].start, "expected (")
    depth = 0
    for index in range(start, len(tokens)):
        depth += tokens[index].is_mark("(") - tokens[index].is_mark(")")
        if depth == 0:
            return tokens[start + 1 : index], index + 1
    raise Damaged(tokens[start].start, "( without its )")


def _split(tokens: list[Token]) -> list[list[Token]]:
    """The parts between commas outside of parentheses.

    Raises:
        Damaged: a part is empty.
    """
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += token.is_mark("(") - token.is_mark(")")
        if depth == 0 and token.is_mark(","):
            parts.append([])
        else:
            parts[-1].append(token)
    if tokens and not all(parts):
        raise Damaged(tokens[0].start, "nothing between two commas")
    return parts if tokens else []


def _type(item: list[Token]) -> str:
    """The type of a column, with its size."""
    if len(item) < 2 or item[1].kind != "word":
        raise Damaged(item[0].start, f"column {item[0].text} has no type")
    size = ""
    if len(item) > 2 and item[2].is_mark("("):
        size = "(" + "".join(token.text for token in _parentheses(item, 2)[0]) + ")"
    return item[1].text + size


def _value(cell: list[Token]) -> Value:
    token = cell[-1]
    if len(cell) > 1 and not (len(cell) == 2 and cell[0].text.startswith("_")):
        raise Damaged(cell[0].start, f"no value: {' '.join(t.text for t in cell)[:40]}")
    match token.kind:
        case "string":
            return _unescape(token.text)
        case "number":
            return float(token.text) if re.search(r"[.eE]", token.text) else int(token.text)
        case "hex":
            digits = token.text[2:]
            return bytes.fromhex(digits.zfill(len(digits) + len(digits) % 2))
        case "word" if token.is_word("NULL"):
            return None
        case "word" if token.is_word("TRUE", "FALSE"):
            return int(token.is_word("TRUE"))
    raise Damaged(token.start, f"no value: {token.text[:40]}")


def _unescape(text: str) -> str:
    quote = text[0]
    return re.sub(
        rf"\\(.)|{quote}{quote}",
        lambda found: quote if found[1] is None else _ESCAPES.get(found[1], found[1]),
        text[1:-1],
        flags=re.DOTALL,
    )


def _name(token: Token) -> str:
    return token.text[1:-1].replace("``", "`") if token.kind == "name" else token.text


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
