"""Report: the table of before and after, for the terminal and for the run directory."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import compress
from pathlib import Path
from typing import Literal

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mentor_core.contracts.report import Report
from mentor_core.support.user_code import reason
from mentor_runs.directory.run_directory import RunDirectory
from mentor_runs.evaluation.summary import Summary
from mentor_runs.settings.config import RunConfig
from mentor_toolkit.disk import write_atomically, writing
from mentor_toolkit.lines import print_line

__all__ = [
    "COLUMNS",
    "as_json",
    "as_markdown",
    "as_metrics",
    "as_table",
    "table_rows",
    "write_report",
    "write_reports",
]

COLUMNS = (
    "split",
    "model",
    "episodes",
    "success",
    "95 % interval",
    "outcome",
    "turns",
    "calls",
    "failed calls",
)


def table_rows(summaries: Mapping[str, Mapping[str, Summary]]) -> list[tuple[str, ...]]:
    """The cells under `COLUMNS`.

    Args:
        summaries: split, or split/environment → when (before, after) → figures.
    """
    cells = []
    for split, by_time in summaries.items():
        for when, summary in by_time.items():
            cells.append((split, when, *_cells(summary)))
    return cells


def write_report(
    directory: RunDirectory,
    config: RunConfig,
    summaries: Mapping[str, Mapping[str, Summary]],
    facts: Sequence[str],
    console: Console,
) -> None:
    """Write `report.md` and `report.json`, note that the run is finished, and show the table.

    Args:
        facts: facts of the training, for below the table.
    """
    weights = ", ".join(f"{name} {weight:g}" for name, weight in config.reward.terms.items())
    facts = [
        f"environment {config.env}, student {config.model}, seed {config.seed}",
        f"reward: {weights} ({config.reward.composer})",
        *([f"gate {config.gate}, in training and evaluation"] if config.gate else []),
        *facts,
    ]
    where = directory.path
    with writing(where):
        write_atomically(where / "report.md", as_markdown(summaries, facts))
        write_atomically(where / "report.json", as_json(summaries))
    directory.note("finished", config.train.steps)
    if summaries:
        title = f"{config.env}: before and after"
        console.print(as_table(summaries, title, console.width))
    for fact in facts:
        print_line(console, fact)
    for line in [
        f"trained student {directory.model}",
        f"all files       {where}",
        f"read episodes   mentor show {where}",
    ]:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def write_reports(run: Path, reports: Mapping[str, Report], console: Console) -> None:
    """Write the reports that a run's settings name; a failing report only prints a warning."""
    for name, report in reports.items():
        try:
            line = f"report {name:8} {report.write(run)}"
        except Exception as error:  # noqa: BLE001 - a plugin's code, after a run that has succeeded
            line = f"warning: the report {name!r} could not be written: {reason(error)}"
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def as_table(summaries: Mapping[str, Mapping[str, Summary]], title: str, width: int = 80) -> Table:
    """A table for the terminal; without the mean outcome if no outcome is partial.

    The table fits into 60 columns. The name of a model and the interval are folded if needed.
    Below 75 columns the figures of turns and calls are left out.
    """
    table = Table(
        title=Text(title), title_justify="left", box=box.SIMPLE_HEAD, show_edge=False, padding=0
    )
    found = [summary for by_time in summaries.values() for summary in by_time.values()]
    partial = any(summary.outcome != summary.success for summary in found)
    left_out = set() if partial else {"outcome"}
    left_out |= {"turns", "calls", "failed calls"} if width < 75 else set()
    shown = [column not in left_out for column in COLUMNS]
    for column in compress(COLUMNS, shown):
        justify: Literal["left", "right"] = "left" if column in ("split", "model") else "right"
        wraps = column in ("model", "95 % interval", "failed calls")
        least = max(map(len, column.split())) if wraps else None
        table.add_column(
            column, justify=justify, no_wrap=not wraps, overflow="fold", min_width=least
        )
    for row in table_rows(summaries):
        table.add_row(*map(Text, compress(row, shown)))  # names of models are not markup
    return table


def as_markdown(summaries: Mapping[str, Mapping[str, Summary]], facts: Sequence[str]) -> str:
    """The table as Markdown, followed by facts of the run."""
    lines = [
        "| " + " | ".join(COLUMNS) + " |",
        "|" + "|".join("---" for _ in COLUMNS) + "|",
        *("| " + " | ".join(row) + " |" for row in table_rows(summaries)),
        "",
        *(f"- {fact}" for fact in facts),
    ]
    return "\n".join(lines) + "\n"


def as_json(summaries: Mapping[str, Mapping[str, Summary]]) -> str:
    """The figures for programs: when → `eval/success`, `eval/NAME/success` … → value."""
    found: dict[str, dict[str, object]] = {}
    for split, by_time in summaries.items():
        for when, summary in by_time.items():
            metrics = found.setdefault(when, {})
            metrics |= {f"{split}/{name}": value for name, value in asdict(summary).items()}
    return json.dumps(found, indent=2) + "\n"


def as_metrics(summaries: Mapping[str, Summary]) -> dict[str, float | None]:
    """The figures of one evaluation for trackers: `eval/success`, `eval/end/answered` … → value."""
    found: dict[str, float | None] = {}
    for split, summary in summaries.items():
        figures = asdict(summary)
        low, high = figures.pop("interval") or (None, None)
        ends = {f"end/{reason}": share for reason, share in figures.pop("ends").items()}
        figures |= {"interval/low": low, "interval/high": high, **ends}
        found |= {f"{split}/{name}": value for name, value in figures.items()}
    return found


def _cells(summary: Summary) -> tuple[str, ...]:
    low_high = summary.interval
    return (
        str(summary.episodes),
        _percent(summary.success),
        f"{100 * low_high[0]:.1f} – {low_high[1]:.1%}" if low_high else "not verified",
        "–" if summary.outcome is None else f"{summary.outcome:.3f}",
        f"{summary.turns:.1f}",
        f"{summary.calls:.1f}",
        _percent(summary.call_failures),
    )


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"
