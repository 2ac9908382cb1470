"""Paths in settings: relative to where they are written, and absolute from then on.

A path in a file of settings is relative to the file's directory, one on the command line to the
working directory. Which settings are paths is seen from the options' types: `Path`, and `str` that
is marked with `NamesCode`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

from pydantic.fields import FieldInfo

from mentor_core.component import NamesCode
from mentor_core.errors import MentorError
from mentor_core.mixture import parse_mixture
from mentor_core.models import is_embedded, looks_local
from mentor_core.registry import (
    COMPOSERS,
    CREDITS,
    ENVIRONMENTS,
    POLICIES,
    REWARD_TERMS,
    SAMPLERS,
    SOURCES,
    Kind,
    load,
)

__all__ = ["anchored", "change_code"]

_FILE = re.compile(r"(?P<file>.+\.py)(?P<name>:[\w.]+)?")
_COMPONENTS: tuple[tuple[Kind[Any], str], ...] = (
    (SOURCES, "source"),
    (SAMPLERS, "sampler"),
    (CREDITS, "credit"),
    (POLICIES, "policy"),
    (POLICIES, "evaluate.policy"),
    (COMPOSERS, "reward.composer"),
)

Change = Callable[[str], str]


def anchored(
    values: Mapping[str, Any], folder: Path, chosen: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The same settings with absolute paths.

    Args:
        values: nested settings; what is wrong with them is left to their validation.
        folder: what relative paths are relative to.
        chosen: settings of other origins, which say whose options these are where `values` do not.
    """

    def absolute(path: str) -> str:
        return os.path.abspath(folder / Path(path).expanduser())  # noqa: PTH100 - keeps links

    def reference(text: str) -> str:
        if found := _FILE.fullmatch(text):
            return absolute(found["file"]) + (found["name"] or "")
        module, colon, name = text.partition(":")
        file = folder / f"{module}.py"
        return f"{file.absolute()}{colon}{name}" if file.is_file() else text

    found = _changed(values, chosen or {}, absolute, reference)
    model = found.get("model")
    if isinstance(model, str) and not is_embedded(model):
        path = folder / Path(model).expanduser()
        if path.exists() or (looks_local(model) and folder != Path.cwd()):
            found["model"] = absolute(model)
    return found


def change_code(values: Mapping[str, Any], change: Callable[[Path], str]) -> dict[str, Any]:
    """The same settings, with other files in the place of those of a user's code.

    Args:
        change: is given each file, and gives what to write for it.
    """

    def reference(text: str) -> str:
        found = _FILE.fullmatch(text)
        return change(Path(found["file"])) + (found["name"] or "") if found else text

    return _changed(values, {}, lambda path: path, reference)


def _changed(
    values: Mapping[str, Any], chosen: Mapping[str, Any], path: Change, code: Change
) -> dict[str, Any]:
    """Settings with their paths and references to code changed."""
    found: dict[str, Any] = dict(values)
    for keys, fields in _options(values, chosen):
        given = _get(values, keys)
        changed = {
            key: _map(value, _how(fields[key], path, code)) if key in fields else value
            for key, value in given.items()
        }
        found = _put(found, keys, changed)
    return found


def _options(
    values: Mapping[str, Any], chosen: Mapping[str, Any]
) -> Iterator[tuple[list[str], Mapping[str, FieldInfo]]]:
    """Where options stand in settings, and the fields that they are given for."""

    def name_of(key: str, default: str = "") -> str:
        own, other = (_get(given, key.split(".")) for given in (values, chosen))
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
        for kind, key in _COMPONENTS
    ]
    terms = _get(values, ["reward", "term_options"])
    for name in terms if isinstance(terms, Mapping) else ():
        places.append((REWARD_TERMS, name, ["reward", "term_options", name]))
    for kind, name, keys in places:
        given = _get(values, keys)
        if isinstance(given, Mapping) and given and name:
            with suppress(MentorError):  # told where it is used
                loaded: Any = load(kind, _class_of(values, chosen, name))
                options = getattr(loaded, "Options", loaded)
                yield keys, getattr(options, "model_fields", {})


def _class_of(values: Mapping[str, Any], chosen: Mapping[str, Any], name: str) -> str:
    """What a run's name of an environment or a term stands for."""
    for given in (values, chosen):
        for table in (["env_classes"], ["reward", "term_classes"]):
            found = _get(given, [*table, name])
            if isinstance(found, str):
                return found
    return name


def _how(field: FieldInfo, path: Change, code: Change) -> Change:
    parts = [*_parts(field.annotation), *field.metadata]
    if any(isinstance(part, NamesCode) for part in parts):
        return code
    if not any(isinstance(part, type) and issubclass(part, Path) for part in parts):
        return lambda text: text
    return lambda text: text if text in parts else path(text)  # a literal beside the path


def _parts(annotation: Any) -> Iterator[Any]:
    """A type and all that it is made of, values of literals and marks among them."""
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


def _get(values: Any, keys: list[str]) -> Any:
    for key in keys:
        values = values.get(key) if isinstance(values, Mapping) else None
    return values


def _put(values: Mapping[str, Any], keys: list[str], value: Any) -> dict[str, Any]:
    first, *rest = keys
    return {**values, first: _put(values[first], rest, value) if rest else value}
