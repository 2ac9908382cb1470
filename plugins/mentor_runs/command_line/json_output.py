"""`--json`: a command prints one JSON object to stdout, and everything else to stderr."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["console_for", "json_option", "print_json"]

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object to stdout, and nothing else."
)
"""The option of every command that lists or measures; passes `as_json` to the command."""

_VERSION = 1


def print_json(**values: Any) -> None:
    """Print one JSON object with these fields, after its `schema_version`.

    Args:
        **values: JSON values and dataclasses. NaN and infinity become null, and any other object
            becomes its text.
    """
    found = {"schema_version": _VERSION, **values}
    click.echo(json.dumps(_plain(found), indent=2, allow_nan=False))


def console_for(as_json: bool) -> Console:
    """The console for tables, notes and progress: stderr if stdout is for JSON."""
    from rich.console import Console

    return Console(stderr=as_json)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | int | bool) else str(value)
