"""Verdicts, as `check-env` and `check-reward` print them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mentor_core.support.errors import RunError
from mentor_runs.command_line.json_output import console_for, print_json

if TYPE_CHECKING:
    from mentor_lab.verdict import Verdict

__all__ = ["needs_testing", "show_verdicts"]

_TESTING = ("hypothesis", "psutil")


@contextmanager
def needs_testing(command: str) -> Iterator[None]:
    """Imports that need the extra `testing`.

    Raises:
        RunError: the extra is not installed; says how to install it.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in _TESTING:
            raise
        raise RunError(
            f'{command} needs {error.name}: pip install "mentor-core[testing]"'
        ) from None


def show_verdicts(
    title: str, subject: str, verdicts: Sequence[Verdict], as_json: bool, **facts: Any
) -> bool:
    """Print a table of verdicts and the counter-examples; returns true if all promises hold.

    Args:
        as_json: print the verdicts as JSON instead.
        **facts: further fields of the JSON.
    """
    failed = [verdict for verdict in verdicts if verdict.problem is not None]
    if as_json:
        rows = [_row(verdict) for verdict in verdicts]
        print_json(**{subject: title}, holds=not failed, verdicts=rows, **facts)
        return not failed
    console = console_for(as_json)
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left")
    for column in ("property", f"the {subject} …", "verdict", "examples"):
        table.add_column(column, justify="right" if column == "examples" else "left")
    for verdict in verdicts:
        holds = "holds" if verdict.tested else "not tested"
        shown = Text(holds, "green" if verdict.tested else "yellow")
        if verdict.problem is not None:
            shown = Text("FAILS", "bold red")
        table.add_row(verdict.property, verdict.promise, shown, str(verdict.tested))
    console.print(table)
    for verdict in verdicts:
        if verdict.problem is None and not verdict.tested and verdict.why_untested:
            console.print(str(verdict), style="yellow", highlight=False, markup=False)
    for verdict in failed:
        heading, _, example = str(verdict).partition("\n")
        console.print(f"\n{heading}", style="bold red", highlight=False, markup=False)
        console.print(example, highlight=False, markup=False, soft_wrap=True)
    return not failed


def _row(verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON, with the counter-example as readable text."""
    problem = verdict.problem
    return {
        "property": verdict.property,
        "promise": verdict.promise,
        "verdict": "fails" if problem else "holds" if verdict.tested else "not tested",
        "examples": verdict.tested,
        "problem": problem and problem.text,
        "example": problem and str(problem.example),
        "why_untested": verdict.why_untested or None,
    }
