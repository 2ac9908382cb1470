"""What mentor says about itself: registered parts with their options, commands, and settings."""

from __future__ import annotations

import inspect
import tomllib
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Literal, Union, get_args, get_origin

import annotated_types
import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from mentor_core.door.registry import (
    COMMANDS,
    PRESETS,
    RECIPES,
    STUDENTS,
    Entry,
    Kind,
    directory,
    entries,
    load,
    names,
    resource,
)

__all__ = ["ROOT", "Option", "Part", "commands", "docstring", "parts", "settings"]

ROOT = Path(__file__).parents[3]
"""The repository."""

_SIGNS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a part, or a setting of a run; `default` and `type` as a reader writes them."""

    name: str
    type: str
    default: str
    description: str


@dataclass(frozen=True, slots=True)
class Part:
    """A registered name.

    Attributes:
        description: Markdown; empty if the part says nothing about itself.
        place: path of the source, relative to the repository; of other distributions the target.
    """

    name: str
    description: str
    options: tuple[Option, ...]
    place: str


def parts(kind: Kind[Any]) -> list[Part]:
    """The registered parts of a kind that is no command, by name; broken ones are left out."""
    return [_part(kind, entry) for entry in entries(kind) if entry.problem is None]


def _part(kind: Kind[Any], entry: Entry) -> Part:
    if kind is STUDENTS:
        said = f"The embedded student of the environment `{entry.name}`."
        return Part(entry.name, said, (), _relative(directory(kind, entry.name), entry))
    if kind in (PRESETS, RECIPES):
        text = resource(kind, entry.name)
        said = str(tomllib.loads(text).get("description", ""))
        module, _, file = entry.target.partition(":")
        return Part(entry.name, _with_toml(said, text), (), f"`{file}` in `{module}`")
    target: Any = load(kind, entry.name)
    fields = getattr(getattr(target, "Options", target), "model_fields", {})
    options = tuple(_option(name, field) for name, field in fields.items())
    source = Path(inspect.getsourcefile(target) or entry.target)
    return Part(entry.name, docstring(target), options, _relative(source, entry))


def _with_toml(said: str, text: str) -> str:
    return said and f"{said}\n\n```toml\n{text.strip()}\n```"


def _relative(path: Path, entry: Entry) -> str:
    inside = path.is_relative_to(ROOT)
    return f"`{path.relative_to(ROOT).as_posix() if inside else entry.target}`"


def docstring(target: Any) -> str:
    """The docstring of an object itself, and not that of its base; empty if it has none."""
    own = vars(target).get("__doc__") if isinstance(target, type) else target.__doc__
    return inspect.cleandoc(own or "")


def settings(section: type[BaseModel], before: str = "") -> Iterator[Option]:
    """The settings of a section and of the sections in it, each with its whole key."""
    for name, field in section.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from settings(inner, f"{before}{name}.")
        else:
            yield _option(f"{before}{name}", field)


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command that is not hidden, by the words that call it, such as `teacher ls`."""
    for name in names(COMMANDS):
        yield from _commands(name, load(COMMANDS, name))  # type: ignore[arg-type]


def _commands(words: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if not command.hidden:
        yield words, command
        if isinstance(command, click.Group):
            for name in sorted(command.commands):
                yield from _commands(f"{words} {name}", command.commands[name])


def _option(name: str, field: FieldInfo) -> Option:
    default = "required" if field.is_required() else _shown(field)
    return Option(name, _type(field), default, field.description or "")


def _shown(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "not set"
    return f"`{str(value) if isinstance(value, PurePath) else _toml(value)}`"


def _toml(value: Any) -> str:
    """As `--set` and a file of settings take the value."""
    if isinstance(value, bool):
        return str(value).lower()
    return '""' if value == "" else str(value).replace("'", '"')


def _type(field: FieldInfo) -> str:
    limits = [
        f"{sign} {getattr(limit, name)}"
        for limit in field.metadata
        for name, sign in _SIGNS.items()
        if isinstance(limit, annotated_types.BaseMetadata) and hasattr(limit, name)
    ]
    return ", ".join([_written(field.annotation), *limits])


def _written(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(_written(one) for one in arguments if one is not type(None))
    if origin in (list, tuple) and arguments:
        return f"list of {_written(arguments[0])}"
    if origin is dict:
        return f"table of {_written(arguments[1])}"
    if hasattr(annotation, "__metadata__"):  # Annotated
        return _written(annotation.__origin__)
    words = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    words |= {Any: "any value", dict: "table", Path: "path"}
    return words.get(annotation, getattr(annotation, "__name__", "any value"))
