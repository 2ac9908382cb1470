"""Paths in settings: relative to the place of the setting, and absolute from then on.

A path in a file of settings is relative to the file's directory, and a path on the command line to
the working directory. The types of options show which settings are paths: `Path`, and `str` marked
with `NamesCode` or `Command`.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, get_args

from pydantic.fields import FieldInfo

from mentor_core.contracts.component import Command, NamesCode
from mentor_core.door.registry import ENVIRONMENTS, REWARD_TERMS, Kind, load
from mentor_core.support.errors import MentorError
from mentor_runs.settings.mixture import parse_mixture
from mentor_runs.settings.model_names import is_embedded, looks_local
from mentor_runs.settings.tables import COMPONENTS, find, placed

__all__ = ["anchored", "change_code"]

_FILE = re.compile(r"(?P<file>.+\.py)(?P<name>:[\w.]+)?")
Change = Callable[[str], str]


def anchored(
    values: Mapping[str, Any], folder: Path, chosen: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The settings with absolute paths.

    Args:
        values: nested settings; wrong ones are left to the validation.
        folder: base of relative paths.
        chosen: settings of other origins, which name the owners of options if `values` do not.
    """

    def absolute(path: str) -> str:
        return os.path.abspath(folder / Path(path).expanduser())  # noqa: PTH100 - keeps links

    def reference(text: str) -> str:
        if found := _FILE.fullmatch(text):
            return absolute(found["file"]) + (found["name"] or "")
        module, colon, name = text.partition(":")
        file = folder / f"{module}.py"
        return f"{file.absolute()}{colon}{name}" if file.is_file() else text

    def word(text: str) -> str:
        a_file = ("." in text or "/" in text) and (folder / Path(text).expanduser()).is_file()
        return absolute(text) if a_file else text

    def command(text: str) -> str:
        if word(text) != text or len(words := text.split(" ")) == 1:
            return word(text)
        return " ".join(shlex.quote(word(w)) if word(w) != w else w for w in words)

    found = _changed(values, chosen or {}, _Changes(absolute, reference, command))
    model = found.get("model")
    if isinstance(model, str) and model.strip() and not is_embedded(model):
        path = folder / Path(model).expanduser()
        if path.exists() or (looks_local(model) and folder != Path.cwd()):
            found["model"] = absolute(model)
    return found


def change_code(values: Mapping[str, Any], change: Callable[[Path], str]) -> dict[str, Any]:
    """The settings with other files in place of files of a user's code.

    Args:
        change: a function from each file to its new text.
    """

    def reference(text: str) -> str:
        found = _FILE.fullmatch(text)
        return change(Path(found["file"])) + (found["name"] or "") if found else text

    return _changed(values, {}, _Changes(str, reference, str))


class _Changes(NamedTuple):
    """Changes of a path, of a reference to code, and of a command."""

    path: Change
    code: Change
    command: Change

    def of(self, field: FieldInfo, given: Mapping[str, Any]) -> Change:
        """The change for an option, given the other options."""
        parts = [*_parts(field.annotation), *field.metadata]
        if any(isinstance(part, NamesCode) for part in parts):
            return self.code
        for part in parts:
            if isinstance(part, Command):
                return str if given.get(part.unless) else self.command
        if any(isinstance(part, type) and issubclass(part, Path) for part in parts):
            return lambda text: text if text in parts else self.path(text)  # a literal beside it
        return str


def _changed(
    values: Mapping[str, Any], chosen: Mapping[str, Any], changes: _Changes
) -> dict[str, Any]:
    """Settings with their paths and references to code changed."""
    found: dict[str, Any] = dict(values)
    for keys, fields in _options(values, chosen):
        given = find(values, keys)
        changed = {
            key: _map(value, changes.of(fields[key], given)) if key in fields else value
            for key, value in given.items()
        }
        found = placed(found, keys, changed)
    return found


def _options(
    values: Mapping[str, Any], chosen: Mapping[str, Any]
) -> Iterator[tuple[list[str], Mapping[str, FieldInfo]]]:
    """The places of options in settings, and the fields of their classes."""

    def name_of(key: str, default: str = "") -> str:
        own, other = (find(given, key.split(".")) for given in (values, chosen))
        return str(own or other or default)

    environments: list[str] = []
    with suppress(ValueError):
        environments = list(parse_mixture(name_of("env", "calculator")))
    alone = len(environments) == 1
    places: list[tuple[Kind[Any], str, list[str]]] = [
        (ENVIRONMENTS, name, ["env_options"] if alone else ["env_options", name])
        for name in environments
    ]
    places += [
        (kind, name_of(key, "expert" if key == "source" else ""), f"{key}_options".split("."))
        for key, kind in COMPONENTS.items()
    ]
    terms = find(values, ["reward", "term_options"])
    for name in terms if isinstance(terms, Mapping) else ():
        places.append((REWARD_TERMS, name, ["reward", "term_options", name]))
    for kind, name, keys in places:
        given = find(values, keys)
        if isinstance(given, Mapping) and given and name:
            with suppress(MentorError):  # reported on use
                loaded: Any = load(kind, _class_of(values, chosen, name))
                options = getattr(loaded, "Options", loaded)
                yield keys, getattr(options, "model_fields", {})


def _class_of(values: Mapping[str, Any], chosen: Mapping[str, Any], name: str) -> str:
    """The class or name that a run's name of an environment or a term stands for."""
    for given in (values, chosen):
        for table in (["env_classes"], ["reward", "term_classes"]):
            found = find(given, [*table, name])
            if isinstance(found, str):
                return found
    return name


def _parts(annotation: Any) -> Iterator[Any]:
    """A type and all its parts, values of literals and marks among them."""
    yield annotation
    yield from getattr(annotation, "__metadata__", ())
    for part in get_args(annotation):
        yield from _parts(part)


def _map(value: Any, change: Change) -> Any:
    match value:
        case str() | Path():
            return change(str(value))
        case list() | tuple():
            return [_map(item, change) for item in value]
        case dict():
            return {key: _map(item, change) for key, item in value.items()}
    return value
