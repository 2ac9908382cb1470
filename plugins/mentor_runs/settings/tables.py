"""Settings before they are checked: nested tables, from TOML files and from KEY=VALUE.

Later sources win: defaults ← `--config FILE` ← flags ← `--set a.b=value`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from mentor_core.door.registry import (
    COMPOSERS,
    CREDITS,
    CRITICS,
    GATES,
    JUDGES,
    OBJECTIVES,
    PARSERS,
    PLANS,
    POLICIES,
    SAMPLERS,
    SOURCES,
    Kind,
)
from mentor_core.support.errors import ConfigError

__all__ = ["COMPONENTS", "find", "merge", "parse_setting", "placed", "read_toml"]

COMPONENTS: dict[str, Kind[Any]] = {
    "source": SOURCES,
    "sampler": SAMPLERS,
    "plan": PLANS,
    "objective": OBJECTIVES,
    "credit": CREDITS,
    "critic": CRITICS,
    "policy": POLICIES,
    "parser": PARSERS,
    "gate": GATES,
    "judge": JUDGES,
    "evaluate.policy": POLICIES,
    "reward.composer": COMPOSERS,
}
"""The keys that name one component; the options of KEY stand in KEY_options."""


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file's tables.

    Raises:
        ConfigError: the file does not exist or is not TOML; names file and line.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error


def parse_setting(text: str) -> dict[str, Any]:
    """`a.b=value` as nested tables; a value that is not TOML is a bare string.

    Raises:
        ConfigError: there is no `=`, or no key before it.
    """
    key, equals, raw = text.partition("=")
    if not equals or not all(part.strip() for part in key.split(".")):
        raise ConfigError(f"--set {text!r}: expected KEY=VALUE, such as train.steps=80")
    read: dict[str, Any] = {}
    with suppress(tomllib.TOMLDecodeError):
        read = tomllib.loads(f"value = {raw}")
    value: Any = read["value"] if len(read) == 1 else raw  # more of them: further lines
    for part in reversed(key.split(".")):
        value = {part.strip(): value}
    nested: dict[str, Any] = value
    return nested


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `over` on top, table by table."""
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(old, value) if both else value  # type: ignore[arg-type]
    return merged


def find(values: Any, keys: Sequence[str]) -> Any:
    """The value under nested keys; None if there is none."""
    for key in keys:
        values = values.get(key) if isinstance(values, Mapping) else None
    return values


def placed(values: Mapping[str, Any], keys: Sequence[str], value: Any) -> dict[str, Any]:
    """A copy of the settings with a value under nested keys; the tables of the keys must exist."""
    first, *rest = keys
    return {**values, first: placed(values[first], rest, value) if rest else value}
