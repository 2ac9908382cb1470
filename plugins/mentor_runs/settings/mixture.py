"""Mixtures in settings: several environments in one run, with weights.

A mixture is written `calculator,webshop=0.5`. Weights are relative to each other, and 1 by default:
here two of three tasks are the calculator's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from mentor_core.support.errors import ConfigError, nearest

__all__ = [
    "carry_options",
    "format_mixture",
    "parse_mixture",
    "split_options",
    "split_weight",
]


def parse_mixture(text: str) -> dict[str, float]:
    """Environment → its weight, in the order given.

    Raises:
        ValueError: a name is empty or given twice, or a weight is not a finite number above 0.
    """
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, equals, written = split_weight(part)
        if not name:
            raise ValueError("a name is empty; expected NAME or NAME=WEIGHT, separated by commas")
        if name in weights:
            raise ValueError(f"{name!r} is given twice; expected each environment once")
        try:
            weight = float(written) if equals else 1.0
        except ValueError:
            weight = math.nan
        if not (math.isfinite(weight) and weight > 0):
            raise ValueError(
                f"the weight of {name!r} is {written!r}; expected a finite number above 0"
            )
        weights[name] = weight
    return weights


def split_weight(part: str) -> tuple[str, str, str]:
    """Name, `=` and weight of `NAME=WEIGHT`; a NAME that is a class's path may contain `=`."""
    place, colon, rest = part.rpartition(":")
    name, equals, weight = rest.partition("=")
    return f"{place}{colon}{name}".strip(), equals, weight.strip()


def format_mixture(weights: Mapping[str, float]) -> str:
    """A mixture's canonical text; `parse_mixture` of the text gives the same shares."""
    if len(weights) == 1:
        return next(iter(weights))
    return ",".join(
        name if weight == 1 else f"{name}={repr(weight).removesuffix('.0')}"
        for name, weight in weights.items()
    )


def split_options(
    environments: Iterable[str], options: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Environment → its options: all options for a single one, else the options under its name.

    Raises:
        ConfigError: there are several environments, and an option is under none of their names.
    """
    known = list(environments)
    if len(known) == 1:
        return {known[0]: dict(options)}
    for key, value in options.items():
        if key in known:
            if not isinstance(value, Mapping):
                raise ConfigError(
                    f"env_options.{key}: expected a table of options of {key!r}, not {value!r}"
                )
        elif isinstance(value, Mapping):
            raise ConfigError(
                f"env_options.{key}: {key!r} is not an environment of this run{nearest(key, known)}"
            )
        else:
            raise ConfigError(
                f"env_options.{key}: this run has several environments; write "
                f"env_options.NAME.{key}, with NAME one of {', '.join(known)}"
            )
    return {name: dict(options.get(name, {})) for name in known}


def carry_options(old: str, new: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a mixture's environments for another mixture.

    Options of remaining environments are kept, directly or under the name, as `new` needs. All
    other options are dropped.

    Raises:
        ValueError, ConfigError: as `parse_mixture` and `split_options`.
    """
    if old == new:
        return dict(options)
    known = split_options(parse_mixture(old), options)
    names = list(parse_mixture(new))
    if len(names) == 1:
        return known.get(names[0], {})
    return {name: known[name] for name in names if known.get(name)}
