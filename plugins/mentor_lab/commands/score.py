"""`mentor score`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mentor_core.support.errors import DataError, RewardError, RunError, nearest
from mentor_lab.commands.saved import Saved, open_saved, saved_options
from mentor_runs.command_line.json_output import json_option, print_json
from mentor_runs.command_line.options import PATH, check_output

if TYPE_CHECKING:
    from rich.console import Console

    from mentor_core.contracts.reward import Need
    from mentor_core.contracts.task import TaskKey
    from mentor_lab.scoring import Inputs, Row

__all__ = ["command"]

_LISTED = 20  # problems of one kind that are listed one by one
_PLURAL = {"answer": "answers", "gold": "gold calls", "schemas": "tool schemas"}


@click.command("score", short_help="Score saved trajectories again, without a model.")
@saved_options
@click.option(
    "--rewards", metavar="PRESET|TERMS", help="A preset, or term=weight,…; see `mentor rewards`."
)
@click.option("--explain", is_flag=True, help="Explain the score of each term, turn by turn.")
@click.option("--task", metavar="ID", help="Explain the first trajectory of this task.")
@click.option("--strict", is_flag=True, help="Stop at the first broken line or failing term.")
@click.option(
    "--output",
    type=PATH,
    metavar="FILE",
    help="Write the trajectories with their new scores to this new .jsonl file.",
)
@json_option
def command(
    rewards: str | None,
    explain: bool,
    task: str | None,
    strict: bool,
    output: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Score the trajectories of FILES again: .jsonl, .jsonl.gz, or the directory of a run.

    Tasks come from the environment that --env, --tasks, --config or a run names. Without one, tasks
    are rebuilt from the trajectories, without an answer. A run's references and reward are used if
    none are given. Episodes from before, during and after the training are reported apart, split by
    split. Exit code 2 says that nothing could be scored.

    \b
    mentor score runs/calculator-20260101-120000 --rewards mentor-paper
    mentor score episodes.jsonl --references teacher.jsonl --rewards teacher,outcome --explain
    """
    from rich.console import Console

    from mentor_lab.scoring import Inputs

    check_output(output)
    if output is not None and output.exists():
        raise RunError(f"{output} exists; choose another --output")
    if task is not None and not explain:
        raise click.UsageError("--task goes with --explain")
    if explain and as_json:
        raise click.UsageError("--explain is for people to read; leave out --json")
    saved = open_saved(rewards=rewards, **options)
    inputs = Inputs(saved.reward, saved.tasks, saved.references)
    console = Console()
    if explain:
        _explain(saved, inputs, task, console)
    else:
        _score(saved, inputs, strict, output, console, as_json)


def _score(
    saved: Saved,
    inputs: Inputs,
    strict: bool,
    output: Path | None,
    console: Console,
    as_json: bool,
) -> None:
    from rich.console import Console

    from mentor_core.contracts.trajectory import format_trajectory
    from mentor_lab.scoring import Broken, score_files
    from mentor_runs.assembly.assemble import make_reward
    from mentor_toolkit.progress_bar import bar

    reward = make_reward(inputs.reward)
    parts = {name: _Part([*reward.terms, "reward"]) for name in saved.parts}
    problems, failures = _Listed(), _Listed()
    tasks: set[TaskKey] = set()
    partial = output.with_name(output.name + ".partial") if output else None
    file = partial.open("w", encoding="utf-8") if partial else None
    try:
        with bar(Console(stderr=True), "score", saved.lines) as shown:
            for name, files in saved.parts.items():
                for item in score_files(files, inputs, saved.jobs, keep=file is not None):
                    shown.advance()
                    if isinstance(item, Broken):
                        if strict:
                            raise DataError(item.problem)
                        problems.add(item.problem)
                        continue
                    tasks.add(item.task)
                    for problem in item.failures.values():
                        if strict:
                            raise RewardError(f"{item.where}: {problem}")
                        failures.add(f"{item.where}: {problem}")
                    parts[name].add(item)
                    if file is not None and item.trajectory is not None:
                        file.write(format_trajectory(item.trajectory))
        scored = any(tally.scored for part in parts.values() for tally in part.tallies.values())
        if scored and file is not None and partial is not None and output is not None:
            file.close()
            partial.replace(output)
    finally:
        if file is not None and partial is not None:
            partial.unlink(missing_ok=True)
            with suppress(OSError):  # the disk is full: that has been told
                file.close()
    terms = ", ".join(reward.terms)
    nothing = DataError(f"nothing could be scored: no trajectory has a score of {terms}")
    facts = _facts(saved, reward.needs, tasks)
    if as_json:
        if not scored:
            raise nothing
        print_json(
            parts={name: part.figures() for name, part in parts.items()},
            notes=facts,
            broken_lines=problems,
            failed_scores=failures,
            output=output,
        )
        return
    for name, part in parts.items():
        console.print(part.table(name))
    for fact in facts:
        console.print(fact, highlight=False, markup=False, soft_wrap=True)
    problems.show(console, "broken line(s), not scored")
    failures.show(console, "score(s) missing because a term failed")
    if not scored:
        raise nothing
    if output is not None:
        console.print(f"trajectories in {output}", highlight=False, markup=False)


class _Part:
    """The scores of some files, of a run's evaluation before the training, say."""

    def __init__(self, columns: Sequence[str]) -> None:
        from mentor_lab.scoring import Tally

        self.tallies = {name: Tally() for name in columns}
        self.failed: Counter[str] = Counter()

    def add(self, row: Row) -> None:
        """Count the scores of one trajectory."""
        self.failed.update(row.failures.keys())
        values = [*row.values_K.tolist(), row.reward]
        for tally, value in zip(self.tallies.values(), values, strict=True):
            tally.add(value)

    def figures(self) -> dict[str, Any]:
        """The figures of `table` as JSON."""
        return {
            term: {
                "trajectories": tally.seen,
                "scored": tally.scored,
                "failed": self.failed[term],
                "mean": tally.mean,
                "std": tally.std,
            }
            for term, tally in self.tallies.items()
        }

    def table(self, name: str) -> Any:
        """Mean, standard deviation and share scored of each term."""
        from rich.table import Table
        from rich.text import Text

        count = f"{self.tallies['reward'].seen} trajectories"
        table = Table(title=Text(f"{name}: {count}" if name else count), title_justify="left")
        for column in ("term", "mean", "std", "scored", "failed"):
            table.add_column(column, justify="left" if column == "term" else "right")
        for term, tally in self.tallies.items():
            table.add_row(
                Text(term, style="bold" if term == "reward" else ""),
                _number(tally.mean),
                _number(tally.std),
                f"{tally.scored / tally.seen:.1%}" if tally.seen else "–",
                str(self.failed[term] or ""),
            )
        return table


@dataclass
class _Listed:
    """Problems of one kind: all are counted, the first ones listed."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, problem: str) -> None:
        self.count += 1
        if self.count <= _LISTED:
            self.first.append(problem)

    def show(self, console: Console, what: str) -> None:
        if not self.count:
            return
        console.print(f"{self.count} {what}:", style="yellow", highlight=False, markup=False)
        for problem in self.first:
            console.print(f"  {problem}", highlight=False, markup=False, soft_wrap=True)
        if self.count > len(self.first):
            console.print(f"  … and {self.count - len(self.first)} more", highlight=False)


def _number(value: float) -> str:
    return "–" if value != value else f"{value:.4f}"


def _facts(saved: Saved, needs: Mapping[Need, Sequence[str]], tasks: set[TaskKey]) -> list[str]:
    """Explanations of missing scores."""
    facts = []
    for need, terms in needs.items():
        if need == "reference" and not tasks & set(saved.references):
            facts.append(f"{', '.join(terms)}: no references for these tasks; see --references")
        if need != "reference" and not tasks & set(saved.tasks):
            lacking = f"{', '.join(terms)}: no {_PLURAL[need]} for these tasks"
            facts.append(f"{lacking}; see --env and --tasks")
    if others := len(set(saved.references) - tasks):
        facts.append(f"{others} task(s) have references but no trajectory here")
    return facts + saved.notes


def _explain(saved: Saved, inputs: Inputs, task_id: str | None, console: Console) -> None:
    from mentor_core.contracts.trajectory import parse_trajectory
    from mentor_lab.scoring import read_lines, task_of
    from mentor_runs.assembly.assemble import make_reward
    from mentor_toolkit.transcript import transcript

    seen: set[str] = set()
    for line in read_lines(saved.files):
        trajectory = parse_trajectory(line.text, str(line))
        seen.add(trajectory.task_id)
        if task_id is None or trajectory.task_id == task_id:
            break
    else:
        raise DataError(f"no trajectory of task {task_id!r}{nearest(str(task_id), seen)}")
    task = inputs.tasks.get(trajectory.task_key) or task_of(trajectory)
    references = inputs.references.get(task.key, [])
    console.print(str(line), style="bold", highlight=False, markup=False)
    console.print(transcript(trajectory, task, references), highlight=False, markup=False)
    for name, term in make_reward(inputs.reward).terms.items():
        try:
            first, *more = term.explain(trajectory, task, references)
        except Exception as error:  # noqa: BLE001 - a term's bug is what a person looks for here
            first, more = f"raised {type(error).__name__}: {error}", []
        console.print(f"\n{name}: {first}", style="bold", highlight=False, markup=False)
        for text in more:
            console.print(f"  {text}", highlight=False, markup=False, soft_wrap=True)
