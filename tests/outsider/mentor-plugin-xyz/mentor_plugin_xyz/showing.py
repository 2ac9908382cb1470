"""What is kept and shown: a record format, a tracker, a report and a command."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

import click
from pydantic import PrivateAttr

from mentor_core import Call, RecordFormat, Report, RowError, Tracker, Trajectory, Turn
from mentor_runs.command_line.json_output import json_option, print_json


class Sheet(RecordFormat):
    """A row has the task, the seed, the throws and the answer."""

    holds: ClassVar[tuple[str, ...]] = ("task_id", "env", "seed", "answer", "turns.calls")

    def read(self, row: Mapping[str, Any]) -> Trajectory:
        if "throws" not in row:
            raise RowError("the row has no throws")
        turns = [Turn(text, [Call(**call) for call in calls]) for text, calls in row["throws"]]
        facts = {"answer": row["answer"], "seed": row["seed"], "end": "answered"}
        return Trajectory(row["task"], self.env or row["env"], turns=turns, **facts)

    def write(
        self, trajectory: Trajectory, tools: Sequence[dict[str, Any]] = ()
    ) -> dict[str, Any] | list[dict[str, Any]]:
        throws = [[turn.text, [asdict(call) for call in turn.calls]] for turn in trajectory.turns]
        facts = {"seed": trajectory.seed, "answer": trajectory.answer, "throws": throws}
        return {"task": trajectory.task_id, "env": trajectory.env, **facts}


class Diary(Tracker):
    """A line of text for each step and each evaluation."""

    file: str = "diary.txt"
    _path: Path = PrivateAttr()

    def start(self, directory: Path, config: Mapping[str, Any], step: int) -> None:
        self._path = directory / self.file

    def log(self, step: int, metrics: Mapping[str, float | None]) -> None:
        self._write(f"step {step}")

    def log_evaluation(self, name: str, step: int, metrics: Mapping[str, float | None]) -> None:
        self._write(f"{name}: {metrics['eval/success']}")

    def _write(self, line: str) -> None:
        with self._path.open("a") as stream:
            print(line, file=stream)


class Note(Report):
    """One line: success before and after."""

    def write(self, run: Path) -> Path:
        found = json.loads((run / "report.json").read_text())
        before, after = (found[name]["eval/success"] for name in ("before", "after"))
        (run / "note.txt").write_text(f"success {before} → {after}\n")
        return run / "note.txt"


@click.command("odds", short_help="Say the mean of a throw.")
@click.argument("count", type=click.IntRange(min=1))
@json_option
def odds(count: int, as_json: bool) -> None:
    """Say the mean of the sum of COUNT dice."""
    if as_json:
        print_json(mean=3.5 * count)
    else:
        click.echo(3.5 * count)
