"""What `mentor score` and `mentor ablate` share: saved trajectories, tasks and references."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from mentor_core.config import RewardConfig, merge, parse_rewards, resolve
from mentor_core.errors import DataError, RunError
from mentor_core.task import SPLITS, Task, TaskKey
from mentor_core.trajectory import Trajectory, iterate_trajectories

__all__ = ["Saved", "open_saved", "reward_config", "saved_options"]

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path)),
    click.option(
        "--references",
        "reference_files",
        multiple=True,
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Reference trajectories; may be repeated.",
    ),
    click.option(
        "--config", "config_file", type=click.Path(path_type=Path), help="TOML file with settings."
    ),
    click.option("--env", metavar="NAME", help="Environment that the tasks are taken from."),
    click.option(
        "--tasks", type=click.Path(path_type=Path), metavar="FILE", help="The environment's tasks."
    ),
    click.option(
        "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Any other setting."
    ),
    click.option(
        "--jobs", type=click.IntRange(min=1), help="Processes to score in; else one a core."
    ),
)


def saved_options(command: F) -> F:
    """Add FILES and `--references --config --env --tasks --set --jobs` to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Saved:
    """Saved trajectories and what they are scored with.

    Attributes:
        reward: the settings of the reward, from `--set`, a file or the run.
        refused: why references were not used → how many.
        lines: number of lines of the files.
        jobs: number of processes to score in.
    """

    files: list[Path]
    reward: RewardConfig
    tasks: dict[TaskKey, Task]
    references: dict[TaskKey, list[Trajectory]]
    refused: dict[str, int]
    lines: int
    jobs: int


def open_saved(
    files: Sequence[Path],
    reference_files: Sequence[Path],
    config_file: Path | None,
    env: str | None,
    tasks: Path | None,
    settings: Sequence[str],
    jobs: int | None,
    rewards: str | None = None,
) -> Saved:
    """Find the files; of a run directory its trajectories, references and settings.

    Raises:
        MentorError: a file is not there or cannot be read, or a setting is wrong.
    """
    from mentor_core.cli.options import configuration
    from mentor_core.laboratory.scoring import CHUNK, available_cores, read_lines
    from mentor_core.references import verified
    from mentor_core.run_directory import RunDirectory

    base: dict[str, Any] = {}
    found: list[Path] = []
    offered = list(reference_files)
    for path in files:
        if not path.is_dir():
            found.append(path)
            continue
        run = RunDirectory.open(path)
        base = base or run.config.model_dump(mode="json")
        found += sorted((path / "trajectories").glob("*.jsonl"))
        if not reference_files and run.references.is_file():
            offered.append(run.references)
    for path in found:
        if not path.is_file():
            raise DataError(f"{path}: no such file")
    if not found:
        raise RunError(f"{', '.join(map(str, files))}: no episodes yet")
    config = configuration(config_file, env, None, tasks, None, settings, rewards, base=base)
    by_task: dict[TaskKey, list[Trajectory]] = {}
    for path in offered:
        for trajectory in iterate_trajectories(path):
            by_task.setdefault(trajectory.task_key, []).append(trajectory)
    references = verified(by_task)
    known: dict[TaskKey, Task] = {}
    if base or config_file or env or tasks:
        from mentor_core.assemble import assemble

        domains = assemble(config).domains.values()
        known = {t.key: t for domain in domains for split in SPLITS for t in domain.tasks(split)}
    lines = sum(1 for _ in read_lines(found))
    few = lines < 8 * CHUNK  # other processes would take longer to start
    return Saved(
        files=found,
        reward=config.reward,
        tasks=known,
        references=references.of,
        refused=references.refused,
        lines=lines,
        jobs=jobs or (1 if few else available_cores()),
    )


def reward_config(rewards: str, settings: Sequence[str] = ()) -> RewardConfig:
    """The settings of the reward that `--rewards` names, or that a TOML file holds.

    Raises:
        ConfigError: a key, value or name is wrong.
    """
    from mentor_core.config import parse_setting, read_toml
    from mentor_core.paths import anchored

    if rewards.endswith(".toml"):
        file = Path(rewards).absolute()
        read = {key: value for key, value in read_toml(Path(rewards)).items() if key == "reward"}
        values = anchored(read, file.parent)
    else:
        values = {"reward": parse_rewards(rewards)}
    for setting in settings:
        values = merge(values, parse_setting(setting))
    return resolve(values, rewards).reward
