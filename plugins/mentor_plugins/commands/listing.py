"""`mentor envs`, `rewards`, `recipes`, `plugins`: list entries, their sources and their faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import click

from mentor_core.door.distributions import BLOCK
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
    distributions,
    entries,
    load,
    resource,
)
from mentor_runs.command_line.json_output import console_for, json_option, print_json
from mentor_runs.command_line.tables import print_table
from mentor_toolkit.lines import print_line

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["envs", "plugins", "recipes", "rewards"]

_REQUIRED = "(required)"


@click.command(short_help="List the environments.")
@json_option
def envs(as_json: bool) -> None:
    """List the environments, their options, and from which distribution they come."""
    _show([ENVIRONMENTS], as_json)


@click.command(short_help="List reward terms, composers and presets.")
@json_option
def rewards(as_json: bool) -> None:
    """List reward terms, composers and presets with their options."""
    _show([REWARD_TERMS, COMPOSERS, PRESETS], as_json)


@click.command(short_help="List recipes of whole runs.")
@json_option
def recipes(as_json: bool) -> None:
    """List recipes: settings of a whole run, which `mentor run --recipe NAME` begins with."""
    _show([RECIPES], as_json)


@click.command(short_help="List every extension point and plugin.")
@json_option
@click.pass_context
def plugins(ctx: click.Context, as_json: bool) -> None:
    """List everything that plugins have registered, and broken entries with the reason.

    Ends with exit code 1 if something is broken.
    """
    if _show(KINDS, as_json) or broken_plugins():
        ctx.exit(1)


@dataclass(frozen=True, slots=True)
class _Row:
    """One registered name, with its options in their shown form; `problem` if broken."""

    name: str
    description: str
    options: dict[str, str]
    distribution: str
    problem: str | None


def _show(kinds: Sequence[Kind[Any]], as_json: bool) -> int:
    """Print the names of each kind, and the broken plugins; returns the number of broken names."""
    found = {_plural(kind.name): [_row(kind, entry) for entry in entries(kind)] for kind in kinds}
    if as_json:
        kinds_as_keys = {title.replace(" ", "_"): rows for title, rows in found.items()}
        print_json(
            plugins=kinds_as_keys, broken_plugins=broken_plugins(), blocked_distributions=_blocked()
        )
    else:
        _print(found)
    return sum(row.problem is not None for rows in found.values() for row in rows)


def _row(kind: Kind[Any], entry: Entry) -> _Row:
    if entry.problem:
        return _Row(entry.name, "", {}, entry.distribution, entry.problem)
    summary, options = _summary(kind, entry), _options(kind, entry)
    return _Row(entry.name, summary, options, entry.distribution, None)


def _print(found: Mapping[str, Sequence[_Row]]) -> None:
    """Print a table for each kind, and the broken plugins."""
    from rich.text import Text

    for title, rows in found.items():
        print_table(title, ("name", "what it is", "options", "from"), [_cells(row) for row in rows])
    console = console_for(False)
    for plugin in broken_plugins():
        said = f"broken plugin {plugin.plugin} ({plugin.distribution}): {plugin.problem}"
        print_line(console, Text(said, "red"))
    for distribution in _blocked():
        print_line(console, Text(f"blocked: {distribution}, by --block or {BLOCK}", "yellow"))


def _cells(row: _Row) -> list[str | Text]:
    from rich.text import Text

    broken = Text(f"broken: {row.problem}", style="red")
    options = ", ".join(
        f"{name} (required)" if default == _REQUIRED else f"{name}={default}"
        for name, default in row.options.items()
    )
    what = row.description if row.problem is None else broken
    return [row.name, what, options, row.distribution]


def _blocked() -> list[str]:
    return [distribution.name for distribution in distributions() if distribution.blocked]


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


def _options(kind: Kind[Any], entry: Entry) -> dict[str, str]:
    """Option → its default as Python writes it, or `_REQUIRED`."""
    if kind in (PRESETS, RECIPES, STUDENTS):
        return {}
    target: Any = load(kind, entry.name)
    fields = getattr(getattr(target, "Options", target), "model_fields", {})
    return {
        name: _REQUIRED
        if field.is_required()
        else _shown(field.get_default(call_default_factory=True))
        for name, field in fields.items()
    }


def _shown(value: Any) -> str:
    return repr(str(value) if isinstance(value, PurePath) else value)


def _plural(noun: str) -> str:
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
