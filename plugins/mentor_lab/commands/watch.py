"""`mentor watch`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mentor_runs.command_line.json_output import json_option, print_json
from mentor_runs.command_line.options import PATH

if TYPE_CHECKING:
    from rich.console import Console

    from mentor_lab.report.live import Watched

__all__ = ["command"]


@click.command("watch", short_help="Show a run's figures in the terminal while it goes on.")
@click.argument("run", type=PATH)
@click.option("--once", is_flag=True, help="Show the present figures, and end.")
@click.option(
    "--every",
    type=click.FloatRange(min=0.1),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="Time between two looks.",
)
@json_option
def command(run: Path, once: bool, every: float, as_json: bool) -> None:
    """Follow RUN: a curve for each metric, and the evaluations so far.

    The command ends with the run. Ctrl-C ends the command alone. Output that is no terminal gets a
    line a step, and the figures at the end. JSON has the present figures.

    \b
    mentor watch runs/calculator-20260101-120000
    mentor watch runs/calculator-20260101-120000 --once
    """
    from rich.console import Console

    from mentor_lab.report.live import look, shown

    console = Console()
    watched = look(run)
    if as_json:
        print_json(
            run=run,
            status=watched.status,
            stage=watched.stage,
            steps=watched.steps,
            wanted_steps=watched.total,
            metrics=watched.metrics,
            evaluations=watched.evaluations,
        )
        return
    if not once:
        watched = (_live if console.is_terminal else _lines)(watched, every, console)
    if once or not console.is_terminal:
        console.print(shown(watched))
    if not once and watched.status != "running":
        page = run / "report.html"
        where = f"; its page: {page}" if page.is_file() else ""
        console.print(f"the run is {watched.status}{where}", highlight=False, soft_wrap=True)


def _live(watched: Watched, every: float, console: Console) -> Watched:
    """Redraw the figures until the run ends."""
    from rich.live import Live

    from mentor_lab.report.live import look, shown

    with Live(shown(watched), console=console, refresh_per_second=4) as live:
        while watched.status == "running":
            time.sleep(every)
            watched = look(watched.path)
            live.update(shown(watched))
    return watched


def _lines(watched: Watched, every: float, console: Console) -> Watched:
    """Print a line a step until the run ends."""
    from mentor_lab.report.live import look, step_line

    told: tuple[str, int] = (watched.stage, 0)
    while True:
        if told[0] != watched.stage:
            told = (watched.stage, 0)
        for row in watched.metrics:
            if (step := int(row["step"] or 0)) > told[1]:
                console.print(step_line(row), highlight=False, soft_wrap=True)
                told = (watched.stage, step)
        if watched.status != "running":
            return watched
        time.sleep(every)
        watched = look(watched.path)
