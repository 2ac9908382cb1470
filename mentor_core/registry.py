"""Registry: finds what plugins registered, by kind and name, and loads it when it is used."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.resources
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pluggy
from pydantic import BaseModel, ValidationError

from mentor_core import hookspecs
from mentor_core.component import explain_options
from mentor_core.errors import ConfigError, PluginError, UnknownName, nearest

if TYPE_CHECKING:
    import click

    from mentor_core.credit import Credit
    from mentor_core.env import ActionGate, ToolEnv
    from mentor_core.parsing import CallParser
    from mentor_core.policy import Policy
    from mentor_core.reward import Composer, RewardTerm
    from mentor_core.sampler import TaskSampler
    from mentor_core.source import TrajectorySource
    from mentor_core.tracker import Tracker
    from mentor_core.trainer import Trainer

__all__ = [
    "COMMANDS",
    "COMPOSERS",
    "CREDITS",
    "ENVIRONMENTS",
    "GATES",
    "KINDS",
    "PARSERS",
    "POLICIES",
    "PRESETS",
    "REWARD_TERMS",
    "SAMPLERS",
    "SOURCES",
    "TRACKERS",
    "TRAINERS",
    "BrokenPlugin",
    "Entry",
    "Kind",
    "broken_plugins",
    "build",
    "create",
    "entries",
    "load",
    "names",
    "resource",
    "targets",
]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Kind(Generic[T_co]):
    """One extension point: what it is called, its hook, and the class that targets extend."""

    name: str
    hook: str
    contract: str | None = None


ENVIRONMENTS: Kind[ToolEnv] = Kind("environment", "mentor_environments", "mentor_core.env:ToolEnv")
REWARD_TERMS: Kind[RewardTerm] = Kind(
    "reward term", "mentor_reward_terms", "mentor_core.reward:RewardTerm"
)
COMPOSERS: Kind[Composer] = Kind("composer", "mentor_composers", "mentor_core.reward:Composer")
CREDITS: Kind[Credit] = Kind("credit", "mentor_credits", "mentor_core.credit:Credit")
POLICIES: Kind[Policy] = Kind("policy", "mentor_policies", "mentor_core.policy:Policy")
PARSERS: Kind[CallParser] = Kind("parser", "mentor_parsers", "mentor_core.parsing:CallParser")
SAMPLERS: Kind[TaskSampler] = Kind("sampler", "mentor_samplers", "mentor_core.sampler:TaskSampler")
SOURCES: Kind[TrajectorySource] = Kind(
    "source", "mentor_sources", "mentor_core.source:TrajectorySource"
)
GATES: Kind[ActionGate] = Kind("gate", "mentor_gates", "mentor_core.env:ActionGate")
TRACKERS: Kind[Tracker] = Kind("tracker", "mentor_trackers", "mentor_core.tracker:Tracker")
TRAINERS: Kind[Trainer] = Kind("trainer", "mentor_trainers", "mentor_core.trainer:Trainer")
PRESETS: Kind[Any] = Kind("preset", "mentor_presets")
COMMANDS: Kind[click.Command] = Kind("command", "mentor_commands")

KINDS: tuple[Kind[Any], ...] = (
    ENVIRONMENTS,
    REWARD_TERMS,
    COMPOSERS,
    CREDITS,
    POLICIES,
    PARSERS,
    SAMPLERS,
    SOURCES,
    GATES,
    TRACKERS,
    TRAINERS,
    PRESETS,
    COMMANDS,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One registered name.

    Attributes:
        problem: why it cannot be used at all; None where its target may be loaded.
    """

    name: str
    target: str
    plugin: str
    distribution: str
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class BrokenPlugin:
    """A plugin that could not be loaded, or one of whose hooks raised."""

    plugin: str
    distribution: str
    problem: str


@dataclass(frozen=True, slots=True)
class _Found:
    entries: dict[str, dict[str, Entry]]  # hook → name → entry
    duplicates: dict[str, list[Entry]]  # hook → entries whose name was taken
    broken: list[BrokenPlugin]


@cache
def _find() -> _Found:
    """Load every plugin once and ask all its hooks."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    found = _Found({k.hook: {} for k in KINDS}, {k.hook: [] for k in KINDS}, [])
    for point in _entry_points():
        distribution = point.dist.name if point.dist else "unknown"
        try:
            module = point.load()
            manager.register(module, name=f"{distribution}:{point.name}")
            manager.check_pending()
        except Exception as error:  # noqa: BLE001 - whatever a plugin does wrong, the others stay usable
            manager.set_blocked(f"{distribution}:{point.name}")
            problem = f"{type(error).__name__}: {error}"
            found.broken.append(BrokenPlugin(point.name, distribution, problem))
            continue
        for kind in KINDS:
            hook: Callable[[], Any] | None = getattr(module, kind.hook, None)
            if hook is not None:
                _collect(found, kind, hook, point.name, distribution)
    return found


def _entry_points() -> list[importlib.metadata.EntryPoint]:
    """mentor's own plugins first, so that no other can take their names."""
    points = importlib.metadata.entry_points(group=hookspecs.PROJECT)
    own = "mentor-core"
    return sorted(points, key=lambda p: (p.dist is None or p.dist.name != own, p.name))


def _collect(
    found: _Found, kind: Kind[Any], hook: Callable[[], Any], plugin: str, distribution: str
) -> None:
    try:
        targets = hook()
        if not isinstance(targets, Mapping) or not all(
            isinstance(target, str) and ":" in target for target in targets.values()
        ):
            raise TypeError(f'{kind.hook} must return name → "module:attribute", got {targets!r}')
    except Exception as error:  # noqa: BLE001 - whatever a plugin does wrong, the others stay usable
        problem = f"{type(error).__name__}: {error}"
        found.broken.append(BrokenPlugin(plugin, distribution, problem))
        return
    for name, target in targets.items():
        taken = found.entries[kind.hook].get(name)
        if taken is None:
            found.entries[kind.hook][name] = Entry(name, target, plugin, distribution)
        else:
            problem = f"the name is taken by {taken.distribution}"
            found.duplicates[kind.hook].append(Entry(name, target, plugin, distribution, problem))


def names(kind: Kind[Any]) -> list[str]:
    """The registered names, sorted."""
    return sorted(_find().entries[kind.hook])


def targets(kind: Kind[Any]) -> dict[str, str]:
    """Name → target, nothing loaded."""
    return {name: _find().entries[kind.hook][name].target for name in names(kind)}


def entries(kind: Kind[Any]) -> list[Entry]:
    """All entries of a kind, sorted by name; those that cannot be loaded say why.

    Loads every target of the kind, so that a broken one is found.
    """
    found = _find()
    listed = []
    for name in names(kind):
        entry = found.entries[kind.hook][name]
        try:
            _target(kind, entry)
        except PluginError as error:
            entry = Entry(name, entry.target, entry.plugin, entry.distribution, str(error))
        listed.append(entry)
    return listed + found.duplicates[kind.hook]


def broken_plugins() -> list[BrokenPlugin]:
    """Plugins of which nothing, or not everything, could be loaded."""
    return list(_find().broken)


def load(kind: Kind[T_co], name: str) -> type[T_co]:
    """The class registered under a name.

    Raises:
        UnknownName: no plugin registered it; names the nearest, and broken plugins.
        PluginError: it cannot be imported, or is not what its kind must be.
    """
    entry = _find().entries[kind.hook].get(name)
    if entry is None:
        error = UnknownName(kind.name, name, names(kind))
        for broken in broken_plugins():
            error.add_note(f"plugin {broken.plugin} is broken: {broken.problem}")
        raise error
    loaded: type[T_co] = _target(kind, entry)
    return loaded


def create(kind: Kind[T_co], name: str, options: Mapping[str, Any] | None = None) -> T_co:
    """An instance of the component registered under a name.

    Raises:
        ConfigError: an option is unknown or invalid; and all that `load` raises.
    """
    return build(load(kind, name), f"{kind.name} {name!r}", options)


def build(factory: type[T], what: str, options: Mapping[str, Any] | None = None) -> T:
    """An instance of a component's class; `what` names it in errors.

    Raises:
        ConfigError: an option is unknown, missing or invalid.
    """
    if not issubclass(factory, BaseModel):
        _check_arguments(factory, what, options or {})
    try:
        return factory(**(options or {}))
    except ValidationError as error:
        known = getattr(factory, "model_fields", ())
        raise ConfigError(f"{what}: {explain_options(error, known)}") from None


def _check_arguments(factory: type[Any], what: str, options: Mapping[str, Any]) -> None:
    """Refuse options that a class which is no pydantic model does not take as arguments."""
    signature = inspect.signature(factory)
    try:
        signature.bind(**options)
    except TypeError as error:
        unknown = [name for name in options if name not in signature.parameters]
        if unknown and not signature.parameters:
            raise ConfigError(f"{what}: unknown option {unknown[0]!r}; it has none") from None
        if unknown:
            known = signature.parameters
            raise ConfigError(
                f"{what}: unknown option {unknown[0]!r}{nearest(unknown[0], known)}"
            ) from None
        raise ConfigError(f"{what}: {error}") from None


def resource(kind: Kind[Any], name: str) -> str:
    """The text of the file registered under a name.

    Raises:
        UnknownName, PluginError: as `load`.
    """
    entry = _find().entries[kind.hook].get(name)
    if entry is None:
        raise UnknownName(kind.name, name, names(kind))
    package, _, file = entry.target.partition(":")
    try:
        return importlib.resources.files(package).joinpath(file).read_text(encoding="utf-8")
    except (ImportError, OSError) as error:
        raise PluginError(f"{kind.name} {name!r} ({entry.distribution}): {error}") from error


@cache
def _target(kind: Kind[Any], entry: Entry) -> Any:
    if kind is PRESETS:
        return resource(kind, entry.name)
    where = f"{kind.name} {entry.name!r} ({entry.distribution}: {entry.target})"
    value = _import(entry.target, where)
    if kind.contract is not None:
        contract = _import(kind.contract, where)
        if not (isinstance(value, type) and issubclass(value, contract)):
            raise PluginError(f"{where} is not a subclass of {kind.contract}")
    return value


def _import(target: str, where: str) -> Any:
    module_name, _, attribute = target.partition(":")
    try:
        module: ModuleType = importlib.import_module(module_name)
        return getattr(module, attribute)
    except Exception as error:  # importing runs a plugin's code: passed on, with its name
        raise PluginError(f"{where}: {type(error).__name__}: {error}") from error
