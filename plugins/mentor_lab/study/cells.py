"""The cells of a study: one run for each environment, method and seed.

Settings come in this order, later ones win: the study's `[settings]` and `[evaluate]`, the
environment, the method's recipe, the method, `--model` and `--set`.
"""

from __future__ import annotations

import tomllib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mentor_core.support.errors import ConfigError, MentorError, nearest
from mentor_core.support.user_code import absolute_reference
from mentor_lab.study.file import Study
from mentor_runs.assembly.assemble import assemble
from mentor_runs.assembly.parts import Parts
from mentor_runs.command_line.options import configuration
from mentor_runs.directory.fingerprints import of_tasks
from mentor_runs.settings.config import RunConfig, to_toml
from mentor_runs.settings.hidden import refuse_hidden
from mentor_runs.settings.model_names import (
    EMBEDDED,
    embedded_students,
    is_embedded,
    looks_local,
)
from mentor_runs.settings.naming import with_names
from mentor_runs.settings.paths import anchored
from mentor_runs.settings.recipes import read_recipe
from mentor_runs.settings.tables import merge

__all__ = ["SHIFTS", "Cell", "plan"]

SHIFTS = "shifts"
"""In `evaluate.splits`: every shift of the environment."""
_FLAGS = ("recipe", "rewards", "steps")
_QUIET: dict[str, Any] = {"reports": []}
"""Settings below all others: a page for each cell would cost more than it shows."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of a study, with its evaluations.

    Attributes:
        environment, method: names in the study.
        seed: the run's seed; a method without training has the first seed alone.
        config: the run's settings.
        trains: false for the student as it is.
        tasks: digest of the evaluated tasks.
    """

    environment: str
    method: str
    seed: int
    config: RunConfig
    trains: bool
    tasks: str

    @property
    def name(self) -> str:
        """ENVIRONMENT/METHOD/SEED, which is also the cell's place in the study's folder."""
        return f"{self.environment}/{self.method}/{self.seed}"

    @property
    def settings(self) -> dict[str, Any]:
        """The settings as they are written to disk, without secrets."""
        return tomllib.loads(to_toml(self.config))


def plan(
    study: Study, model: str | None = None, settings: Sequence[str] = ()
) -> tuple[list[Cell], dict[str, Parts]]:
    """The cells, seed by seed, and for each environment the parts of one of its runs.

    Args:
        model: replaces the student of all cells.
        settings: KEY=VALUE, over the settings of all cells.

    Raises:
        ConfigError: a method's settings make no run; names method and environment.
    """
    by_pair: dict[tuple[str, str], list[Cell]] = {}
    parts_of: dict[str, Parts] = {}
    for environment, domain in study.environments.items():
        for method, own in study.methods.items():
            try:
                config, parts = _check(_config(study, domain, own, model, settings))
            except MentorError as error:
                raise ConfigError(
                    f"{study.name}: the method {method!r} with the environment {environment!r} "
                    f"makes no run: {error}"
                ) from None
            parts_of.setdefault(environment, parts)
            trains, tasks = bool(parts.stages), _digest(parts)
            if parts is not parts_of[environment]:
                for env in parts.envs:
                    env.close()
            if tasks != _digest(parts_of[environment]):
                raise ConfigError(
                    f"{study.name}: the method {method!r} with the environment {environment!r} "
                    "would be evaluated on other tasks than the methods before; leave evaluate, "
                    "and the options that choose tasks of evaluation, to the environment"
                )
            by_pair[environment, method] = [
                Cell(
                    environment,
                    method,
                    seed,
                    config.model_copy(update={"seed": seed}),
                    trains,
                    tasks,
                )
                for seed in (study.seeds if trains else study.seeds[:1])
            ]
    most = max(map(len, by_pair.values()))
    cells = [own[number] for number in range(most) for own in by_pair.values() if number < len(own)]
    return cells, parts_of


def _digest(parts: Parts) -> str:
    splits = parts.config.evaluate.splits
    return of_tasks(task for split in splits for task in parts.evaluation_tasks(split))


def _config(
    study: Study,
    domain: Mapping[str, Any],
    method: Mapping[str, Any],
    model: str | None,
    settings: Sequence[str],
) -> RunConfig:
    """The settings of a run; `evaluate.splits` may have `shifts` in it."""
    known = [*_FLAGS, *RunConfig.model_fields]
    for key in method:
        if key not in known:
            raise ConfigError(f"unknown key {key!r}{nearest(key, known)}")
    own = {key: value for key, value in method.items() if key not in _FLAGS}
    if "seed" in {*study.settings, *domain, *own}:
        raise ConfigError("seed: the seeds of a study stand in study.seeds")
    recipe, rewards, steps = (method.get(flag) for flag in _FLAGS)
    if rewards is not None and "reward" in own:
        raise ConfigError("rewards and reward both choose the reward; give one")
    for flag, value in (("recipe", recipe), ("rewards", rewards)):
        if value is not None and not isinstance(value, str):
            raise ConfigError(f"{flag}: expected text, not {value!r}")
    values = merge(merge(_QUIET, study.settings), domain)
    for later in (read_recipe(recipe).settings if recipe else {}, own):
        if "reward" in later:  # weights belong together
            values.pop("reward", None)
        values = merge(values, later)
    if steps is not None:
        values = merge(values, {"train": {"steps": steps}})
    values = anchored(with_names(values, study.folder), study.folder)
    if rewards is not None:
        rewards = _placed(rewards, study.folder)
    return configuration(None, None, model, None, None, settings, rewards=rewards, base=values)


def _check(config: RunConfig) -> tuple[RunConfig, Parts]:
    """Settings with the environment's shifts in place of `shifts`, and the parts of the run.

    Raises:
        MentorError: the run could not begin; says why.
    """
    refuse_hidden(config.model_dump())
    wanted = config.evaluate
    if not wanted.splits or not wanted.tasks:
        raise ConfigError(
            "evaluate: nothing is to be evaluated; expected splits, and tasks above 0"
        )
    bare = config.model_copy(update={"evaluate": wanted.model_copy(update={"splits": []})})
    envs = assemble(bare).envs
    shifts = [shift for env in envs for shift in env.shifts]
    for env in envs:
        env.close()
    splits: dict[str, None] = {}
    for split in wanted.splits:
        splits |= dict.fromkeys(shifts if split == SHIFTS else [split])
    if not splits:
        raise ConfigError("evaluate.splits: the environment has no shifts; name a split, too")
    config = config.model_copy(
        update={"evaluate": wanted.model_copy(update={"splits": list(splits)})}
    )
    parts = assemble(config)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of the libraries of training
        for stage in parts.stages:
            stage.trainer.check(config, 1)
    _check_model(config.model)
    return config, parts


def _check_model(model: str) -> None:
    """Refuse an embedded or local student that is not there."""
    known = [f"{EMBEDDED}/{name}" for name in embedded_students()]
    if is_embedded(model) and model not in known:
        raise ConfigError(f"model: there is no {model!r}{nearest(model, known)}")
    if looks_local(model) and not Path(model).exists():
        raise ConfigError(f"model: there is no {model}")


def _placed(rewards: str, folder: Path) -> str:
    """Rewards whose files of code are found from any directory."""
    parts = rewards.split(",")
    return ",".join(absolute_reference(part, folder) if ":" in part else part for part in parts)
