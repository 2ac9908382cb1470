"""`mentor methods`: published methods that are recipes, with their sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from mentor_core.door.registry import RECIPES, entries
from mentor_core.support.errors import MentorError
from mentor_runs.command_line.json_output import json_option, print_json
from mentor_runs.command_line.tables import print_table

if TYPE_CHECKING:
    from rich.text import Text

    from mentor_runs.settings.recipes import Method, Recipe

__all__ = ["command"]


@dataclass(frozen=True, slots=True)
class _Row:
    """A recipe with a method; `problem` if its file is broken."""

    name: str
    description: str
    method: Method | None
    distribution: str
    problem: str | None = None


@click.command("methods", short_help="List published methods and their sources.")
@click.option("--markdown", is_flag=True, help="Print the page docs/methods.md.")
@json_option
def command(markdown: bool, as_json: bool) -> None:
    """List the published methods that a run can use, with their sources.

    A method is a recipe, so `mentor run --recipe NAME` uses the method NAME.
    """
    rows = _rows()
    if as_json:
        found = [
            {"name": row.name, "description": row.description, "problem": row.problem}
            | {"distribution": row.distribution}
            | (row.method.model_dump() if row.method else {})
            for row in rows
        ]
        print_json(methods=found)
    elif markdown:
        from mentor_plugins.commands.methods_page import page
        from mentor_runs.settings.recipes import read_recipe

        click.echo(page([read_recipe(row.name) for row in rows if row.method]), nl=False)
    else:
        _print(rows)


def _rows() -> list[_Row]:
    rows = []
    for entry in entries(RECIPES):
        found = _read(entry.name) if entry.problem is None else entry.problem
        if isinstance(found, str):
            rows.append(_Row(entry.name, "", None, entry.distribution, found))
        elif found.method is not None:
            rows.append(_Row(entry.name, found.description, found.method, entry.distribution))
    return rows


def _read(name: str) -> Recipe | str:
    from mentor_runs.settings.recipes import read_recipe

    try:
        return read_recipe(name)
    except MentorError as error:
        return str(error)


def _print(rows: list[_Row]) -> None:
    from rich.text import Text

    cells: list[list[str | Text]] = []
    for row in rows:
        if row.method is None:
            cells.append([row.name, Text(f"broken: {row.problem}", "red"), "", ""])
        else:
            axes = ", ".join(row.method.axes)
            cells.append([row.name, row.description, axes, row.method.source])
    print_table("methods", ("name", "what it is", "changes", "source"), cells)
