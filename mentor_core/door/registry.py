"""Registry: finds registered components by kind and name, and loads them on first use."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.resources
import inspect
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from mentor_core.door.discovery import BrokenPlugin, Entry, Found, find, same_distribution
from mentor_core.support.errors import AmbiguousName, ConfigError, PluginError, UnknownName
from mentor_core.support.user_code import contained, load_object, reason

if TYPE_CHECKING:
    import click

    from mentor_core.contracts.credit import Credit
    from mentor_core.contracts.env import ActionGate, ToolEnv
    from mentor_core.contracts.learner import Critic
    from mentor_core.contracts.lessons import Lessons
    from mentor_core.contracts.objective import Objective
    from mentor_core.contracts.parsing import CallParser
    from mentor_core.contracts.plan import Plan
    from mentor_core.contracts.policy import Policy
    from mentor_core.contracts.record_format import RecordFormat
    from mentor_core.contracts.report import Report
    from mentor_core.contracts.reward import Composer, RewardTerm
    from mentor_core.contracts.sampler import TaskSampler
    from mentor_core.contracts.source import TrajectorySource
    from mentor_core.contracts.teacher import Teacher
    from mentor_core.contracts.tracker import Tracker
    from mentor_core.contracts.trainer import Trainer

__all__ = [
    "COMMANDS",
    "COMPOSERS",
    "CREDITS",
    "CRITICS",
    "ENVIRONMENTS",
    "GATES",
    "KINDS",
    "LESSONS",
    "OBJECTIVES",
    "PARSERS",
    "PLANS",
    "POLICIES",
    "PRESETS",
    "RECIPES",
    "RECORD_FORMATS",
    "REPORTS",
    "REWARD_TERMS",
    "SAMPLERS",
    "SOURCES",
    "STUDENTS",
    "TEACHERS",
    "TRACKERS",
    "TRAINERS",
    "BrokenPlugin",
    "Entry",
    "Kind",
    "broken_plugins",
    "create",
    "directory",
    "entries",
    "entry",
    "is_reference",
    "load",
    "load_reference",
    "names",
    "resource",
    "targets",
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
    """The kind of a contract of the core, such as `env:ToolEnv`."""
    return Kind(name, hook, f"mentor_core.contracts.{contract}")


ENVIRONMENTS: Kind[ToolEnv] = _contract("environment", "mentor_environments", "env:ToolEnv")
REWARD_TERMS: Kind[RewardTerm] = _contract(
    "reward term", "mentor_reward_terms", "reward:RewardTerm"
)
COMPOSERS: Kind[Composer] = _contract("composer", "mentor_composers", "reward:Composer")
CREDITS: Kind[Credit] = _contract("credit", "mentor_credits", "credit:Credit")
CRITICS: Kind[Critic] = _contract("critic", "mentor_critics", "learner:Critic")
POLICIES: Kind[Policy] = _contract("policy", "mentor_policies", "policy:Policy")
PARSERS: Kind[CallParser] = _contract("parser", "mentor_parsers", "parsing:CallParser")
SAMPLERS: Kind[TaskSampler] = _contract("sampler", "mentor_samplers", "sampler:TaskSampler")
PLANS: Kind[Plan] = _contract("plan", "mentor_plans", "plan:Plan")
LESSONS: Kind[Lessons] = _contract("lesson", "mentor_lessons", "lessons:Lessons")
OBJECTIVES: Kind[Objective] = _contract("objective", "mentor_objectives", "objective:Objective")
SOURCES: Kind[TrajectorySource] = _contract("source", "mentor_sources", "source:TrajectorySource")
TEACHERS: Kind[Teacher] = _contract("teacher", "mentor_teachers", "teacher:Teacher")
RECORD_FORMATS: Kind[RecordFormat] = _contract(
    "record format", "mentor_record_formats", "record_format:RecordFormat"
)
GATES: Kind[ActionGate] = _contract("gate", "mentor_gates", "env:ActionGate")
TRACKERS: Kind[Tracker] = _contract("tracker", "mentor_trackers", "tracker:Tracker")
REPORTS: Kind[Report] = _contract("report", "mentor_reports", "report:Report")
TRAINERS: Kind[Trainer] = _contract("trainer", "mentor_trainers", "trainer:Trainer")
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
        problem = None
        try:
            _target(kind, entry)
        except PluginError as error:
            problem = str(error)
        listed.append(replace(entry, name=name, problem=problem))
    return listed


def broken_plugins() -> list[BrokenPlugin]:
    """Plugins that could not be registered, or only in part."""
    return list(_find().broken)


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
    for broken in broken_plugins():
        error.add_note(
            f"plugin {broken.plugin} is broken ({broken.distribution}): {broken.problem}"
        )
    raise error


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
    claims = _find().entries[kind.hook]
    return (
        kind.form == "class"
        and bool(distribution)
        and not any(
            c.name == bare and same_distribution(c.distribution, distribution) for c in claims
        )
    )


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
        raise PluginError(f"{where} is not a subclass of {kind.contract}")
    if inspect.isabstract(value):
        lacking = ", ".join(sorted(getattr(value, "__abstractmethods__", ())))
        raise PluginError(f"{where} is abstract: it does not define {lacking}")
    return value
