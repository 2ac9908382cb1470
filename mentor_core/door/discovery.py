"""Discovery: loads each plugin's entry point, and calls its hooks through pluggy.

A broken plugin does not affect others: its fault is kept as a text.
"""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pluggy

from mentor_core.door import hookspecs
from mentor_core.support.errors import PluginError, nearest
from mentor_core.support.user_code import contained, reason

__all__ = ["BrokenPlugin", "Entry", "Found", "find", "is_name", "same_distribution"]

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Entry:
    """One registered name.

    Attributes:
        name: the usable name; `DISTRIBUTION:NAME` if another distribution has the name, too.
        problem: why the entry cannot be used at all; None if its target may be loaded.
    """

    name: str
    target: str
    plugin: str
    distribution: str
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class BrokenPlugin:
    """A plugin that could not be registered, or only in part."""

    plugin: str
    distribution: str
    problem: str


@dataclass(frozen=True, slots=True)
class Found:
    """The entries of all plugins, and the broken plugins.

    Attributes:
        entries: hook → its entries, one for each name of a distribution.
    """

    entries: dict[str, list[Entry]] = field(default_factory=dict)
    broken: list[BrokenPlugin] = field(default_factory=list)


def find() -> Found:
    """Load every plugin and ask its hooks."""
    found = Found({hook: [] for hook in _hooks()})
    for point in _entry_points(found):
        _ask(point, found)
    return found


def is_name(name: Any) -> bool:
    """True if a value may be the name of a component: letters, digits, _ - and ."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def same_distribution(one: str, other: str) -> bool:
    """True if two spellings name one distribution."""
    return _canonical(one) == _canonical(other)


def _canonical(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _hooks() -> list[str]:
    return [name for name in vars(hookspecs) if name.startswith("mentor_")]


def _entry_points(found: Found) -> Iterable[importlib.metadata.EntryPoint]:
    """The entry points, sorted; a distribution whose list is unreadable counts as broken."""
    try:
        points = list(importlib.metadata.entry_points(group=hookspecs.PROJECT))
    except Exception:  # noqa: BLE001 - one unreadable file costs all of them: read one by one
        points = []
        for distribution in importlib.metadata.distributions():
            try:
                points += distribution.entry_points.select(group=hookspecs.PROJECT)
            except Exception as error:  # noqa: BLE001 - it breaks only itself
                name = str(distribution.metadata["Name"])
                found.broken.append(BrokenPlugin("entry_points.txt", name, reason(error)))
    return sorted(points, key=lambda point: (_distribution(point), point.name))


def _distribution(point: importlib.metadata.EntryPoint) -> str:
    return str(point.dist.name) if point.dist else "unknown"


def _ask(point: importlib.metadata.EntryPoint, found: Found) -> None:
    """Register one plugin's names, and note its faults."""
    distribution = _distribution(point)

    def note(problem: str) -> None:
        found.broken.append(BrokenPlugin(point.name, distribution, problem))

    try:
        with contained(lambda error: PluginError(reason(error))):
            plugin = point.load()
            implementations = list(_implementations(plugin))
    except PluginError as error:
        note(str(error))
        return
    for name, implementation in implementations:
        try:
            hook, answers = _call(point.name, name, implementation)
        except PluginError as error:
            note(str(error))
            continue
        for targets in answers:
            for problem in _register(found.entries[hook], targets, point.name, distribution):
                note(f"{hook}: {problem}")


def _implementations(plugin: Any) -> Iterator[tuple[str, Any]]:
    """The routines of a plugin that pluggy would collect, or that look like hooks."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    for name in dir(plugin):
        marked = manager.parse_hookimpl_opts(plugin, name) is not None
        if marked or (name in _hooks() and callable(getattr(plugin, name))):
            yield name, getattr(plugin, name)


def _call(plugin: str, name: str, implementation: Any) -> tuple[str, list[Any]]:
    """The hook of an implementation, and its results, called by pluggy on its own.

    Raises:
        PluginError: pluggy refuses the implementation, there is no such hook, or it raises.
    """
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    alone = SimpleNamespace(**{name: implementation})
    options = manager.parse_hookimpl_opts(alone, name)
    if options is None:
        raise PluginError(f"{name}: not registered without @hookimpl above it")
    if options.get("wrapper") or options.get("hookwrapper"):
        raise PluginError(f"{name}: a wrapper cannot be used; a plugin has names of its own only")
    hook = options.get("specname") or name
    if hook not in _hooks():
        raise PluginError(f"{name}: there is no hook {hook!r}{nearest(hook, _hooks())}")
    with contained(lambda error: PluginError(f"{name}: {reason(error)}")):
        manager.register(alone, name=plugin)
        return hook, getattr(manager.hook, hook)()


def _register(entries: list[Entry], targets: Any, plugin: str, distribution: str) -> Iterator[str]:
    """Add an implementation's targets to the hook's entries; yields the faults."""
    expected = 'must return name → "module:attribute"'
    if not isinstance(targets, Mapping):
        yield f"it {expected}, not {targets!r}"
        return
    for name, target in targets.items():
        if not is_name(name):
            yield f"the name {name!r} is none: it may have letters, digits, _ - and ."
        elif not isinstance(target, str) or not all(target.partition(":")):
            yield f"it {expected}, not {name!r}: {target!r}"
        elif any(
            e.name == name and same_distribution(e.distribution, distribution) for e in entries
        ):
            yield f"the name {name!r} is registered twice"
        else:
            entries.append(Entry(name, target, plugin, distribution))
