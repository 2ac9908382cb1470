"""`mentor eval`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

import click

from mentor_core.contracts.task import Split
from mentor_core.support.errors import ConfigError, RunError
from mentor_runs.command_line.json_output import console_for, json_option, print_json
from mentor_runs.command_line.options import (
    PATH,
    check_output,
    checkpoint_option,
    configuration,
    configuration_options,
)
from mentor_toolkit.lines import print_line

__all__ = ["command"]


@click.command("eval", short_help="Evaluate any policy: a run, a model, a server.")
@click.argument("path", required=False, type=PATH, metavar="[RUN|MODEL]")
@checkpoint_option
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
@click.option("--policy", metavar="NAME", help="The player: transformers, openai, scripted, …")
@click.option(
    "--rewards",
    metavar="PRESET|TERMS",
    help="Terms to score: a preset, or term,term; see `mentor rewards`.",
)
@click.option("--prices", type=PATH, metavar="FILE", help="TOML table: model → dollars.")
@click.option(
    "--output",
    type=PATH,
    metavar="FILE",
    help="Keep the trajectories in this new .jsonl file, each as it ends; settings beside it.",
)
@click.option(
    "--resume", is_flag=True, help="Go on with a --output that is there, by the same settings."
)
@json_option
def command(
    path: Path | None,
    checkpoint: int | None,
    splits: tuple[Split, ...],
    count: int | None,
    samples: int | None,
    temperature: float | None,
    policy: str | None,
    rewards: str | None,
    prices: Path | None,
    output: Path | None,
    resume: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Play tasks with a policy, and report success with a 95 % interval, rewards and expenses.

    With RUN, its settings and its trained student are used. MODEL is a directory or a GGUF file.

    \b
    mentor eval runs/calculator-20260101-120000 --split ood --samples 4 --temperature 1
    mentor eval runs/calculator-20260101-120000 --checkpoint 20 --json
    mentor eval --env calculator --model embedded --temperature 0
    mentor eval --policy openai --set evaluate.policy_options.model=NAME --output teacher.jsonl
    """
    from mentor_core.door.registry import POLICIES, create
    from mentor_plugins.commands.evaluated_model import settings_of
    from mentor_plugins.commands.kept import Kept, played_with
    from mentor_plugins.commands.measured import Measured, lines, measure, priced, score_terms
    from mentor_plugins.commands.splits import Evaluation
    from mentor_plugins.models.formats import match_player
    from mentor_plugins.models.loading import load_student
    from mentor_plugins.teacher_store.prices import Prices
    from mentor_runs.assembly.assemble import assemble
    from mentor_runs.evaluation.report import as_table
    from mentor_runs.settings.hidden import refuse_hidden
    from mentor_runs.settings.keys import given_as

    check_output(output)
    given = {
        "splits": list(splits) or None,
        "tasks": count,
        "samples": samples,
        "temperature": temperature,
        "policy": policy,
    }
    evaluate = {key: value for key, value in given.items() if value is not None}
    base = settings_of(path, checkpoint)
    config = configuration(**options, rewards=rewards, more={"evaluate": evaluate}, base=base)
    if not config.evaluate.splits or not config.evaluate.tasks:
        raise ConfigError(
            "nothing is to be evaluated: evaluate.splits is empty, or evaluate.tasks is 0; "
            "give --split and --count"
        )
    refuse_hidden(config.model_dump(include={"evaluate", "env_options"}))
    parts = assemble(config)
    with given_as("--set evaluate.policy_options."):
        player = create(POLICIES, config.evaluate.policy, config.evaluate.policy_options)
    model = config.evaluate.policy_options.get("model")
    table = Prices.read(prices, model) if prices is not None else Prices(model=model)
    settings = played_with(config, player)
    kept = Kept(output, settings, resume)
    console = console_for(as_json)

    def say(line: str) -> None:
        print_line(console, line)

    student, name = None, str(config.evaluate.policy_options.get("model", config.evaluate.policy))
    if player.needs_model:
        student, name = load_student(config.model, config.model_options), config.model
    notes = parts.check_splits(config.evaluate.splits)
    for note in [*notes, *match_player(parts.envs, player, student)]:
        say(f"note: {note}")
    evaluation = Evaluation(parts, player, parts.executor(), console)
    evaluation.prepare(student)
    measured: dict[str, Measured] = {}
    seconds: dict[str, float] = {}
    for split in config.evaluate.splits:
        starts = evaluation.starts(split)
        left, trajectories = kept.split(starts)
        began = perf_counter()
        try:
            trajectories += evaluation.play(split, left, lambda t: kept.add(priced(t, table)))
        except KeyboardInterrupt:
            if output is not None:
                click.echo(f"what was played is in {output}; --resume goes on", err=True)
            raise
        if not trajectories:
            continue
        seconds[split] = perf_counter() - began
        tasks = {start.task.key: start.task for start in starts}
        score_terms(parts, [priced(t, table) for t in trajectories], tasks, say)
        evaluation.add(split, name, trajectories)
        for key, own in evaluation.groups(split, trajectories).items():
            measured[key] = measure(own, parts.reward.terms)
    evaluation.close()
    summaries = {key: by_player[name] for key, by_player in evaluation.summaries.items()}
    if not summaries:
        raise RunError(f"no tasks in the splits {', '.join(config.evaluate.splits)}")
    if as_json:
        found = {key: asdict(summaries[key]) | asdict(measured[key]) for key in summaries}
        print_json(
            player=name, settings=settings, output=output, seconds=seconds, evaluations=found
        )
        return
    console.print(as_table(evaluation.summaries, f"{config.env}: {name}", console.width))
    for key, summary in summaries.items():
        for line in lines(key, summary, measured[key], config.evaluate.samples):
            say(line)
    played = ", ".join(f"{split} {wall:.1f} s" for split, wall in seconds.items())
    say(f"wall time of this evaluation: {played}")
    if output is not None:
        say(f"trajectories in {output}")
