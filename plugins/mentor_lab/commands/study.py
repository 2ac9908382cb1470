"""`mentor study`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mentor_core.support.errors import RunError
from mentor_runs.command_line.json_output import console_for, json_option, print_json
from mentor_runs.command_line.options import PATH
from mentor_toolkit.lines import print_line

if TYPE_CHECKING:
    from mentor_lab.study.cells import Cell
    from mentor_lab.study.folder import StudyFolder
    from mentor_lab.study.results import Results

__all__ = ["command"]


def _seeds(_: click.Context, __: click.Parameter, text: str | None) -> list[int] | None:
    if text is None:
        return None
    if not all(part.strip().isdecimal() for part in text.split(",")):
        raise click.BadParameter(f"expected numbers such as 0,1,2, not {text!r}")
    return [int(part) for part in text.split(",")]


@click.command("study", short_help="Run methods × seeds × environments, and report on all.")
@click.argument("which", required=False, metavar="[FILE|NAME]")
@click.option("--output", type=PATH, metavar="DIR", help="Its folder; studies/NAME if not given.")
@click.option("--quick", is_flag=True, help="The file's short form, its table [quick].")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    metavar="N",
    help="Cells at a time; the cores are divided among them.",
)
@click.option("--model", metavar="MODEL", help="Student of all cells, as in `mentor run`.")
@click.option("--seeds", callback=_seeds, metavar="N,N,…", help="Replace the file's seeds.")
@click.option("--baseline", metavar="METHOD", help="The method to compare the others with.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting of all cells, such as --set train.bf16=true; may be repeated.",
)
@click.option("--report", "only_report", is_flag=True, help="Report on finished cells; play none.")
@click.option("--dry-run", is_flag=True, help="Check everything, list the cells, do nothing.")
@json_option
def command(
    which: str | None,
    output: Path | None,
    quick: bool,
    jobs: int,
    model: str | None,
    seeds: list[int] | None,
    baseline: str | None,
    settings: tuple[str, ...],
    only_report: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Play each cell of a study: one method with one seed in one environment.

    The same command goes on after an interruption: finished cells stay, and unfinished ones resume.
    A cell that fails is tried again. Without FILE or NAME, the laboratory's studies are listed.

    \b
    mentor study paper --quick
    mentor study my-study.toml --jobs 4
    mentor study paper --model HuggingFaceTB/SmolLM2-135M-Instruct --jobs 1 --output studies/smollm2
    """
    from mentor_lab.study.cells import plan
    from mentor_lab.study.file import read_study, shipped
    from mentor_lab.study.folder import StudyFolder

    if which is None:
        _list(shipped(), as_json)
        return
    study = read_study(which, quick, seeds, baseline)
    cells, parts = plan(study, model, settings)
    folder = StudyFolder(output or Path("studies") / study.name)
    folder.check(study, cells)
    if dry_run:
        _show_plan(study.name, cells, folder, as_json)
        return
    from mentor_lab.study.play import play
    from mentor_lab.study.report import write_report
    from mentor_lab.study.results import results
    from mentor_lab.study.teacher import write_teacher

    console = console_for(as_json)
    if only_report and not folder.path.is_dir():
        raise RunError(f"{folder.path}: there is no study yet")
    if not only_report:
        folder.open(study)
        for environment, own in parts.items():
            for note in write_teacher(own, folder.teacher(environment), console):
                console.print(f"note: {environment}: {note}", highlight=False, markup=False)
        play(folder, cells, jobs, console)
    found = results(study, cells, folder)
    written = write_report(found, folder.path)
    if as_json:
        print_json(folder=folder.path, study=found)
    else:
        _show(found, written)
    failed = [f"{r.environment}/{r.method}/{seed}" for r in found.rows for seed in r.failed]
    if failed:
        raise RunError(
            f"{len(failed)} of {len(cells)} cells failed: {', '.join(failed[:5])}"
            f"{', …' if len(failed) > 5 else ''}; {folder.path / 'report.md'} has the reasons, and "
            "the same command tries these cells again"
        )


def _list(found: dict[str, str], as_json: bool) -> None:
    if as_json:
        print_json(studies=found)
        return
    for name, description in found.items():
        print_line(console_for(as_json), f"{name}: {description}")


def _show_plan(name: str, cells: list[Cell], folder: StudyFolder, as_json: bool) -> None:
    rows: list[dict[str, Any]] = []
    for cell in cells:
        state = folder.state(cell)
        rows.append({"cell": cell.name, "status": state.status if state else "to do"})
    if as_json:
        print_json(study=name, folder=folder.path, cells=rows)
        return
    for row in rows:
        click.echo(f"{row['cell']}: {row['status']}")
    done = sum(row["status"] == "finished" for row in rows)
    said = f"{len(rows)} cells of {name}, {done} finished; files in {folder.path}"
    print_line(console_for(as_json), said)


def _show(found: Results, written: list[Path]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from mentor_lab.study.tables import tables

    console = Console()
    for environment in found.splits:
        made = tables(found, environment)[0]
        table = Table(title=Text(made.title), title_justify="left", box=box.SIMPLE_HEAD, padding=0)
        for column in made.columns:
            table.add_column(column, overflow="fold")
        for row in made.rows:
            table.add_row(*map(Text, row))
        console.print(table)
    for line in [*found.notes, *(f"written {file}" for file in written)]:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
