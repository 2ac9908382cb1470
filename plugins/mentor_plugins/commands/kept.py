"""The file of trajectories that `mentor eval` keeps, with a file of settings beside it.

FILE.jsonl has trajectories and nothing else, so that every reader of trajectories can read the
file. The settings are in FILE.settings.toml. Only episodes of the same settings are added.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import tomli_w

from mentor_core.contracts.policy import Policy
from mentor_core.contracts.task import TaskKey
from mentor_core.contracts.trajectory import (
    Trajectory,
    format_trajectory,
    parse_trajectory,
    read_trajectories,
    write_trajectories,
)
from mentor_core.play.rollout import Start
from mentor_core.support.errors import DataError, RunError
from mentor_runs.settings.config import RunConfig, to_toml
from mentor_runs.settings.tables import read_toml
from mentor_toolkit.disk import write_atomically

__all__ = ["Kept", "end_lines", "played_with", "settings_file"]

_ROLLOUT = ("max_turns", "max_turn_tokens", "max_episode_tokens", "tool_seconds", "episode_seconds")
_NOTHING: Any = object()


def settings_file(file: Path) -> Path:
    """The path of the settings of a file of trajectories."""
    return file.with_suffix(".settings.toml")


def end_lines(path: Path) -> None:
    """Prepare a file for appending: a torn last line is removed, a whole one gets a line feed."""
    with path.open("rb+") as file:
        text = file.read()
        whole = text.rfind(b"\n") + 1
        try:
            parse_trajectory(text[whole:], str(path))
        except DataError:
            file.truncate(whole)
        else:
            file.write(b"\n")


def played_with(config: RunConfig, player: Policy) -> dict[str, Any]:
    """The settings that an evaluated episode depends on, besides its task.

    The number of tasks and samples, and the way to ask a server, are not among them.
    """
    settings = tomllib.loads(to_toml(config))  # without secrets, as it will be written
    used = {key: settings[key] for key in ("env", "env_options", "parser", "seed")}
    used |= {key: settings[key] for key in ("gate", "gate_options") if key in settings}
    if player.needs_model:
        used |= {key: settings[key] for key in ("model", "model_options")}
    used["rollout"] = {key: settings["rollout"][key] for key in _ROLLOUT}
    evaluate = settings["evaluate"]
    options = evaluate["policy_options"].items()
    used["evaluate"] = {
        "temperature": evaluate["temperature"],
        "policy": evaluate["policy"],
        "policy_options": {key: value for key, value in options if key not in player.ways},
    }
    return used


class Kept:
    """The file of an evaluation's trajectories.

    Args:
        file: path of the file; None: nothing is kept.
        settings: the settings of the episodes.
        resume: the file exists, and episodes are added to it.

    Raises:
        RunError: the file exists and `resume` is not set, or the other way round; or the settings
            differ (names the keys).
        DataError: the file cannot be read.
    """

    def __init__(self, file: Path | None, settings: Mapping[str, Any], resume: bool) -> None:
        self.file = file
        self._played: dict[tuple[TaskKey, int | None], Trajectory] = {}
        if resume:
            if file is None or not file.exists():
                raise RunError("--resume needs an --output that is there")
            _check_same(file, settings)
            end_lines(file)
            found = read_trajectories(file)
            self._played = {_episode(t): t for t in found if t.end == "error"}
            self._played |= {_episode(t): t for t in found if t.end != "error"}
            left = [
                t for t in found if t.end != "error" or self._played[_episode(t)].end == "error"
            ]
            if len(left) < len(found):  # repeated by a version that kept both
                self._rewrite(left)
        elif file is not None:
            if file.exists():
                raise RunError(
                    f"{file} exists; choose another --output, or go on with it: --resume"
                )
            write_atomically(settings_file(file), tomli_w.dumps(settings))

    def split(self, starts: Sequence[Start]) -> tuple[list[Start], list[Trajectory]]:
        """The starts that are left to play, and the trajectories that have been played.

        Episodes that broke are removed from the file and played again.
        """
        left, played, broken = [], [], set()
        for start in starts:
            episode = (start.task.key, start.seed)
            found = self._played.get(episode)
            if found is None or found.end == "error":
                left.append(start)
                broken |= {episode} & self._played.keys()
            else:
                played.append(found)
        if self.file is not None and broken:
            self._rewrite(t for t in read_trajectories(self.file) if _episode(t) not in broken)
        return left, played

    def add(self, trajectory: Trajectory) -> None:
        """Keep an episode that has ended."""
        if self.file is not None:
            with self.file.open("a", encoding="utf-8") as file:
                write_trajectories(file, [trajectory])

    def _rewrite(self, trajectories: Iterable[Trajectory]) -> None:
        assert self.file is not None
        write_atomically(self.file, "".join(map(format_trajectory, trajectories)))


def _episode(trajectory: Trajectory) -> tuple[TaskKey, int | None]:
    """The key that tells an episode of an evaluation from all others."""
    return trajectory.task_key, trajectory.seed


def _check_same(file: Path, settings: Mapping[str, Any]) -> None:
    beside = settings_file(file)
    if not beside.exists():
        raise RunError(
            f"--resume: {beside} is not there, with the settings of {file}; choose another --output"
        )
    before, now = dict(_flat(read_toml(beside))), dict(_flat(settings))
    differ = [
        f"{key} is {_shown(now, key)} and was {_shown(before, key)}"
        for key in sorted(before | now)
        if before.get(key, _NOTHING) != now.get(key, _NOTHING)
    ]
    if differ:
        raise RunError(
            f"--resume: {file} was played with other settings: {'; '.join(differ)}. Give the "
            "same, or choose another --output"
        )


def _shown(settings: Mapping[str, Any], key: str) -> str:
    return repr(settings[key]) if key in settings else "not set"


def _flat(settings: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value
