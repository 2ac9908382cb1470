"""Saved trajectories, tasks and references, for `mentor score` and `compare-rewards`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mentor_core.contracts.task import SPLITS, Task, TaskKey
from mentor_core.support.errors import ConfigError, DataError, RunError
from mentor_runs.command_line.options import PATH

if TYPE_CHECKING:
    from mentor_core.contracts.trajectory import Trajectory
    from mentor_runs.settings.config import RewardConfig

__all__ = ["Saved", "open_saved", "reward_config", "saved_options"]

_OF_A_PROCESS = re.compile(r"train-\d+")

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.argument("files", nargs=-1, required=True, type=PATH),
    click.option(
        "--references",
        "reference_files",
        multiple=True,
        type=PATH,
        metavar="FILE",
        help="Reference trajectories; may be repeated.",
    ),
    click.option("--config", "config_file", type=PATH, help="TOML file with settings."),
    click.option(
        "--env",
        metavar="NAME|MODULE:CLASS",
        help="Environment that the tasks are taken from; a class may be FILE.py:CLASS.",
    ),
    click.option("--tasks", type=PATH, metavar="FILE", help="The environment's tasks."),
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
    """Saved trajectories, and the settings, tasks and references to score them.

    Attributes:
        parts: name → files: train, eval-before … for a run's files, "" for other files.
        reward: the settings of the reward, from `--set`, a file or the run.
        notes: messages about the references.
        lines: number of lines of the files.
        jobs: number of processes to score in.
    """

    parts: dict[str, list[Path]]
    reward: RewardConfig
    tasks: dict[TaskKey, Task]
    references: dict[TaskKey, list[Trajectory]]
    notes: list[str]
    lines: int
    jobs: int

    @property
    def files(self) -> list[Path]:
        """All files, part by part."""
        return [file for files in self.parts.values() for file in files]


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
    """Find the files; a run directory gives its trajectories, references and settings.

    Raises:
        MentorError: a file does not exist or cannot be read, or a setting is wrong.
    """
    from mentor_core.contracts.trajectory import iterate_trajectories
    from mentor_lab.scoring import CHUNK, available_cores, read_lines
    from mentor_runs.assembly.references import References, Replay, replayed_in, verified
    from mentor_runs.command_line.options import configuration
    from mentor_runs.directory.run_directory import RunDirectory

    base: dict[str, Any] = {}
    parts: dict[str, list[Path]] = {}
    offered = list(reference_files)
    for path in files:
        if not path.is_dir():
            parts.setdefault("", []).append(path)
            continue
        run = RunDirectory.open(path)
        base = base or run.config.model_dump(mode="json")
        several = sum(path.is_dir() for path in files) > 1
        for file in sorted((path / "trajectories").glob("*.jsonl"), key=_when):
            name = _OF_A_PROCESS.sub("train", file.stem)
            parts.setdefault(f"{path}: {name}" if several else name, []).append(file)
        if not reference_files and run.references.is_file():
            offered.append(run.references)
    found = [path for part in parts.values() for path in part]
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
    known: dict[TaskKey, Task] = {}
    replays: dict[str, Replay | None] = {}
    if base or config_file or env or tasks:
        from mentor_runs.assembly.assemble import assemble

        for name, domain in assemble(config).domains.items():
            all_tasks = [task for split in SPLITS for task in domain.tasks(split)]
            known |= {task.key: task for task in all_tasks}
            replays[name] = replayed_in(domain.env, all_tasks)
    references = References({}, {})
    for name in dict.fromkeys(name for name, _ in by_task):
        own = {key: offered for key, offered in by_task.items() if key[0] == name}
        references = references.joined(verified(own, replays.get(name)))
    lines = sum(1 for _ in read_lines(found))
    few = lines < 8 * CHUNK  # other processes would take longer to start
    return Saved(
        parts=parts,
        reward=config.reward,
        tasks=known,
        references=references.of,
        notes=references.notes(),
        lines=lines,
        jobs=jobs or (1 if few else available_cores()),
    )


def _when(file: Path) -> tuple[int, str]:
    """Files of a run in the order of its phases: before, training, after."""
    phase = file.stem.rpartition("-")[2]
    return {"before": 0, "after": 2}.get(phase, 1), file.name


def reward_config(rewards: str, settings: Sequence[str] = ()) -> RewardConfig:
    """The settings of the reward that `--rewards` names, or that a TOML file holds.

    Raises:
        ConfigError: a key, value or name is wrong.
    """
    from mentor_runs.settings.naming import with_names
    from mentor_runs.settings.paths import anchored
    from mentor_runs.settings.resolve import parse_rewards, resolve
    from mentor_runs.settings.tables import merge, parse_setting, read_toml

    if rewards.endswith(".toml"):
        folder = Path(rewards).absolute().parent
        read = {key: value for key, value in read_toml(Path(rewards)).items() if key == "reward"}
        if not read:
            raise ConfigError(f"{rewards}: there is no table [reward] in it")
        values = anchored(with_names(read, folder), folder)
    else:
        values = {"reward": parse_rewards(rewards)}
    for setting in settings:
        values = merge(values, parse_setting(setting))
    return resolve(values, rewards).reward
