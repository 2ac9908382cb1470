"""Registry: finds registered components by kind and name, and loads them on first use."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.resources
import inspect
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from mentor_core.door.discovery import BrokenPlugin, Entry, Found, find
from mentor_core.door.distributions import Distribution, same_distribution
from mentor_core.door.distributions import block as block_distributions
from mentor_core.support.errors import AmbiguousName, ConfigError, PluginError, UnknownName
from mentor_core.support.user_code import contained, load_object, reason

if TYPE_CHECKING:
    import click

    import mentor_core as core

__all__ = [
    "KINDS",
    "BrokenPlugin",
    "Distribution",
    "Entry",
    "Kind",
    "block",
    "broken_plugins",
    "create",
    "directory",
    "distributions",
    "entries",
    "entry",
    "is_reference",
    "load",
    "load_reference",
    "names",
    "resource",
    "targets",
    "with_absent",
]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Kind(Generic[T_co]):
    """One extension point.

    Attributes:
        name: a word for one of its targets.
        contract: the class that targets extend, or are instances of if the form is "object".
        form: the type of a target; files and directories are inside packages.
    """

    name: str
    hook: str
    contract: str | None = None
    form: Literal["class", "object", "file", "directory"] = "class"


def _contract(name: str, hook: str, contract: str) -> Kind[Any]:
    """The kind of a contract of the core, such as `ToolEnv`."""
    return Kind(name, hook, f"mentor_core:{contract}")


ENVIRONMENTS: Kind[core.ToolEnv] = _contract("environment", "mentor_environments", "ToolEnv")
REWARD_TERMS: Kind[core.RewardTerm] = _contract("reward term", "mentor_reward_terms", "RewardTerm")
COMPOSERS: Kind[core.Composer] = _contract("composer", "mentor_composers", "Composer")
CREDITS: Kind[core.Credit] = _contract("credit", "mentor_credits", "Credit")
CRITICS: Kind[core.Critic] = _contract("critic", "mentor_critics", "Critic")
POLICIES: Kind[core.Policy] = _contract("policy", "mentor_policies", "Policy")
PARSERS: Kind[core.CallParser] = _contract("parser", "mentor_parsers", "CallParser")
SAMPLERS: Kind[core.TaskSampler] = _contract("sampler", "mentor_samplers", "TaskSampler")
PLANS: Kind[core.Plan] = _contract("plan", "mentor_plans", "Plan")
LESSONS: Kind[core.Lessons] = _contract("lesson", "mentor_lessons", "Lessons")
OBJECTIVES: Kind[core.Objective] = _contract("objective", "mentor_objectives", "Objective")
SOURCES: Kind[core.TrajectorySource] = _contract("source", "mentor_sources", "TrajectorySource")
TEACHERS: Kind[core.Teacher] = _contract("teacher", "mentor_teachers", "Teacher")
RECORD_FORMATS: Kind[core.RecordFormat] = _contract(
    "record format", "mentor_record_formats", "RecordFormat"
)
GATES: Kind[core.ActionGate] = _contract("gate", "mentor_gates", "ActionGate")
JUDGES: Kind[core.Judge] = _contract("turn judge", "mentor_judges", "Judge")
TRACKERS: Kind[core.Tracker] = _contract("tracker", "mentor_trackers", "Tracker")
REPORTS: Kind[core.Report] = _contract("report", "mentor_reports", "Report")
TRAINERS: Kind[core.Trainer] = _contract("trainer", "mentor_trainers", "Trainer")
PRESETS: Kind[Any] = Kind("preset", "mentor_presets", form="file")
RECIPES: Kind[Any] = Kind("recipe", "mentor_recipes", form="file")
STUDENTS: Kind[Any] = Kind("student", "mentor_students", form="directory")
COMMANDS: Kind[click.Command] = Kind("command", "mentor_commands", "click:Command", "object")

KINDS: tuple[Kind[Any], ...] = tuple(v for v in list(globals().values()) if isinstance(v, Kind))
"""All kinds above, in this order."""


@cache
def _find() -> Found:
    return find()


def names(kind: Kind[Any]) -> list[str]:
    """The usable names, sorted; `DISTRIBUTION:NAME` if several distributions share a name."""
    return sorted(_usable(kind))


def targets(kind: Kind[Any]) -> dict[str, str]:
    """Name → target, nothing loaded."""
    usable = _usable(kind)
    return {name: usable[name].target for name in sorted(usable)}


def entries(kind: Kind[Any]) -> list[Entry]:
    """All entries of a kind, sorted by usable name; broken ones have the reason.

    Every target of the kind is loaded, so that broken ones are found.
    """
    listed = []
    for name, entry in sorted(_usable(kind).items()):
        problem, began = None, time.perf_counter()
        try:
            _target(kind, entry)
        except PluginError as error:
            problem = str(error)
        seconds = time.perf_counter() - began
        listed.append(replace(entry, name=name, problem=problem, seconds=seconds))
    return listed


def broken_plugins() -> list[BrokenPlugin]:
    """Plugins that could not be registered, or only in part."""
    return list(_find().broken)


def distributions() -> list[Distribution]:
    """The distributions with plugins, blocked ones too, sorted by name."""
    return list(_find().distributions)


def block(names: Sequence[str]) -> None:
    """Block distributions: see `mentor_core.door.distributions.block`."""
    block_distributions(names)
    if names:
        _find.cache_clear()


def entry(kind: Kind[Any], name: str) -> Entry:
    """The entry registered as NAME, or by one distribution as `DISTRIBUTION:NAME`.

    Raises:
        AmbiguousName: several distributions registered it.
        UnknownName: no plugin registered it; names the nearest, and broken plugins.
    """
    distribution, _, bare = name.rpartition(":")
    claims = [claim for claim in _find().entries[kind.hook] if claim.name == bare]
    if distribution:
        claims = [c for c in claims if same_distribution(c.distribution, distribution)]
    if len(claims) > 1:
        raise AmbiguousName(kind.name, name, [claim.distribution for claim in claims])
    if claims:
        return claims[0]
    error = UnknownName(kind.name, name, names(kind))
    raise with_absent(error)


def with_absent(error: ConfigError) -> ConfigError:
    """The error of an unknown name, with notes on plugins that are broken or blocked."""
    for note in _find().absent():
        error.add_note(note)
    return error


def load(kind: Kind[T_co], name: str) -> type[T_co]:
    """The class that a name means.

    Args:
        name: a registered name, `DISTRIBUTION:NAME`, or a class that no plugin registered:
            `MODULE:CLASS` or `FILE.py:CLASS`.

    Raises:
        AmbiguousName, UnknownName: as `entry`.
        ConfigError: there is no such file, module or class.
        PluginError: the class cannot be imported, or is not of its kind.
    """
    loaded: type[T_co]
    try:
        found = entry(kind, name)
    except UnknownName:
        if not is_reference(kind, name):
            raise
        loaded = _checked(kind, load_reference(kind, name), f"{kind.name} {name!r}")
    else:
        loaded = _target(kind, found)
    return loaded


def is_reference(kind: Kind[Any], name: str) -> bool:
    """True if a name means a class that no plugin registered."""
    distribution, _, bare = name.rpartition(":")
    taken = [c.distribution for c in _find().entries[kind.hook] if c.name == bare]
    taken += [one.name for one in distributions() if one.blocked]
    registered = any(same_distribution(one, distribution) for one in taken)
    return kind.form == "class" and bool(distribution) and not registered


def load_reference(kind: Kind[Any], name: str) -> Any:
    """The object, of any type, that `MODULE:NAME` or `FILE.py:NAME` means.

    Raises:
        UnknownName: there is no such object, and a distribution called MODULE has other names.
        ConfigError: there is no such file, module or name.
    """
    try:
        return load_object(name)
    except ConfigError:
        distribution = name.rpartition(":")[0]
        claims = _find().entries[kind.hook]
        others = [c for c in claims if same_distribution(c.distribution, distribution)]
        if not others:
            raise
        known = [f"{other.distribution}:{other.name}" for other in others]
        raise UnknownName(kind.name, name, known) from None


def create(kind: Kind[T_co], name: str, options: Mapping[str, Any] | None = None) -> T_co:
    """An instance of the component registered under a name.

    Raises:
        ConfigError: an option is unknown or invalid. Raises all errors of `load`, too.
    """
    from mentor_core.contracts.component import build

    return build(load(kind, name), f"{kind.name} {name!r}", options)


def resource(kind: Kind[Any], name: str) -> str:
    """The text of the file registered under a name.

    Raises:
        AmbiguousName, UnknownName, PluginError: as `load`.
    """
    text: str = _target(kind, entry(kind, name))
    return text


def directory(kind: Kind[Any], name: str) -> Path:
    """The directory registered under a name.

    Raises:
        AmbiguousName, UnknownName, PluginError: as `load`.
    """
    path: Path = _target(kind, entry(kind, name))
    return path


def _usable(kind: Kind[Any]) -> dict[str, Entry]:
    """Usable name → entry."""
    claims = _find().entries[kind.hook]
    often = Counter(claim.name for claim in claims)
    return {
        claim.name if often[claim.name] == 1 else f"{claim.distribution}:{claim.name}": claim
        for claim in claims
    }


@cache
def _target(kind: Kind[Any], entry: Entry) -> Any:
    where = f"{kind.name} {entry.name!r} ({entry.distribution}: {entry.target})"
    module, _, attribute = entry.target.partition(":")
    with contained(lambda error: PluginError(f"{where}: {reason(error)}")):
        if kind.form in ("file", "directory"):
            inside = importlib.resources.files(module).joinpath(attribute)
            if kind.form == "file":
                return inside.read_text(encoding="utf-8")
            if not inside.is_dir():
                raise NotADirectoryError(str(inside))
            return Path(str(inside))
        value = attrgetter(attribute)(importlib.import_module(module))
    return _checked(kind, value, where)


def _checked(kind: Kind[Any], value: Any, where: str) -> Any:
    """The loaded object, if it is of its kind.

    Raises:
        PluginError: the object is not of its kind; names the required class.
    """
    if kind.contract is None:
        return value
    module, _, name = kind.contract.partition(":")
    contract = getattr(importlib.import_module(module), name)
    if kind.form == "object":
        if not isinstance(value, contract):
            raise PluginError(f"{where} is not a {module}.{name}")
        return value
    if not (isinstance(value, type) and issubclass(value, contract)):
        raise PluginError(f"{where} is not a subclass of {contract.__module__}:{name}")
    if inspect.isabstract(value):
        lacking = ", ".join(sorted(getattr(value, "__abstractmethods__", ())))
        raise PluginError(f"{where} is abstract: it does not define {lacking}")
    return value
