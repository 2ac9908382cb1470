"""Tables for the terminal, which become records on a terminal that is too narrow for them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

__all__ = ["print_table"]

_NARROW = 100
"""Below this width, in characters, a table of four columns breaks words."""
_WIDTH = 140
"""Columns of a file or a pipe, in characters."""


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str | Text]]) -> None:
    """Print a table; on a narrow terminal, print each row as a record of its own.

    Args:
        columns: their titles.
        rows: one cell a column; the first names the row.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _WIDTH
    cells = [[cell if isinstance(cell, Text) else Text(cell) for cell in row] for row in rows]
    if console.width < _NARROW:
        _print_records(console, title, columns, cells)
    else:
        table = Table(title=Text(title), title_justify="left", show_edge=False)
        for column in columns:
            table.add_column(column, overflow="fold", no_wrap=column == columns[0])
        for row in cells:
            table.add_row(*row)
        console.print(table)
    console.print()


def _print_records(
    console: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[Text]]
) -> None:
    from rich.padding import Padding
    from rich.text import Text

    console.print(Text(title, style="italic"))
    for name, *cells in rows:
        console.print(name)
        for column, cell in zip(columns[1:], cells, strict=True):
            if cell:
                console.print(Padding(Text(f"{column}: ", style="dim") + cell, (0, 0, 0, 2)))
