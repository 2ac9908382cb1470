"""Launch: checks, begins or resumes a run, for all commands that train."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mentor_core.support.errors import ConfigError
from mentor_core.support.importing import importing
from mentor_runs.command_line.options import PATH
from mentor_runs.settings.hidden import refuse_hidden

if TYPE_CHECKING:
    from mentor_runs.settings.config import RunConfig

__all__ = ["launch", "launch_options", "store_settings", "teacher_option"]

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--output",
        type=PATH,
        metavar="DIR",
        help="Run directory; runs/ENV-DATE-TIME if not given.",
    ),
    click.option(
        "--resume",
        type=PATH,
        metavar="RUN",
        help="Continue an interrupted run from its last checkpoint.",
    ),
    click.option(
        "--dry-run", is_flag=True, help="Check everything, print the settings, do nothing."
    ),
)

teacher_option = click.option(
    "--teacher",
    type=PATH,
    metavar="STORE",
    help="References come from this teacher store, which `mentor teach` fills.",
)


def store_settings(teacher: Path | None) -> dict[str, Any]:
    """The settings that `--teacher` stands for; none if it was not given."""
    if teacher is None:
        return {}
    return {"source": "store", "source_options": {"file": str(teacher.absolute())}}


def launch_options(command: F) -> F:
    """Add `--output --resume --dry-run` to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def launch(
    configure: Callable[[], RunConfig],
    given: bool,
    output: Path | None,
    resume: Path | None,
    dry_run: bool,
) -> None:
    """Begin a run, or resume one.

    Args:
        configure: gives the settings of a new run.
        given: a setting was given; a resumed run takes none.

    Raises:
        MentorError: the user can mend the fault.
    """
    from rich.console import Console
    from rich.markup import escape

    from mentor_plugins.models.formats import match_formats
    from mentor_plugins.models.loading import check_model, load_student, model_path
    from mentor_runs.assembly.assemble import assemble
    from mentor_runs.directory.run_directory import RunDirectory, default_output
    from mentor_runs.settings.config import to_toml
    from mentor_toolkit.progress_bar import watched

    main = os.environ.get("RANK", "0") == "0"  # set by launchers of several processes
    if resume is not None:
        if given or output is not None:
            raise ConfigError("--resume takes the run's own settings; give no others with it")
        directory = RunDirectory.open(resume)
        directory.check_settings()
        config, output = directory.config, directory.path
        if directory.status == "finished":
            click.echo(f"{resume} is finished; its figures are in {resume / 'report.md'}")
            return
        if main:
            directory.check_free()
    else:
        config = configure()
        output = output or default_output(config.environments)
        if main:
            RunDirectory.check(output)
    refuse_hidden(config.model_dump())
    parts = assemble(config)  # before torch is imported, so that a wrong name is told at once
    model_path(config.model)
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    for stage in parts.stages:
        stage.trainer.check(config, processes)
    if dry_run:
        told = Console(stderr=True)
        told.quiet = not told.is_terminal
        _, references = parts.training_tasks(partial(watched, told, "references"))
        for note in references.notes():
            click.echo(note, err=True)
        for split in config.evaluate.splits:
            parts.evaluation_tasks(split)
        parts.check_policies()
        chat = check_model(config.model)
        if chat is not None:
            match_formats(parts.envs, chat)
        if config.model_options or config.train.lora is not None:
            model = load_student(config.model, config.model_options).model
            for stage in parts.stages:
                stage.trainer.check_model(config, model)
        click.echo(to_toml(config), nl=False)
        return
    console = Console(quiet=not main)
    console.print(
        f"[bold]{config.env}[/]: student {escape(config.model)}, {config.train.steps} steps, "
        f"files in {escape(str(output))}",
        highlight=False,
        soft_wrap=True,
    )
    with importing():
        from mentor_plugins.commands.job import run

    run(parts, output, console, resume=resume is not None)
