"""`mentor runs`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from mentor_core.support.errors import MentorError, RunError
from mentor_runs.command_line.json_output import console_for, json_option, print_json
from mentor_runs.command_line.options import PATH
from mentor_toolkit.lines import print_line

__all__ = ["command"]


@click.command("runs", short_help="List runs: how far they are, and their success.")
@click.argument("folder", type=PATH, default=Path("runs"))
@json_option
def command(folder: Path, as_json: bool) -> None:
    """List the runs in FOLDER, oldest first. FOLDER is "runs" by default.

    \b
    mentor runs
    mentor runs experiments --json
    """
    found = sorted(folder.glob("*/config.toml"), key=lambda file: file.stat().st_mtime)
    if not found:
        raise RunError(f"{folder} holds no runs: no folder with a config.toml in it")
    rows = [_row(file.parent) for file in found]
    if as_json:
        print_json(runs=rows)
        return
    console = console_for(as_json)
    for row in rows:
        print_line(console, _line(row))


def _row(path: Path) -> dict[str, Any]:
    """The facts of a run; `problem` if the run's settings cannot be read."""
    from mentor_runs.directory.run_directory import RunDirectory

    run = RunDirectory(path)
    row: dict[str, Any] = {"run": path, "status": run.status, "steps": run.steps}
    try:
        config = run.config
    except MentorError as error:
        return {**row, "problem": str(error)}
    return {
        **row,
        "wanted_steps": config.train.steps,
        "env": config.env,
        "model": config.model,
        "seed": config.seed,
        "success": _success(path / "report.json"),
        "problem": None,
    }


def _success(report: Path) -> dict[str, dict[str, float | None]]:
    """Time of evaluation → split → success, from the run's report; empty if there is no report."""
    try:
        figures = json.loads(report.read_text(encoding="utf-8"))
        return {
            when: {
                key.removesuffix("/success"): value
                for key, value in by_name.items()
                if key.endswith("/success")
            }
            for when, by_name in figures.items()
        }
    except (OSError, ValueError, AttributeError):
        return {}


def _line(row: Mapping[str, Any]) -> str:
    if row["problem"]:
        return f"{row['run']}: {row['status']}, step {row['steps']}; {row['problem']}"
    told = [f"{row['status']}, step {row['steps']} of {row['wanted_steps']}"]
    told.append(f"{row['env']}, {row['model']}, seed {row['seed']}")
    for when, by_split in row["success"].items():
        shares = (f"{split} {_percent(share)}" for split, share in by_split.items())
        told.append(f"{when} {', '.join(shares)}")
    return f"{row['run']}: " + "; ".join(told)


def _percent(share: float | None) -> str:
    return "not verified" if share is None else f"{share:.1%}"
