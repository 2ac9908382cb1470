"""`mentor run`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mentor_plugins.commands.launch import (
    launch,
    launch_options,
    store_settings,
    teacher_option,
)
from mentor_runs.command_line.options import configuration, configuration_options

__all__ = ["command"]


@click.command("run", short_help="Train a student on an environment.")
@configuration_options
@click.option(
    "--rewards",
    metavar="TERMS",
    help="A preset, or terms with weights: teacher=0.3,outcome=0.7; see `mentor rewards`. A term "
    "of your own: MODULE:CLASS or FILE.py:CLASS.",
)
@click.option(
    "--recipe",
    metavar="NAME",
    help="Settings of a whole run, under all others; see `mentor recipes`.",
)
@click.option("--steps", type=click.IntRange(min=0), help="Optimizer steps; 0 evaluates only.")
@click.option(
    "--warm-start",
    metavar="TRAINER:STEPS",
    help="Train so before the training: sft:64 imitates the references first.",
)
@teacher_option
@launch_options
def command(
    rewards: str | None,
    recipe: str | None,
    steps: int | None,
    warm_start: str | None,
    teacher: Path | None,
    output: Path | None,
    resume: Path | None,
    dry_run: bool,
    **options: Any,
) -> None:
    """Evaluate a student, train it with the teacher's references, and evaluate it again.

    \b
    mentor run --env calculator --rewards teacher,outcome
    mentor run --recipe hard --env calculator
    mentor run --model ./my-model --tasks my-tasks.jsonl --steps 200
    mentor run --resume runs/calculator-20260101-120000
    """
    given = [rewards, recipe, steps, warm_start, teacher, *options.values()]
    more: dict[str, Any] = {"train": {"steps": steps}} if steps is not None else {}
    more |= {"warm_start": warm_start} if warm_start is not None else {}
    more |= store_settings(teacher)
    launch(
        lambda: configuration(
            **options, rewards=rewards, more=more, base=_recipe(recipe) if recipe else None
        ),
        any(value not in (None, ()) for value in given),
        output,
        resume,
        dry_run,
    )


def _recipe(name: str) -> dict[str, Any]:
    """A recipe's settings.

    Raises:
        UnknownName: there is no such recipe.
        ConfigError: a key or value of the recipe is wrong.
    """
    from mentor_runs.settings.recipes import read_recipe
    from mentor_runs.settings.resolve import resolve

    settings = read_recipe(name).settings
    resolve(settings, f"recipe {name!r}")
    return settings
