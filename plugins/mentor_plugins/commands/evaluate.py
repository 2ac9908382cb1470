"""`mentor eval`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mentor_core.cli.options import PATH, check_output, configuration, configuration_options
from mentor_core.contracts.task import Split
from mentor_core.support.errors import ConfigError, RunError

__all__ = ["command"]


@click.command("eval", short_help="Evaluate a student or a run's result.")
@click.argument("run", required=False, type=PATH)
@configuration_options
@click.option(
    "--split",
    "splits",
    multiple=True,
    metavar="NAME",
    help="train, eval, ood, or a shift of the environment; may be repeated.",
)
@click.option("--count", type=click.IntRange(min=1), help="Most tasks of each split.")
@click.option("--samples", type=click.IntRange(min=1), help="Episodes a task.")
@click.option("--temperature", type=click.FloatRange(min=0), help="0 is greedy.")
@click.option("--policy", metavar="NAME", help="What plays: transformers, openai, …")
@click.option(
    "--output",
    type=PATH,
    metavar="FILE",
    help="Keep the trajectories in this new .jsonl file, each as it ends; settings beside it.",
)
@click.option(
    "--resume", is_flag=True, help="Go on with a --output that is there, by the same settings."
)
def command(
    run: Path | None,
    splits: tuple[Split, ...],
    count: int | None,
    samples: int | None,
    temperature: float | None,
    policy: str | None,
    output: Path | None,
    resume: bool,
    **options: Any,
) -> None:
    """Play tasks with a student and report how often it succeeds, with a 95 % interval.

    With RUN, its settings and its trained student are used.

    \b
    mentor eval runs/calculator-20260101-120000 --split ood --samples 4
    mentor eval --env calculator --model embedded --temperature 0
    mentor eval --policy openai --set evaluate.policy_options.model=NAME --output teacher.jsonl
    """
    from rich.console import Console

    from mentor_core.door.registry import POLICIES, create
    from mentor_core.model.models import load_student
    from mentor_core.play.evaluate import pass_at
    from mentor_core.run.assemble import assemble
    from mentor_core.run.evaluation import Evaluation
    from mentor_core.run.report import as_table
    from mentor_core.run.run_directory import RunDirectory
    from mentor_core.support.redaction import refuse_hidden
    from mentor_core.support.validation import given_as
    from mentor_plugins.commands.kept import Kept, played_with

    check_output(output)
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
        "policy": policy,
    }
    evaluate = {key: value for key, value in given.items() if value is not None}
    config = configuration(**options, more={"evaluate": evaluate}, base=base)
    if not config.evaluate.splits or not config.evaluate.tasks:
        raise ConfigError(
            "nothing is to be evaluated: evaluate.splits is empty, or evaluate.tasks is 0; "
            "give --split and --count"
        )
    refuse_hidden(config.model_dump(include={"evaluate", "env_options"}))
    parts = assemble(config)
    with given_as("--set evaluate.policy_options."):
        player = create(POLICIES, config.evaluate.policy, config.evaluate.policy_options)
    kept = Kept(output, played_with(config, player), resume)
    console = Console()
    student, name = None, str(config.evaluate.policy_options.get("model", config.evaluate.policy))
    if player.needs_model:
        student, name = load_student(config.model, config.model_options), config.model
    for note in [*parts.check_splits(config.evaluate.splits), *parts.match_player(player, student)]:
        console.print(f"note: {note}", highlight=False, markup=False, soft_wrap=True)
    evaluation = Evaluation(parts, player, parts.executor(), console)
    evaluation.prepare(student)
    chances: dict[Split, dict[int, float]] = {}
    for split in config.evaluate.splits:
        left, trajectories = kept.split(evaluation.starts(split))
        trajectories += evaluation.play(split, left, kept.add)
        evaluation.add(split, name, trajectories)
        if trajectories:
            chances[split] = pass_at(trajectories)
    evaluation.close()
    summaries = evaluation.summaries
    if not summaries:
        raise RunError(f"no tasks in the splits {', '.join(config.evaluate.splits)}")
    console.print(as_table(summaries, f"{config.env}: {name}"))
    for split, chance in chances.items():
        if config.evaluate.samples > 1:
            line = ", ".join(f"pass@{k} {share:.1%}" for k, share in chance.items())
            console.print(f"{split}: {line}", highlight=False)
    if output is not None:
        console.print(f"trajectories in {output}", highlight=False)
