"""`mentor show`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mentor_core.support.errors import RunError, nearest
from mentor_runs.command_line.json_output import json_option, print_json
from mentor_runs.command_line.options import PATH, limit_option

if TYPE_CHECKING:
    from rich.console import RenderableType

    from mentor_core.contracts.trajectory import Trajectory
    from mentor_runs.directory.run_directory import RunDirectory

__all__ = ["command", "episode"]


@click.command("show", short_help="Read a run's episodes, teacher beside student.")
@click.argument("run", type=PATH)
@click.option(
    "--of", "name", metavar="NAME", help="Which episodes: train, eval-before, eval-after, …"
)
@click.option("--env", metavar="NAME", help="Only episodes in this environment.")
@click.option("--task", metavar="ID", help="Only episodes of this task.")
@click.option("--step", type=int, help="Only episodes of this training step (from 0).")
@click.option("--failed", is_flag=True, help="Only episodes without success.")
@limit_option(3, "episodes")
@json_option
def command(
    run: Path,
    name: str | None,
    env: str | None,
    task: str | None,
    step: int | None,
    failed: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Read episodes of RUN in the terminal, the teacher's reference beside the student's.

    \b
    mentor show runs/calculator-20260101-120000
    mentor show runs/calculator-20260101-120000 --of eval-before --failed -n 1
    """
    from rich.console import Console

    from mentor_core.contracts.trajectory import iterate_trajectories
    from mentor_runs.directory.run_directory import RunDirectory

    directory = RunDirectory.open(run)
    files = {p.stem: p for p in sorted((run / "trajectories").glob("*.jsonl"))}
    if not files:
        raise RunError(f"{run} has no episodes yet ({directory.status})")
    name = name or next((n for n in ("eval-after", "train") if n in files), next(iter(files)))
    if name not in files:
        raise RunError(f"{run} has no episodes {name!r}{nearest(name, files)}")
    asked = {"env": env, "task": task, "step": None if step is None else str(step)}
    there: dict[str, set[str]] = {option: set() for option in asked}
    console = Console()
    shown: list[Trajectory] = []
    for trajectory in iterate_trajectories(files[name]):
        found = {
            "env": trajectory.env,
            "task": trajectory.task_id,
            "step": str(trajectory.policy_version),
        }
        for option, value in found.items():
            there[option].add(value)
        if any(value not in (None, found[option]) for option, value in asked.items()):
            continue
        if failed and (trajectory.outcome or 0.0) >= 1.0:
            continue
        if len(shown) == limit:
            break
        shown.append(trajectory)
        if not as_json:
            console.print(episode(trajectory, next(iter(_references(directory, trajectory)), None)))
    if not shown:
        for option, wanted in asked.items():
            if wanted is not None and wanted not in there[option]:
                known = nearest(wanted, there[option])
                raise RunError(f"{files[name]} has no episode with --{option} {wanted}{known}")
        raise RunError(f"no episode in {files[name]} is all that the options ask for")
    if as_json:
        rows = [
            {"trajectory": found, "references": [*_references(directory, found)]} for found in shown
        ]
        print_json(file=files[name], episodes=rows)


def _references(directory: RunDirectory, student: Trajectory) -> Iterable[Trajectory]:
    from mentor_core.contracts.trajectory import iterate_trajectories

    if directory.references.exists():
        for reference in iterate_trajectories(directory.references):
            if reference.task_key == student.task_key:
                yield reference


def episode(student: Trajectory, teacher: Trajectory | None) -> RenderableType:
    """An episode turn by turn, beside the teacher's if there is one."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    prompt = student.prompt[-1]["content"] if student.prompt else ""
    table = Table(show_lines=True, expand=True)
    table.add_column(f"{student.source}: {_result(student)}", ratio=1)
    if teacher is not None:
        table.add_column(f"{teacher.source}: {_result(teacher)}", ratio=1)
    turns = max(len(student.turns), len(teacher.turns) if teacher else 0)
    for i in range(turns):
        cells = [_turn(student, i)]
        if teacher is not None:
            cells.append(_turn(teacher, i))
        table.add_row(*cells)
    scores = "  ".join(
        f"{name} {'–' if score is None else f'{score:.2f}'}"
        for name, score in student.scores.items()
    )
    reward = "" if student.reward is None else f"reward {student.reward:.3f}  "
    heading = Text(f"{student.task_id}\n", style="bold") + Text(prompt, style="not bold")
    return Group(heading, table, Text(f"{reward}{scores}\n", style="dim"))


def _result(trajectory: Trajectory) -> str:
    outcome = "not verified" if trajectory.outcome is None else f"outcome {trajectory.outcome:g}"
    return f"{trajectory.end}, {outcome}"


def _turn(trajectory: Trajectory, index: int) -> RenderableType:
    from rich.text import Text

    if index >= len(trajectory.turns):
        return Text("")
    turn = trajectory.turns[index]
    text = Text(turn.text if turn.complete else turn.text + " … (cut off)")
    for message in turn.observation:
        text.append(f"\n→ {message['content']}", style="cyan")
    return text
