"""`report.html`: bars with intervals for each split and method, and the tables."""

from __future__ import annotations

from typing import Any

from mentor_lab.report.figures import Figure as Drawn
from mentor_lab.report.render import packed, render
from mentor_lab.report.traces import COLOURS, Trace, bars
from mentor_lab.study.results import Figure, Results
from mentor_lab.study.tables import tables

__all__ = ["page"]

_PATTERNS = ("", "/", ".", "x")


def page(found: Results) -> str:
    """The page, as one HTML file that opens without a network."""
    sections: list[dict[str, Any]] = []
    drawn: list[Drawn] = []
    for number, environment in enumerate(found.splits):
        figures = [
            _figure(found, environment, f"success-{number}", "success"),
            _figure(found, environment, f"similarity-{number}", "similarity"),
        ]
        drawn += figures
        sections.append(
            {"name": environment, "figures": figures, "tables": tables(found, environment)}
        )
    seeds = ", ".join(map(str, found.seeds))
    data = [{"id": f.id, "traces": f.traces, "layout": f.layout, "small": f.small} for f in drawn]
    return render(
        "study.html.jinja",
        scripts=("draw.js",),
        data=packed({"figures": data}),
        title=found.name,
        description=found.description,
        facts=[f"Seeds: {seeds}", f"Baseline: {found.baseline}"],
        notes=found.notes,
        sections=sections,
    )


def _figure(found: Results, environment: str, place: str, what: str) -> Drawn:
    success = what == "success"
    drawn = Drawn(
        place,
        f"{environment}: " + ("success by split" if success else "similarity to the teacher"),
        "Share of tasks that were solved. Bars: 95 % interval over seeds; without training, "
        "over tasks."
        if success
        else "1 − Jensen–Shannon divergence of called tools. Bars: 95 % interval over seeds.",
        layout={
            "barmode": "group",
            "yaxis": {"tickformat": ".0%" if success else ".2f", "range": [0, 1]},
        },
    )
    rows = [row for row in found.rows if row.environment == environment]
    for index, row in enumerate(rows):
        figures: dict[str, Figure | None] = row.success if success else row.similarity
        known = {split: figure for split, figure in figures.items() if figure is not None}
        if known:
            drawn.traces.append(_bars(row.method, index, known))
    return drawn


def _bars(name: str, index: int, figures: dict[str, Figure]) -> Trace:
    """A method's bars; beyond six methods the colours repeat with a pattern."""
    trace = bars(
        name,
        COLOURS[index % len(COLOURS)],
        list(figures),
        [figure.mean for figure in figures.values()],
        [figure.interval for figure in figures.values()],
    )
    pattern = _PATTERNS[index // len(COLOURS) % len(_PATTERNS)]
    trace["marker"]["pattern"] = {"shape": pattern}
    return trace
