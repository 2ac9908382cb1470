"""A command, and something that is none."""

from __future__ import annotations

import click


@click.command("throw")
def throw() -> None:
    """Throw a die."""
    click.echo("4")


not_a_command = 4
