"""Showing: results and tables as text of bounded length, for the policy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mentor_envs.sql.database import Result, Table

__all__ = ["cut", "render", "show_result", "show_table"]

_MOST_CHARACTERS = 4000  # of an observation
_MAX_CELL = 100  # characters of a cell


def show_result(result: Result) -> list[str]:
    """The lines of a result; see `render`."""
    lines = render(result.columns, result.rows, limit=_MOST_CHARACTERS)
    return lines if result.rows else [*lines, "(no rows)"]


def show_table(table: Table) -> str:
    """The table's name, its columns and its keys, much as CREATE TABLE has them."""
    links = {
        column.lower(): f"references {other}({key})" if key else f"references {other}"
        for column, other, key in table.links
    }
    parts = []
    for column in table.columns:
        key = "PRIMARY KEY" if table.key == (column.name,) else ""
        words = (column.name, column.type, key, links.get(column.name.lower(), ""))
        parts.append(" ".join(word for word in words if word))
    if len(table.key) > 1:
        parts.append(f"PRIMARY KEY ({', '.join(table.key)})")
    return cut(f"{table.name}({', '.join(parts)})")


def cut(text: str) -> str:
    """The text, cut to the length that an observation may have."""
    return text if len(text) <= _MOST_CHARACTERS else text[:_MOST_CHARACTERS] + "…"


def render(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, limit: int) -> list[str]:
    """Lines of a result: names of columns, then rows, with cells joined by ` | `.

    Cells of more than 100 characters are cut. The lines have at most `limit` characters in all: the
    first line that no longer fits and all later ones are left out.
    """
    lines: list[str] = []
    for row in [columns, *rows]:
        line = " | ".join(map(_cell, row))
        if len(line) > limit:
            lines += [] if lines else [line[:limit] + "…"]
            break
        limit -= len(line) + 1
        lines.append(line)
    return lines


def _cell(value: Any) -> str:
    match value:
        case None:
            return "NULL"
        case float():
            text = f"{value:.15g}"
        case bytes():
            text = f"x'{value[:_MAX_CELL].hex()}'"
        case _:
            text = " ".join(str(value)[: _MAX_CELL + 1].splitlines())
    return text if len(text) <= _MAX_CELL else text[:_MAX_CELL] + "…"
