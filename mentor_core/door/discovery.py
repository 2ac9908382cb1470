"""Discovery: loads each plugin's entry point, and calls its hooks through pluggy.

A broken plugin does not affect others: its fault is kept as a text.
"""

from __future__ import annotations

import importlib.metadata
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pluggy

from mentor_core.door.distributions import (
    BLOCK,
    Distribution,
    grouped,
    installed,
    same_distribution,
)
from mentor_core.door.hookspecs import HOOKS, PROJECT, SPECIFICATIONS
from mentor_core.support.errors import PluginError, nearest
from mentor_core.support.user_code import contained, reason

__all__ = ["BrokenPlugin", "Entry", "Found", "find", "is_name"]

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Entry:
    """One registered name.

    Attributes:
        name: the usable name; `DISTRIBUTION:NAME` if another distribution has the name, too.
        problem: why the entry cannot be used at all; None if its target may be loaded.
        seconds: time to load the target, after those before it; 0.0 if it was not loaded.
    """

    name: str
    target: str
    plugin: str
    distribution: str
    problem: str | None = None
    seconds: float = 0.0


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
    distributions: list[Distribution] = field(default_factory=list)

    def absent(self) -> Iterator[str]:
        """Why a name may be missing: the broken plugins, and the blocked distributions."""
        for one in self.broken:
            yield f"plugin {one.plugin} is broken ({one.distribution}): {one.problem}"
        for distribution in self.distributions:
            if distribution.blocked:
                yield f"the plugins of {distribution.name} are blocked (--block or {BLOCK})"


def find() -> Found:
    """Load every plugin that is not blocked, and ask its hooks."""
    found = Found({hook: [] for hook in HOOKS})
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(SPECIFICATIONS)
    found.distributions.extend(grouped(_entry_points(found)))
    for distribution in found.distributions:
        began = time.perf_counter()
        for point in () if distribution.blocked else distribution.points:
            if distribution.problem is None:
                _ask(point, distribution.name, manager, found)
            else:
                broken = BrokenPlugin(point.name, distribution.name, distribution.problem)
                found.broken.append(broken)
        distribution.seconds = time.perf_counter() - began
    return found


def is_name(name: Any) -> bool:
    """True if a value may be the name of a component: letters, digits, _ - and ."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def _entry_points(found: Found) -> Iterable[importlib.metadata.EntryPoint]:
    """The entry points; a distribution whose list is unreadable counts as broken."""
    try:
        return installed()
    except Exception:  # noqa: BLE001 - one unreadable file costs all of them: read one by one
        points: list[importlib.metadata.EntryPoint] = []
    for distribution in importlib.metadata.distributions():
        try:
            points += distribution.entry_points.select(group=PROJECT)
        except Exception as error:  # noqa: BLE001 - it breaks only itself
            name = str(distribution.metadata["Name"])
            found.broken.append(BrokenPlugin("entry_points.txt", name, reason(error)))
    return points


def _ask(
    point: importlib.metadata.EntryPoint,
    distribution: str,
    manager: pluggy.PluginManager,
    found: Found,
) -> None:
    """Register one plugin's names, and note its faults."""

    def note(problem: str) -> None:
        found.broken.append(BrokenPlugin(point.name, distribution, problem))

    try:
        with contained(lambda error: PluginError(reason(error))):
            plugin = point.load()
            implementations = list(_implementations(plugin, manager))
    except PluginError as error:
        note(str(error))
        return
    for name, implementation in implementations:
        try:
            hook, answers = _call(name, implementation, manager)
        except PluginError as error:
            note(str(error))
            continue
        for targets in answers:
            for problem in _register(found.entries[hook], targets, point.name, distribution):
                note(f"{hook}: {problem}")


def _implementations(plugin: Any, manager: pluggy.PluginManager) -> Iterator[tuple[str, Any]]:
    """The routines of a plugin that pluggy would collect, or that look like hooks."""
    for name in (name for name in dir(plugin) if not name.startswith("__")):
        marked = manager.parse_hookimpl_opts(plugin, name) is not None
        if marked or (name in HOOKS and callable(getattr(plugin, name))):
            yield name, getattr(plugin, name)


def _call(name: str, implementation: Any, manager: pluggy.PluginManager) -> tuple[str, list[Any]]:
    """The hook of an implementation, and its results, called by pluggy on its own.

    Raises:
        PluginError: pluggy refuses the implementation, there is no such hook, or it raises.
    """
    alone = SimpleNamespace(**{name: implementation})
    options = manager.parse_hookimpl_opts(alone, name)
    if options is None:
        raise PluginError(f"{name}: not registered without @hookimpl above it")
    if options.get("wrapper") or options.get("hookwrapper"):
        raise PluginError(f"{name}: a wrapper cannot be used; a plugin has names of its own only")
    hook = options.get("specname") or name
    if hook not in HOOKS:
        raise PluginError(f"{name}: there is no hook {hook!r}{nearest(hook, HOOKS)}")
    with contained(lambda error: PluginError(f"{name}: {reason(error)}")):
        return hook, getattr(manager.hook, hook).call_extra([implementation], {})


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
