"""`mentor new`."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]

_ALIASES = {"method": "objective"}
_CHOICES = (
    *("env", "reward", "composer", "credit", "teacher", "method"),
    *("objective", "plan", "sampler", "critic", "lessons"),
)


@click.command("new", short_help="Write a complete package for a plugin of your own.")
@click.argument("kind", type=click.Choice(_CHOICES))
@click.argument("name")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path(),
    metavar="DIR",
    help="Folder in which the package's folder is made.  [default: the working directory]",
)
def command(kind: str, name: str, output: Path) -> None:
    """Write a package with a plugin called NAME: its code, tests, README and CI.

    The package works as it is. Put code of your own in place of its code. A method is an objective:
    a loss of reinforcement. Other parts of a method have kinds of their own: plan, sampler, credit,
    critic, lessons. Nothing is overwritten.

    \b
    mentor new env stock
    mentor new reward politeness --output ~/plugins
    """
    from mentor_lab.new.package import Package, write

    package = Package(_ALIASES.get(kind, kind), name)
    folder = write(package, output.expanduser())
    click.echo(f"wrote {folder}; next:\n")
    click.echo(f"  pip install -e '{folder}[test]'")
    click.echo(f"  pytest {folder}")
    if package.kind == "env":
        click.echo(f"  mentor student build {name}")
        click.echo(f"  mentor run --env {name}")
    else:
        click.echo("  mentor doctor")
    click.echo(f"\n{folder / 'README.md'} says more.")
