"""Naming: names, inside a run, of classes that no plugin registers.

`--env my_shop.py:Shop` and `--rewards my_rewards.py:Brevity=0.3` become a name, for reports and
files, and beside it the class that the name means:

    env = "shop"
    env_classes = {shop = "/home/me/my_shop.py:Shop"}
    reward.terms = {Brevity = 0.3}
    reward.term_classes = {Brevity = "/home/me/my_rewards.py:Brevity"}

`DISTRIBUTION:NAME` becomes NAME in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mentor_core.door.discovery import is_name
from mentor_core.door.registry import (
    ENVIRONMENTS,
    REPORTS,
    REWARD_TERMS,
    TRACKERS,
    Kind,
    entry,
    is_reference,
    load,
    load_reference,
)
from mentor_core.support.errors import ConfigError, MentorError, PluginError
from mentor_core.support.user_code import absolute_reference, reason
from mentor_runs.settings.mixture import format_mixture, parse_mixture
from mentor_runs.settings.tables import COMPONENTS, find, placed

if TYPE_CHECKING:
    from mentor_core.contracts.env import ToolEnv

__all__ = ["environment_factory", "name_environments", "name_terms", "with_names"]

_LISTS: dict[str, Kind[Any]] = {"trackers": TRACKERS, "reports": REPORTS}
"""The keys that name several components each."""


def environment_factory(name: str) -> Callable[..., ToolEnv]:
    """The class that a name means; `MODULE:FUNCTION` may make an environment, too.

    Raises:
        MentorError: as `load`.
    """
    if is_reference(ENVIRONMENTS, name):
        found = load_reference(ENVIRONMENTS, name)
        if callable(found) and not isinstance(found, type):
            return found  # type: ignore[no-any-return]
    loaded = load(ENVIRONMENTS, name)
    if is_reference(ENVIRONMENTS, name):
        _check_name(name, getattr(loaded, "name", None))
    return loaded


def _check_name(target: str, name: Any) -> None:
    if not is_name(name):
        raise PluginError(
            f"{target}: its name is {name!r}; an environment needs one of letters, digits, _ - and "
            '., such as name = "shop"'
        )


def with_names(values: Mapping[str, Any], folder: Path | None = None) -> dict[str, Any]:
    """Settings in which each of the user's own classes has a name, and is found from any directory.

    Args:
        values: nested settings. Wrong types are left to the validation, and classes that cannot be
            loaded to the later loading.
        folder: base of relative paths; None: the working directory.

    Raises:
        ConfigError: two classes have one name.
    """
    named = name_environments(values, folder)
    if isinstance(reward := named.get("reward"), Mapping):
        named["reward"] = name_terms(reward, folder)
    for key, kind in COMPONENTS.items():
        if isinstance(name := find(named, key.split(".")), str):
            named = placed(named, key.split("."), _found(kind, name, folder))
    for key, kind in _LISTS.items():
        if isinstance(several := named.get(key), list):
            named[key] = [_found(kind, one, folder) for one in several]
    return named


def name_environments(
    values: Mapping[str, Any], folder: Path | None = None, strict: bool = False
) -> dict[str, Any]:
    """The settings with names in `env`, and their classes in `env_classes`.

    Raises:
        ConfigError: two classes have one name.
        MentorError: `strict`, and a class cannot be loaded or has no name.
    """
    env, classes = values.get("env"), values.get("env_classes", {})
    if not isinstance(env, str) or not isinstance(classes, Mapping):
        return dict(values)
    try:
        weights = parse_mixture(env)
    except ValueError:
        return dict(values)

    def name_of(written: str) -> str:
        options = values.get("env_options")
        given = options if isinstance(options, Mapping) and len(weights) == 1 else {}
        return _environment_name(written, given)

    names, classes = _name(ENVIRONMENTS, weights, classes, name_of, folder, strict)
    named = dict(zip(names, weights.values(), strict=True))
    return {**values, "env": format_mixture(named)} | ({"env_classes": classes} if classes else {})


def name_terms(reward: Mapping[str, Any], folder: Path | None = None) -> dict[str, Any]:
    """The settings of a reward with names in `terms`, and their classes in `term_classes`."""
    terms, classes = reward.get("terms"), reward.get("term_classes", {})
    if not isinstance(terms, Mapping) or not isinstance(classes, Mapping):
        return dict(reward)
    names, classes = _name(REWARD_TERMS, terms, classes, _term_name, folder)
    named = {**reward, "terms": dict(zip(names, terms.values(), strict=True))}
    if isinstance(options := reward.get("term_options"), Mapping):
        renamed = dict(zip(terms, names, strict=True))
        named["term_options"] = {renamed.get(name, name): given for name, given in options.items()}
    return named | ({"term_classes": classes} if classes else {})


def _name(
    kind: Kind[Any],
    written: Iterable[str],
    classes: Mapping[str, Any],
    name_of: Callable[[str], str],
    folder: Path | None,
    strict: bool = False,
) -> tuple[list[str], dict[str, Any]]:
    """The names of the written components, and name → class or other name it stands for."""
    names: list[str] = []
    found = {name: _found(kind, target, folder) for name, target in classes.items()}
    for each in written:
        name, target = each, _found(kind, each, folder)
        try:
            name = name_of(target) if ":" in each else each
        except MentorError:  # told when it is loaded
            if strict:
                raise
        if name in names or (name != each and found.get(name, target) != target):
            raise ConfigError(
                f"{each}: another {kind.name} of this run is called {name!r}; give each a name of "
                f"its own"
            )
        names.append(name)
        if name != each:
            found[name] = target
    return names, found


def _environment_name(target: str, options: Mapping[str, Any]) -> str:
    if not is_reference(ENVIRONMENTS, target):
        return entry(ENVIRONMENTS, target).name
    factory = environment_factory(target)
    if isinstance(factory, type):
        return str(factory.name)  # type: ignore[attr-defined]
    try:
        made = factory(**options)
        name = made.name
        made.close()
    except MentorError:
        raise
    except Exception as error:  # a user's code: passed on, with its name
        raise PluginError(f"{target}: {reason(error)}") from error
    _check_name(target, name)
    return name


def _term_name(target: str) -> str:
    if is_reference(REWARD_TERMS, target):
        load(REWARD_TERMS, target)  # what is not there is told before anything else
    return target.rpartition(":")[2].rpartition(".")[2]


def _found(kind: Kind[Any], name: Any, folder: Path | None) -> Any:
    if isinstance(name, str) and is_reference(kind, name):
        return absolute_reference(name, folder)
    return name
