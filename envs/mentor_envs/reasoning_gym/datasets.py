"""Datasets of reasoning_gym, made from options, and harder ones from its curricula."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from importlib import import_module
from types import ModuleType
from typing import Any

from mentor_core.support.errors import ConfigError, nearest
from mentor_toolkit.extras import require

__all__ = ["harder", "make_dataset"]

_OWN = {"seed", "size"}  # the environment's to decide


def make_dataset(name: str, options: Mapping[str, Any], seed: int, size: int) -> Any:
    """A dataset: `len`, items by index, and `score_answer`.

    Raises:
        ConfigError: reasoning_gym is not installed, or there is no such dataset or option, or an
            option's value is refused.
    """
    factory = _factory()
    config = _config_class(name)
    known = [field.name for field in fields(config) if field.name not in _OWN]
    for key in options:
        if key not in known:
            raise ConfigError(f"dataset {name!r}: unknown option {key!r}{nearest(key, known)}")
    try:
        return factory.create_dataset(name, **_converted(name, options), seed=seed, size=size)
    except Exception as error:  # each dataset checks its options in its own way: passed on, named
        raise ConfigError(f"dataset {name!r}: {type(error).__name__}: {error}") from error


def harder(name: str, options: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Part of the curriculum → options of the same dataset, one level above `options` in this part.

    The first options begin at the end of `options`, the second ones only reach further. A dataset
    may refuse the first ones, or both. All other entries of `options` stay. Parts without a level
    above are left out; a dataset without a curriculum has no parts.

    Raises:
        ConfigError: there is no such dataset.
    """
    factory, config = _factory(), _config_class(name)
    if not factory.has_curriculum(name):
        return {}
    given = asdict(config(**_converted(name, options)))
    found: dict[str, list[dict[str, Any]]] = {}
    for part, attribute in factory.create_curriculum(name).attributes.items():
        is_range = hasattr(attribute, "upper_field_name")
        field = attribute.upper_field_name if is_range else attribute.field_name
        above = [level for level in attribute.levels if _above(level, given[field])]
        if above:
            reach = {**options, field: above[0]}
            begin = {attribute.lower_field_name: given[field]} if is_range else {}
            found[part] = [reach | begin, reach]
    return found


def _above(level: Any, value: Any) -> bool:
    is_number = all(isinstance(x, int | float) for x in (level, value))
    return bool(is_number and level > value)


def _converted(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with objects that TOML cannot write: the parts of a composite dataset."""
    if name != "composite" or "datasets" not in options:
        return dict(options)
    from reasoning_gym.composite import DatasetSpec

    parts = [{"weight": 1.0, "config": {}, **part} for part in options["datasets"]]
    return {**options, "datasets": [DatasetSpec(**part) for part in parts]}


def _config_class(name: str) -> Any:
    known = _factory().DATASETS
    if name not in known:
        raise ConfigError(f"reasoning_gym has no dataset {name!r}{nearest(name, known)}")
    return known[name][1]


def _factory() -> ModuleType:
    require("environment 'reasoning_gym'", "reasoning-gym", "reasoning_gym")
    return import_module("reasoning_gym.factory")
