"""From settings to a RunConfig: names, paths, the preset and the student are filled in."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mentor_core.door.registry import (
    ENVIRONMENTS,
    PRESETS,
    REWARD_TERMS,
    Kind,
    entry,
    is_reference,
    load,
    names,
    resource,
    with_absent,
)
from mentor_core.support.errors import ConfigError, MentorError, UnknownName, nearest
from mentor_core.support.validation import Problem, problems
from mentor_runs.settings.config import RunConfig
from mentor_runs.settings.keys import keys_of, near_key, quoted
from mentor_runs.settings.mixture import parse_mixture, split_weight
from mentor_runs.settings.model_names import EMBEDDED, embedded_student, is_embedded
from mentor_runs.settings.naming import name_terms, with_names
from mentor_runs.settings.paths import anchored
from mentor_runs.settings.tables import merge

__all__ = ["parse_rewards", "resolve"]

_EMBEDDED_RATE = 1e-4  # 3e-4 makes it forget how to copy numbers within 40 steps
_PAPER_RATE = 1e-6  # MENTOR, arXiv 2510.18383


def resolve(values: Mapping[str, Any], where: str = "configuration") -> RunConfig:
    """Validate settings; fill in the reward preset, names, and the embedded student.

    Paths become absolute; see `paths` for settings from other directories.

    Args:
        values: nested settings, as TOML gives them.
        where: name of the settings' origin in error messages.

    Raises:
        ConfigError: unknown key, bad value, or unknown preset; names the key and the expected
            value.
    """
    values = anchored(with_names(values), Path.cwd())
    config = _validate(values, where)
    if config.model == EMBEDDED:
        default: str = RunConfig.model_fields["env"].default
        values = {**values, "model": embedded_student([*config.environments, default])}
    if config.train.learning_rate is None:
        rate = _EMBEDDED_RATE if is_embedded(config.model) else _PAPER_RATE
        values = merge(values, {"train": {"learning_rate": rate}})
        config = _validate(values, where)
    preset = config.reward.preset
    given = {key: value for key, value in values.get("reward", {}).items() if value != ""}
    merged = merge(_base(preset, given), given) if preset else given
    merged.setdefault("composer", _default_composer(merged.get("terms", {})))
    # The preset is resolved: what it gave stands in the configuration from now on.
    resolved = {**values, "reward": {**merged, "preset": ""}}
    return _validate(resolved, f"preset {preset!r}" if preset else where)


def parse_rewards(text: str) -> dict[str, Any]:
    """`--rewards`: a preset's name, or `term,term` or `term=weight,…`.

    Raises:
        ConfigError: a name or a weight is wrong; names the nearest.
        PluginError: a class given as MODULE:CLASS cannot be used.
    """
    if _is_registered(PRESETS, text):
        return {"preset": text}
    terms: dict[str, float] = {}
    known = names(REWARD_TERMS)
    for part in text.split(","):
        name, equals, weight = split_weight(part)
        if is_reference(REWARD_TERMS, name):
            load(REWARD_TERMS, name)
        elif not _is_registered(REWARD_TERMS, name):
            if name in names(PRESETS):
                raise ConfigError(f"--rewards: {name!r} is a preset, not a term; give it alone")
            also = [*known, *names(PRESETS)] if "," not in text and not equals else known
            unknown = f"--rewards: unknown reward term {name!r}{nearest(name, also)}"
            raise with_absent(ConfigError(unknown))
        if name in terms:
            raise ConfigError(f"--rewards: the term {name!r} is given twice")
        try:
            terms[name] = float(weight) if equals else 1.0
        except ValueError:
            raise ConfigError(
                f"--rewards: the weight of {name!r} is {weight!r}; expected a number"
            ) from None
    return name_terms({"terms": terms})


def _is_registered(kind: Kind[Any], name: str) -> bool:
    """True if a name is registered.

    Raises:
        AmbiguousName: several distributions registered the name.
    """
    try:
        entry(kind, name)
    except UnknownName:
        return False
    return True


def _base(preset: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """A preset's settings, without those that the given reward settings replace."""
    base = tomllib.loads(resource(PRESETS, preset))
    terms = given.get("terms")
    if terms:  # terms of one's own replace the preset's, as weights belong together
        base.pop("terms", None)
        base.pop("term_classes", None)
        options = base.get("term_options", {})
        base["term_options"] = {k: v for k, v in options.items() if k in terms}
        if "composer" in given or "composer_options" in given or not _fits(base, terms):
            base.pop("composer", None)
            base.pop("composer_options", None)
    if given.get("composer", base.get("composer")) != base.get("composer"):
        base.pop("composer_options", None)  # they are another composer's
    if terms or "composer" in given:
        base.pop("description", None)
    return base


def _default_composer(terms: Mapping[str, float]) -> str:
    return "outcome_gated" if "outcome" in terms else "weighted_sum"


def _fits(preset: Mapping[str, Any], terms: Mapping[str, float]) -> bool:
    """True if a preset's composer fits the user's own terms."""
    rules = preset.get("composer_options", {}).get("rules", [])
    used = {name for rule in rules for name in [*rule.get("when", {}), *rule.get("weights", {})]}
    used |= {"outcome"} if preset.get("composer") == "outcome_gated" else set()
    return used <= set(terms)


def _validate(values: Mapping[str, Any], where: str) -> RunConfig:
    try:
        return RunConfig.model_validate(values)
    except ValidationError as error:
        found = "; ".join(_told(problem, values) for problem in problems(error, values))
        raise ConfigError(f"{where}: {found}") from None


def _told(problem: Problem, values: Mapping[str, Any]) -> str:
    if problem.kind == "unknown":
        keys = [*keys_of(RunConfig), *_environment_keys(values)]
        return f"unknown key {problem.key!r}{near_key(problem.path, keys)}"
    shell = quoted("--set ", problem.key, problem.example) if problem.example else ""
    return f"{problem.key}: {problem.text}" + (f"; in a shell: {shell}" if shell else "")


def _environment_keys(values: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The paths of the options of the chosen environments."""
    with suppress(MentorError, ValueError, TypeError):  # what else is wrong is told elsewhere
        found = parse_mixture(values.get("env", RunConfig.model_fields["env"].default))
        for name in found:
            above = ("env_options", name) if len(found) > 1 else ("env_options",)
            yield from keys_of(load(ENVIRONMENTS, name).Options, above)
