"""`mentor student`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from mentor_core.door.registry import STUDENTS, directory
from mentor_core.support.errors import ConfigError, UnknownName

__all__ = ["build", "command"]


@click.group("student", short_help="Make an embedded student from its recipe.")
def command() -> None:
    """Make embedded students: small models that have learnt a little of one environment."""


@command.command("build", short_help="Make the student of an environment.")
@click.argument("name")
@click.option(
    "--recipe",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML file with demonstrations and training; else the registered student's.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Directory of the model and its tokenizer; else beside the recipe.",
)
def build(name: str, recipe: Path | None, output: Path | None) -> None:
    """Make the embedded student of the environment NAME, from recipe.toml in its directory.

    A package registers the directory with the hook mentor_students. The command takes minutes.

    \b
    mentor student build calculator --output my-student
    mentor student build dice --recipe dice.toml
    """
    file = recipe or _registered(name) / "recipe.toml"
    if not file.is_file():
        raise ConfigError(f"{file}: there is no such recipe")
    output = output or file.parent
    there = output if output.exists() else output.absolute().parent
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise ConfigError(f"{output} cannot be written; choose another --output")

    from mentor_lab.students.build import build_student

    build_student(name, file, output)


def _registered(name: str) -> Path:
    try:
        return directory(STUDENTS, name)
    except UnknownName as error:
        error.add_note("any environment has a student if you give a --recipe")
        raise
