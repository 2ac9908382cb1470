"""`mentor imitation`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mentor_core.support.errors import DataError
from mentor_lab.commands.systems import episodes_file
from mentor_runs.command_line.json_output import console_for, json_option, print_json
from mentor_runs.command_line.options import PATH
from mentor_toolkit.lines import print_line

if TYPE_CHECKING:
    from mentor_core.contracts.trajectory import Trajectory
    from mentor_lab.imitation import ImitationGap

__all__ = ["command"]


@click.command("imitation", short_help="Measure how a student's tool use differs from a teacher's.")
@click.argument("student", type=PATH)
@click.argument("teacher", type=PATH)
@click.option(
    "--of",
    "name",
    metavar="NAME",
    default="eval-after",
    show_default=True,
    help="Episodes of a run STUDENT: eval-after, train, eval-before, …",
)
@json_option
def command(student: Path, teacher: Path, name: str, as_json: bool) -> None:
    """Compare STUDENT's use of tools with TEACHER's, on the tasks of both.

    STUDENT is a run, or a file of trajectories. TEACHER is a file of trajectories, a run or a
    teacher store. A run as TEACHER gives its references. A store needs a run as STUDENT.

    \b
    mentor imitation runs/calculator-20260101-120000 teacher.jsonl
    mentor imitation runs/calculator-20260101-120000 runs/calculator-20260101-120000 --of train
    """
    from mentor_core.contracts.trajectory import read_trajectories
    from mentor_lab.imitation import imitation_gap

    played = read_trajectories(episodes_file(student, name))
    models = _models(teacher, student, played)
    found = imitation_gap(played, models)
    if not found.tasks:
        raise DataError(
            f"{teacher} has no trajectory of any of the {len(found.unmatched)} tasks in "
            f"{episodes_file(student, name)}, such as {_task(found.unmatched)}; a run's references "
            "are of its training tasks (--of train)"
        )
    if as_json:
        print_json(student=student, teacher=teacher, imitation_gap=found)
        return
    for line in _lines(found):
        print_line(console_for(as_json), line)


def _models(teacher: Path, student: Path, played: Sequence[Trajectory]) -> list[Trajectory]:
    """The teacher's trajectories.

    Raises:
        MentorError: there are no trajectories, or the trajectories cannot be read.
    """
    from mentor_core.contracts.trajectory import read_trajectories
    from mentor_runs.directory.run_directory import RunDirectory

    if teacher.is_dir():
        references = RunDirectory.open(teacher).references
        if not references.is_file():
            raise DataError(f"{teacher}: the run has no references")
        return read_trajectories(references)
    if _is_store(teacher):
        return _stored(teacher, student, played)
    return read_trajectories(teacher)


def _is_store(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(6) == b"SQLite"
    except OSError as error:
        raise DataError(f"{file}: {error.strerror or error}") from error


def _stored(store: Path, student: Path, played: Sequence[Trajectory]) -> list[Trajectory]:
    """A store's verified attempts at the played tasks, with the settings of the student's run.

    Raises:
        DataError: `student` is no run.
        ConfigError: the store has no attempts of an environment.
    """
    from mentor_core.contracts.task import SPLITS
    from mentor_core.door.registry import SOURCES, create
    from mentor_runs.assembly.assemble import assemble
    from mentor_runs.directory.run_directory import RunDirectory

    if not student.is_dir():
        raise DataError(
            f"{store} is a teacher store, which needs a run as STUDENT, and {student} is "
            f"a file; write the attempts to a file: mentor teacher export {store} --output FILE"
        )
    source = create(SOURCES, "store", {"file": str(store), "trusted": True})
    wanted = {trajectory.task_key for trajectory in played}
    found: list[Trajectory] = []
    for domain in assemble(RunDirectory.open(student).config).domains.values():
        tasks = [t for split in SPLITS for t in domain.tasks(split) if t.key in wanted]
        for attempts in source.find(tasks, domain.env).values():
            found += attempts
    return found


def _lines(found: ImitationGap) -> list[str]:
    lines = [f"{found.episodes} episodes of {found.tasks} tasks compared"]
    if found.unmatched:
        lines.append(
            f"not compared: {len(found.unmatched)} tasks without a trajectory of the teacher: "
            + _task(found.unmatched, 5)
        )
    lines += [
        f"similarity of called tools {_number(found.similarity)}, of pairs of consecutive calls "
        + _number(found.bigram_similarity),
        f"calls an episode beyond the teacher's {_number(found.over_calling)}, short of them "
        + _number(found.under_calling),
    ]
    for tool, (ours, theirs) in found.tools.items():
        lines.append(f"  {tool}: {ours:.2f} calls an episode; the teacher {theirs:.2f}")
    turns = ", ".join(f"turn {turn}: {count}" for turn, count in found.first_divergence.items())
    followed = f"{found.followed} episodes make the teacher's calls turn by turn"
    lines.append(f"{followed}; the others first differ at {turns}" if turns else followed)
    lines.append(f"{found.same_calls} calls are the teacher's")
    for title, counts in (
        ("arguments that are not the teacher's", found.argument_errors),
        ("failed calls", found.failures),
        ("after a failure", found.after_error),
    ):
        named = ", ".join(f"{kind.replace('_', ' ')} {count}" for kind, count in counts.items())
        lines.append(f"{title}: {named or 'none'}")
    return lines


def _task(tasks: Sequence[tuple[str, str]], show: int = 1) -> str:
    named = ", ".join(f"{env} {task_id}" for env, task_id in tasks[:show])
    return named + (", …" if len(tasks) > show > 1 else "")


def _number(value: float | None) -> str:
    return "not scored" if value is None else f"{value:.3f}"
