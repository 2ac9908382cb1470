"""`mentor sft`."""

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


@click.command("sft", short_help="Train a student to imitate the teacher.")
@configuration_options
@click.option("--steps", type=click.IntRange(min=1), help="Optimizer steps.")
@click.option("--references", type=click.IntRange(min=1), help="Most references to imitate.")
@teacher_option
@launch_options
def command(
    steps: int | None,
    references: int | None,
    teacher: Path | None,
    output: Path | None,
    resume: Path | None,
    dry_run: bool,
    **options: Any,
) -> None:
    """Evaluate a student, let it imitate the teacher's references, and evaluate it again.

    The same as `mentor run --set trainer=sft`: the baseline of reinforcement. `mentor run
    --warm-start sft:64` imitates first, and then reinforces.

    \b
    mentor sft --env calculator --steps 64 --references 256
    mentor sft --env calculator --teacher teacher.db
    mentor sft --set source=saved --set 'source_options.files=["teacher.jsonl"]'
    """
    more: dict[str, Any] = {"trainer": "sft"}
    if steps is not None:
        more["train"] = {"steps": steps}
    if references is not None:
        more["trainer_options"] = {"references": references}
    more |= store_settings(teacher)
    given = [steps, references, teacher, *options.values()]
    launch(
        lambda: configuration(**options, more=more),
        any(value not in (None, ()) for value in given),
        output,
        resume,
        dry_run,
    )
