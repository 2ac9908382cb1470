"""Distributions: the installed packages that have plugins, and why one of them is not loaded."""

from __future__ import annotations

import importlib.metadata
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from mentor_core.door.hookspecs import PROJECT
from mentor_core.support.errors import ConfigError, nearest

__all__ = ["BLOCK", "Distribution", "block", "grouped", "installed", "same_distribution"]

BLOCK = "MENTOR_BLOCK_PLUGINS"
"""Environment variable with distributions that are not loaded, separated by commas."""

_CORE = "mentor-core"
_FACT = re.compile(r"^(Name|Version|Requires-Dist): *(.+)$", re.MULTILINE)


@dataclass(slots=True)
class Distribution:
    """An installed distribution with entry points of plugins.

    Attributes:
        points: its entry points, sorted by name.
        blocked: true if the user does not want its plugins.
        problem: why this mentor cannot load its plugins; None if there is no reason.
        seconds: time to import the entry points and to call their hooks.
    """

    name: str
    version: str = "unknown"
    points: list[importlib.metadata.EntryPoint] = field(default_factory=list)
    blocked: bool = False
    problem: str | None = None
    seconds: float = 0.0


def installed() -> list[importlib.metadata.EntryPoint]:
    """The entry points of all plugins."""
    return list(importlib.metadata.entry_points(group=PROJECT))


def grouped(points: Iterable[importlib.metadata.EntryPoint]) -> list[Distribution]:
    """The distributions of entry points, sorted by name."""
    found: dict[str, Distribution] = {}
    for point in sorted(points, key=lambda point: point.name):
        one = _described(point.dist)
        found.setdefault(one.name, one).points.append(point)
    return [found[name] for name in sorted(found)]


def block(names: Iterable[str]) -> None:
    """Do not load the plugins of these distributions, here and in processes that start from here.

    Raises:
        ConfigError: a name, also one of the environment variable, is that of no distribution with
            plugins, or of the distribution that has mentor's own.
    """
    wanted = [*_blocked(), *names]
    if wanted:
        known = {_canonical(one.name): one.name for one in grouped(installed())}
        known.pop(_CORE, None)
        for name in wanted:
            if _canonical(name) == _CORE:
                raise ConfigError(f"{name} has mentor's commands, and cannot be blocked")
            if _canonical(name) not in known:
                near = nearest(name, known.values())
                raise ConfigError(f"--block or {BLOCK}: no plugins come from {name!r}{near}")
        os.environ[BLOCK] = ",".join(wanted)


def same_distribution(one: str, other: str) -> bool:
    """True if two spellings name one distribution."""
    return _canonical(one) == _canonical(other)


def _canonical(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _blocked() -> list[str]:
    return [name.strip() for name in os.environ.get(BLOCK, "").split(",") if name.strip()]


def _described(found: importlib.metadata.Distribution | None) -> Distribution:
    """A distribution without its entry points; `email` would read the whole description, slowly."""
    text = found and (found.read_text("METADATA") or found.read_text("PKG-INFO"))
    facts = _FACT.findall((text or "").partition("\n\n")[0])
    named = dict(facts)
    name = named.get("Name", "unknown")
    needs = [value for key, value in facts if key == "Requires-Dist"]
    problem = next(filter(None, map(_unmet, needs)), None)
    blocked = any(same_distribution(name, other) for other in _blocked())
    return Distribution(name, named.get("Version", "unknown"), [], blocked, problem)


@cache
def _unmet(requirement: str) -> str | None:
    """Why this mentor does not meet a requirement; None if it does, or another package should."""
    if not re.match(r"mentor[-_.]core\b(?![-_.]*\w).*[<>=~!]", requirement, re.IGNORECASE):
        return None
    from mentor_core import __version__

    simple = re.fullmatch(r"[\w.-]+ *>= *([\d.]+)", requirement)
    if simple and re.fullmatch(r"[\d.]+", __version__):  # packaging takes 15 ms to import
        least, own = ([int(n) for n in text.split(".") if n] for text in (simple[1], __version__))
        if least <= own:
            return None
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        parsed = Requirement(requirement)
    except InvalidRequirement as error:
        return f"its requirement {requirement!r} cannot be read: {str(error).splitlines()[0]}"
    applies = parsed.marker is None or parsed.marker.evaluate({"extra": ""})
    if not applies or parsed.specifier.contains(__version__, prereleases=True):
        return None
    return f"made for {_CORE}{parsed.specifier}; {_CORE} {__version__} is installed"
