"""An exported student played through its server, beside the run's student in the process."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from mentor_core.contracts.policy import Student
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.door.registry import POLICIES, create
from mentor_core.support.errors import DataError
from mentor_plugins.commands.splits import Evaluation
from mentor_plugins.export.figures import Served
from mentor_plugins.export.server import Server, running
from mentor_plugins.models.formats import match_player
from mentor_plugins.models.loading import load_student
from mentor_runs.assembly.assemble import assemble
from mentor_runs.evaluation.paired import compare, success_by_task
from mentor_runs.settings.resolve import resolve

__all__ = ["measure_server"]

_AT_ONCE = {"transformers": 4, "vllm": 32}
"""Most requests under way: `transformers serve` answers one after another."""

Played = dict[str, list[Trajectory]]


def measure_server(
    settings: Mapping[str, Any], server: Server, tasks: int, console: Console
) -> list[Served]:
    """Play the same tasks greedily with the run's student and through a server of the export.

    Args:
        settings: the run's settings, with the run's student as the model.
        tasks: most tasks of each split and environment.
        console: shows the progress.

    Raises:
        MentorError: the server does not start, or too many of its episodes break.
    """
    here = _play(settings, tasks, "transformers", {}, console, "in the process")
    options = {
        "model": server.model,
        "base_url": server.base_url,
        "concurrency": _AT_ONCE[server.engine],
        "timeout": 600.0,
    }
    with tempfile.TemporaryDirectory() as folder:
        console.print(f"starting {server.line}", highlight=False, markup=False, soft_wrap=True)
        with running(server, Path(folder) / "server.log"):
            there = _play(settings, tasks, "openai", options, console, "through the server")
    return [_compared(split, server, here[split], there[split]) for split in here if here[split]]


def _play(
    settings: Mapping[str, Any],
    tasks: int,
    policy: str,
    options: dict[str, Any],
    console: Console,
    label: str,
) -> Played:
    evaluate = {
        "splits": settings["evaluate"]["splits"],
        "tasks": tasks,
        "temperature": 0.0,
        "policy": policy,
        "policy_options": options,
    }
    # A server gives calls apart from the text, and the policy writes them in a format of its own.
    parser = settings["parser"] if policy == "transformers" else "auto"
    config = resolve({**settings, "parser": parser, "evaluate": evaluate})
    parts = assemble(config)
    player = create(POLICIES, policy, options)
    student: Student | None = None
    if player.needs_model:
        student = load_student(config.model, config.model_options)
    match_player(parts.envs, player, student)
    evaluation = Evaluation(parts, player, parts.executor(), console)
    evaluation.prepare(student)
    try:
        return {
            split: evaluation.play(f"{split} {label}", evaluation.starts(split), lambda _: None)
            for split in config.evaluate.splits
        }
    finally:
        evaluation.close()


def _compared(
    split: str, server: Server, here: Sequence[Trajectory], there: Sequence[Trajectory]
) -> Served:
    try:
        paired = compare([success_by_task(here)], [success_by_task(there)])
    except DataError:  # not one task that both have verified
        paired = None
    told = {(t.task_key, t.seed): _told(t) for t in here}
    return Served(
        split=split,
        server=f"{server.engine} serve",
        paired=paired,
        differing=sum(told.get((t.task_key, t.seed)) != _told(t) for t in there),
        episodes=len(there),
        broken=sum(t.end == "error" for t in there),
    )


def _told(trajectory: Trajectory) -> Any:
    """The part of an episode that does not depend on the format of its calls."""
    return trajectory.answer, [[(c.name, c.arguments) for c in t.calls] for t in trajectory.turns]
