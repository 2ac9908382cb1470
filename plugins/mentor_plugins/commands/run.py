"""`mentor run`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mentor_core.cli.options import configuration, configuration_options
from mentor_plugins.commands.launch import launch, launch_options

__all__ = ["command"]


@click.command("run", short_help="Train a student on an environment.")
@configuration_options
@click.option(
    "--rewards",
    metavar="TERMS",
    help="A preset, or terms with weights: teacher=0.3,outcome=0.7; see `mentor rewards`. A term "
    "of your own: MODULE:CLASS or FILE.py:CLASS.",
)
@click.option("--steps", type=click.IntRange(min=0), help="Optimizer steps; 0 evaluates only.")
@click.option(
    "--warm-start",
    metavar="TRAINER:STEPS",
    help="Train so before the training: sft:64 imitates the references first.",
)
@launch_options
def command(
    rewards: str | None,
    steps: int | None,
    warm_start: str | None,
    output: Path | None,
    resume: Path | None,
    dry_run: bool,
    **options: Any,
) -> None:
    """Evaluate a student, train it with the teacher's references, and evaluate it again.

    \b
    mentor run --env calculator --rewards teacher,outcome
    mentor run --model ./my-model --tasks my-tasks.jsonl --steps 200
    mentor run --resume runs/calculator-20260101-120000
    """
    given = [rewards, steps, warm_start, *options.values()]
    more: dict[str, Any] = {"train": {"steps": steps}} if steps is not None else {}
    more |= {"warm_start": warm_start} if warm_start is not None else {}
    launch(
        lambda: configuration(**options, rewards=rewards, more=more),
        any(value not in (None, ()) for value in given),
        output,
        resume,
        dry_run,
    )
