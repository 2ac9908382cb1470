"""`mentor report`."""

from __future__ import annotations

from pathlib import Path

import click

from mentor_runs.command_line.options import PATH

__all__ = ["command"]


@click.command("report", short_help="Write one HTML page that shows a run, or several.")
@click.argument("runs", nargs=-1, required=True, type=PATH, metavar="RUN [RUN …]")
@click.option(
    "--output",
    type=PATH,
    metavar="FILE",
    help="The page; else report.html, in the run's directory if there is one run.",
)
@click.option(
    "--episodes",
    type=click.IntRange(min=0),
    metavar="N",
    help="Most episodes that can be read on the page; 500 if not given.",
)
def command(runs: tuple[Path, ...], output: Path | None, episodes: int | None) -> None:
    """Write a page with curves, tables, the teacher's and the student's use of tools, and episodes.

    The page is one file and opens without a network. Several runs of one environment are drawn into
    the same figures. An unfinished run is shown with its present data.

    \b
    mentor report runs/calculator-20260101-120000
    mentor report runs/seed-0 runs/seed-1 runs/seed-2 --output seeds.html
    """
    from rich.console import Console

    from mentor_lab.report.page import EPISODES, write_page

    file = output or (runs[0] / "report.html" if len(runs) == 1 else Path("report.html"))
    most = EPISODES if episodes is None else episodes
    notes = write_page(runs, file, most, console=Console(stderr=True))
    for note in notes:
        click.echo(note)
    click.echo(f"page {file} ({file.stat().st_size / 1e6:.1f} MB)")
