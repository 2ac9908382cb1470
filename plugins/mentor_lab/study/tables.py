"""A study's figures as tables, and `report.md`."""

from __future__ import annotations

from collections.abc import Sequence

from mentor_lab.report.tables import Table
from mentor_lab.study.results import Difference, Figure, Results, Row

__all__ = ["markdown", "tables"]

_DASH = "–"


def tables(found: Results, environment: str) -> list[Table]:
    """The tables of an environment: success, differences, similarity, costs, failures."""
    rows = [row for row in found.rows if row.environment == environment]
    splits = found.splits[environment]
    made = [
        Table(
            f"{environment}: success",
            ["method", "seeds", *splits],
            [[r.method, _seeds(r), *(_share(r.success[s]) for s in splits)] for r in rows],
            "Percent of tasks, with the 95 % interval over seeds. * : over tasks, for a method "
            "without training, or if all seeds agree.",
        ),
        Table(
            f"{environment}: difference from {found.baseline}",
            ["method", *splits],
            [
                [r.method, *(_points(r.differences[s]) for s in splits)]
                for r in rows
                if r.differences
            ],
            "Percentage points, paired by task, with the 95 % bootstrap interval over seeds and "
            "tasks; p: permutation of tasks, about these seeds, corrected by Holm for all "
            "differences of this table.",
        ),
        Table(
            f"{environment}: similarity to the teacher",
            ["method", *splits],
            [[r.method, *(_score(r.similarity[s]) for s in splits)] for r in rows],
            "1 − Jensen–Shannon divergence (base 2) of called tools, with the 95 % interval over "
            "seeds.",
        ),
        Table(
            f"{environment}: cost of training",
            ["method", "seconds", "sampled tokens", "references"],
            [[r.method, *map(_count, _costs(r))] for r in rows],
            "Means over seeds. Seconds: all optimizer steps. References: the teacher's, at hand.",
        ),
        Table(
            f"{environment}: failed cells",
            ["method", "seed", "reason"],
            [[r.method, seed, why] for r in rows for seed, why in r.failed.items()],
        ),
    ]
    return [table for table in made if table.rows]


def markdown(found: Results) -> str:
    """The report."""
    lines = [f"# {found.name}", ""]
    lines += [found.description, ""] if found.description else []
    lines += [f"Seeds: {', '.join(map(str, found.seeds))}. Baseline: {found.baseline}.", ""]
    lines += [*(f"- {note}" for note in found.notes), ""] if found.notes else []
    for environment in found.splits:
        for table in tables(found, environment):
            lines += [f"## {table.title}", "", _line(table.columns)]
            lines += ["|" + "---|" * len(table.columns), *map(_line, table.rows), ""]
            lines += [table.note, ""] if table.note else []
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    shown = (cell.replace("|", "\\|").replace("\n", " ") for cell in cells)
    return "| " + " | ".join(shown) + " |"


def _seeds(row: Row) -> str:
    text = str(row.finished) if row.finished == row.wanted else f"{row.finished} of {row.wanted}"
    return f"{text}, {len(row.failed)} failed" if row.failed else text


def _share(figure: Figure | None) -> str:
    if figure is None:
        return _DASH
    if figure.interval is None:
        return f"{100 * figure.mean:.1f}"
    low, high = (100 * bound for bound in figure.interval)
    star = " *" if figure.over == "tasks" else ""
    return f"{100 * figure.mean:.1f} ({low:.1f} to {high:.1f}){star}"


def _points(found: Difference | None) -> str:
    if found is None:
        return _DASH
    p = "p < 0.001" if found.corrected < 0.001 else f"p = {found.corrected:.3f}"
    if found.interval is None:
        return f"{100 * found.difference:+.1f}, {p}"
    low, high = (100 * bound for bound in found.interval)
    return f"{100 * found.difference:+.1f} ({low:+.1f} to {high:+.1f}), {p}"


def _score(figure: Figure | None) -> str:
    if figure is None:
        return _DASH
    if figure.interval is None:
        return f"{figure.mean:.3f}"
    low, high = figure.interval
    return f"{figure.mean:.3f} ({low:.3f} to {high:.3f})"


def _costs(row: Row) -> tuple[float | None, ...]:
    return row.seconds, row.sampled_tokens, row.references


def _count(value: float | None) -> str:
    return _DASH if value is None else f"{value:,.0f}"
