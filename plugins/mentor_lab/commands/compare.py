"""`mentor compare`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mentor_core.support.errors import ConfigError
from mentor_lab.commands.systems import episodes_file
from mentor_runs.command_line.json_output import console_for, json_option, print_json
from mentor_toolkit.lines import print_line

if TYPE_CHECKING:
    from mentor_runs.evaluation.paired import Paired

__all__ = ["command"]


@click.command("compare", short_help="Compare systems on the same tasks, with intervals.")
@click.argument("systems", nargs=-1, required=True, metavar="A B …")
@click.option(
    "--of",
    "name",
    metavar="NAME",
    default="eval-after",
    show_default=True,
    help="Which episodes of a run: eval-after, ood-after, eval-before, …",
)
@click.option(
    "--show",
    type=click.IntRange(min=0),
    default=5,
    show_default=True,
    metavar="N",
    help="Tasks won and lost to name.",
)
@json_option
def command(systems: tuple[str, ...], name: str, show: int, as_json: bool) -> None:
    """Compare each system with the first, task by task.

    A system is a run, or a file that `mentor eval --output` kept; several seeds of one are
    separated by commas. The interval is over tasks, and over seeds if there are several.

    \b
    mentor compare runs/sparse runs/mentor
    mentor compare sft-0.jsonl,sft-1.jsonl,sft-2.jsonl hard-0.jsonl,hard-1.jsonl,hard-2.jsonl
    """
    from mentor_core.contracts.trajectory import read_trajectories
    from mentor_runs.evaluation.paired import compare, success_by_task

    if len(systems) < 2:
        raise ConfigError("expected at least two systems to compare, such as RUN RUN")
    read = []
    for system in systems:
        files = [episodes_file(Path(part).expanduser(), name) for part in system.split(",")]
        read.append([success_by_task(read_trajectories(file)) for file in files])
    found = [compare(read[0], other) for other in read[1:]]
    if as_json:
        rows = [
            {"a": systems[0], "b": system, **asdict(paired)}
            for system, paired in zip(systems[1:], found, strict=True)
        ]
        print_json(comparisons=rows)
        return
    for system, paired in zip(systems[1:], found, strict=True):
        for line in _lines(systems[0], system, paired, show):
            print_line(console_for(as_json), line)


def _lines(a: str, b: str, paired: Paired, show: int) -> list[str]:
    seeds = paired.seeds
    over = "seeds and tasks" if max(seeds) > 1 else "tasks; one seed each, so nothing about seeds"
    low, high = (100 * bound for bound in paired.interval)
    successes = (
        f"success of A {paired.success[0]:.1%}, of B {paired.success[1]:.1%}, on "
        f"{paired.tasks} tasks, {seeds[0]} and {seeds[1]} seed(s)"
    )
    difference = (
        f"B − A {100 * paired.difference:+.1f} points, 95 % interval {low:+.1f} to {high:+.1f} "
        f"(over {over}); p = {paired.p_value:.4f} (permutation of tasks)"
    )
    lines = [
        f"A  {a}",
        f"B  {b}",
        f"   {successes}",
        f"   {difference}",
    ]
    if paired.left_out:
        lines.append(f"   left out: {paired.left_out} tasks that not all files have verified")
    if paired.interval[0] <= 0 <= paired.interval[1]:
        wanted = f"; {paired.needed} tasks would be needed" if paired.needed else ""
        lines.append(f"   A and B cannot be told apart with {paired.tasks} tasks{wanted}")
    for label, tasks in (("won", paired.won), ("lost", paired.lost)):
        named = _named(tasks, show)
        lines.append(f"   B {label} {len(tasks)} tasks{': ' + named if named else ''}")
    return lines


def _named(tasks: Sequence[Any], show: int) -> str:
    ids = [task_id for _, task_id in tasks[:show]]
    return ", ".join(ids) + (", …" if ids and len(tasks) > show else "")
