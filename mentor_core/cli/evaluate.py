"""`mentor eval`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mentor_core.cli.options import configuration, configuration_options
from mentor_core.errors import RunError
from mentor_core.task import SPLITS, Split

__all__ = ["command"]


@click.command("eval", short_help="Evaluate a student or a run's result.")
@click.argument("run", required=False, type=click.Path(path_type=Path))
@configuration_options
@click.option(
    "--split", "splits", multiple=True, type=click.Choice(SPLITS), help="May be repeated."
)
@click.option("--count", type=click.IntRange(min=1), help="Most tasks of each split.")
@click.option("--samples", type=click.IntRange(min=1), help="Episodes a task.")
@click.option("--temperature", type=click.FloatRange(min=0), help="0 is greedy.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Keep the trajectories in this new .jsonl file.",
)
def command(
    run: Path | None,
    splits: tuple[Split, ...],
    count: int | None,
    samples: int | None,
    temperature: float | None,
    output: Path | None,
    **options: Any,
) -> None:
    """Play tasks with a student and report how often it succeeds, with a 95 % interval.

    With RUN, its settings and its trained student are used.

    \b
    mentor eval runs/calculator-20260101-120000 --split ood --samples 4
    mentor eval --env calculator --model embedded --temperature 0
    """
    from rich.console import Console

    from mentor_core.assemble import assemble
    from mentor_core.evaluate import Summary, evaluation_starts, play, summarise_split
    from mentor_core.formats import fit
    from mentor_core.models import load_student
    from mentor_core.policy import Sampling
    from mentor_core.progress import bar
    from mentor_core.registry import POLICIES, create
    from mentor_core.report import as_table
    from mentor_core.run_directory import RunDirectory
    from mentor_core.trajectory import Trajectory, write_trajectories

    if output is not None and output.exists():
        raise RunError(f"{output} exists; choose another --output")
    base: dict[str, Any] = {}
    if run is not None:
        directory = RunDirectory.open(run)
        if not directory.model.exists():
            raise RunError(f"{run} has no trained model yet ({directory.status})")
        base = {**directory.config.model_dump(mode="json"), "model": str(directory.model)}
    given = {
        "splits": list(splits) or None,
        "tasks": count,
        "samples": samples,
        "temperature": temperature,
    }
    evaluate = {key: value for key, value in given.items() if value is not None}
    config = configuration(**options, more={"evaluate": evaluate}, base=base)
    parts = assemble(config)
    student = load_student(config.model, config.model_options)
    console = Console()
    for note in fit([domain.env for domain in parts.domains.values()], student.chat):
        console.print(f"note: {note}", highlight=False, markup=False, soft_wrap=True)
    policy = create(POLICIES, config.evaluate.policy)
    policy.prepare(student, Sampling(config.evaluate.temperature), parts.limits)
    rollout = parts.rollout(policy, parts.executor())
    summaries: dict[str, dict[str, Summary]] = {}
    played: list[Trajectory] = []
    for split in config.evaluate.splits:
        tasks = parts.evaluation_tasks(split)
        starts = evaluation_starts(tasks, config.evaluate.samples, config.seed)
        with bar(console, split, len(starts)) as shown:
            trajectories = play(rollout, starts, shown.on_end)
        played += trajectories
        if trajectories:
            found = summarise_split(split, trajectories, [*parts.domains])
            summaries |= {name: {config.model: summary} for name, summary in found.items()}
    rollout.close()
    if not summaries:
        raise RunError(f"no tasks in the splits {', '.join(config.evaluate.splits)}")
    console.print(as_table(summaries, f"{config.env}: {config.model}"))
    if output is not None:
        with output.open("x", encoding="utf-8") as file:
            write_trajectories(file, played)
        console.print(f"trajectories in {output}", highlight=False)
