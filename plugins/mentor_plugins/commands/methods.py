"""`mentor methods`: published methods that are recipes, with their sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from mentor_core.door.registry import RECIPES, entries
from mentor_core.support.errors import MentorError
from mentor_runs.command_line.json_output import json_option, print_json
from mentor_runs.command_line.tables import print_table

if TYPE_CHECKING:
    from rich.text import Text

    from mentor_runs.settings.recipes import Recipe

__all__ = ["command"]


@dataclass(frozen=True, slots=True)
class _Row:
    """A recipe of a published method, or a broken recipe with its `problem`."""

    name: str
    distribution: str
    recipe: Recipe | None
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
        print_json(methods=[_facts(row) for row in rows])
    elif markdown:
        from mentor_plugins.commands.methods_page import page

        click.echo(page([row.recipe for row in rows if row.recipe]), nl=False)
    else:
        print_table(
            "methods", ("name", "what it is", "changes", "source"), [_cells(row) for row in rows]
        )


def _rows() -> list[_Row]:
    from mentor_runs.settings.recipes import read_recipe

    rows = []
    for entry in entries(RECIPES):
        recipe, problem = None, entry.problem
        if problem is None:
            try:
                recipe = read_recipe(entry.name)
            except MentorError as error:
                problem = str(error)
        if problem or (recipe and recipe.method):
            rows.append(_Row(entry.name, entry.distribution, recipe, problem))
    return rows


def _facts(row: _Row) -> dict[str, Any]:
    facts: dict[str, Any] = {"name": row.name, "problem": row.problem}
    facts |= {"distribution": row.distribution, "description": ""}
    if row.recipe and row.recipe.method:
        facts |= {"description": row.recipe.description, **row.recipe.method.model_dump()}
    return facts


def _cells(row: _Row) -> list[str | Text]:
    from rich.text import Text

    if row.recipe is None or row.recipe.method is None:
        return [row.name, Text(f"broken: {row.problem}", "red"), "", ""]
    method = row.recipe.method
    return [row.name, row.recipe.description, ", ".join(method.axes), method.source]
