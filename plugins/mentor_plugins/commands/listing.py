"""`mentor envs`, `rewards`, `recipes`, `plugins`: list entries, their sources and their faults."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import click

from mentor_core.door.registry import (
    COMPOSERS,
    ENVIRONMENTS,
    KINDS,
    PRESETS,
    RECIPES,
    REWARD_TERMS,
    STUDENTS,
    Entry,
    Kind,
    broken_plugins,
    entries,
    load,
    resource,
)

__all__ = ["envs", "plugins", "recipes", "rewards"]


@click.command(short_help="List the environments.")
def envs() -> None:
    """List the environments, their options, and from which distribution they come."""
    _print([ENVIRONMENTS])


@click.command(short_help="List reward terms, composers and presets.")
def rewards() -> None:
    """List reward terms, composers and presets with their options."""
    _print([REWARD_TERMS, COMPOSERS, PRESETS])


@click.command(short_help="List recipes of whole runs.")
def recipes() -> None:
    """List recipes: settings of a whole run, which `mentor run --recipe NAME` begins with."""
    _print([RECIPES])


@click.command(short_help="List every extension point and plugin.")
@click.pass_context
def plugins(ctx: click.Context) -> None:
    """List everything that plugins have registered, and broken entries with the reason.

    Ends with exit code 1 if something is broken.
    """
    if _print(KINDS) or broken_plugins():
        ctx.exit(1)


def _print(kinds: Sequence[Kind[Any]]) -> int:
    """Print a table for each kind, and the broken plugins; returns the number of broken entries."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = 140
    broken = 0
    for kind in kinds:
        table = Table(title=_plural(kind.name), title_justify="left", show_edge=False)
        for column in ("name", "what it is", "options", "from"):
            table.add_column(column, overflow="fold")
        for entry in entries(kind):
            if entry.problem:
                broken += 1
                what, options = Text(f"broken: {entry.problem}", style="red"), ""
            else:
                what, options = Text(_summary(kind, entry)), _options(kind, entry)
            table.add_row(entry.name, what, Text(options), entry.distribution)
        console.print(table)
        console.print()
    for plugin in broken_plugins():
        console.print(
            Text(f"broken plugin {plugin.plugin} ({plugin.distribution}): {plugin.problem}", "red")
        )
    return broken


def _summary(kind: Kind[Any], entry: Entry) -> str:
    """The first line of the docstring, or the description of a preset or recipe."""
    if kind in (PRESETS, RECIPES):
        import tomllib

        return str(tomllib.loads(resource(kind, entry.name)).get("description", ""))
    if kind is STUDENTS:
        return f"of the environment {entry.name.rpartition(':')[2]}, in {entry.target}"
    target: Any = load(kind, entry.name)
    text = getattr(target, "help", None) or target.__doc__ or ""
    return str(text).strip().partition("\n")[0]


def _options(kind: Kind[Any], entry: Entry) -> str:
    """The options with their defaults."""
    if kind in (PRESETS, RECIPES, STUDENTS):
        return ""
    target: Any = load(kind, entry.name)
    fields = getattr(getattr(target, "Options", target), "model_fields", {})
    return ", ".join(
        f"{name} (required)"
        if field.is_required()
        else f"{name}={_shown(field.get_default(call_default_factory=True))}"
        for name, field in fields.items()
    )


def _shown(value: Any) -> str:
    return repr(str(value) if isinstance(value, PurePath) else value)


def _plural(noun: str) -> str:
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
