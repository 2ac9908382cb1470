"""Traces: the series of a figure, as plotly.js takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mentor_lab.report.curves import Curve
from mentor_lab.report.intervals import Interval

__all__ = ["COLOURS", "Trace", "bars", "lines", "stacked"]

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
"""Okabe and Ito's colours, distinct for colour-blind readers on light and dark ground.
"""
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_PATTERNS = ("", "/", ".", "x")

Trace = dict[str, Any]


def stacked(name: str, index: int, y: Sequence[str], x: Sequence[float | None], form: str) -> Trace:
    """A part of stacked horizontal bars; `form` is the format of the number under the pointer."""
    pattern = _PATTERNS[index // len(COLOURS) % len(_PATTERNS)]
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "y": list(y),
        "x": list(x),
        "marker": {"color": COLOURS[index % 6], "pattern": {"shape": pattern}},
        "hovertemplate": form,
    }


def bars(
    name: str,
    colour: str,
    x: Sequence[str],
    y: Sequence[float],
    intervals: Sequence[Interval] = (),
) -> Trace:
    trace: Trace = {
        "type": "bar",
        "name": name,
        "x": list(x),
        "y": list(y),
        "marker": {"color": colour},
    }
    if intervals:
        pairs = [(i or (v, v), v) for i, v in zip(intervals, y, strict=True)]
        trace["error_y"] = {
            "type": "data",
            "symmetric": False,
            "array": [max(high - value, 0) for (_, high), value in pairs],
            "arrayminus": [max(value - low, 0) for (low, _), value in pairs],
            "thickness": 1.2,
            "width": 3,
        }
    return trace


def lines(name: str, index: int, points: Curve) -> list[Trace]:
    points = points.measured()
    colour = COLOURS[index % 6]
    line: Trace = {
        "type": "scatter",
        "mode": "lines+markers" if len(points.steps) <= 60 else "lines",
        "name": name,
        "x": points.steps,
        "y": _short(points.mean),
        "line": {"color": colour, "dash": _DASHES[index % 6], "width": 2},
        "marker": {"size": 4},
    }
    if not points.has_interval:
        return [line]
    edge: Trace = {"type": "scatter", "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    edge |= {"showlegend": False, "x": points.steps, "meta": "interval"}
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return [
        {**edge, "y": _short(points.low)},
        {
            **edge,
            "y": _short(points.high),
            "fill": "tonexty",
            "fillcolor": f"rgba({red},{green},{blue},0.18)",
        },
        line,
    ]


def _short(values: Sequence[float | None]) -> list[float | None]:
    return [None if value is None else float(f"{value:.5g}") for value in values]
