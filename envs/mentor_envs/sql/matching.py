"""Execution match: comparison of two results of queries."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any

__all__ = ["equal_results"]

Row = Sequence[Any]

_RELATIVE, _ABSOLUTE = 1e-9, 1e-9


def equal_results(gold: Sequence[Row], got: Sequence[Row], *, ordered: bool) -> bool:
    """True if two results have the same rows, each as often, under one order of the columns.

    The rule is that of Spider's test-suite evaluation (`result_eq`). Columns may come in any order,
    the same one for all rows, and their names do not matter. The order of the rows matters if
    `ordered`. Unlike there, floats are equal within a relative or absolute 1e-9. 1 is 1.0, but
    neither is "1"; NULL equals only NULL.

    Args:
        gold: rows of equal length: None, int, float, str or bytes, as sqlite3 returns them.
        got: the same.
        ordered: compare row by row.
    """
    if len(gold) != len(got):
        return False
    if not gold:
        return True
    if len(gold[0]) != len(got[0]):
        return False
    same = _representatives([*gold, *got])
    wanted, given = _columns(gold, same), _columns(got, same)
    if ordered:
        return Counter(wanted) == Counter(given)
    return _align(wanted, given)


def _representatives(rows: Sequence[Row]) -> dict[Any, float | int]:
    """Number → the representative of all numbers that are equal within the tolerance."""
    numbers = sorted({cell for row in rows for cell in row if isinstance(cell, int | float)})
    same: dict[Any, float | int] = {}
    before: float | int | None = None
    for number in numbers:
        close = before is not None and _close(before, number)
        same[number] = same[before] if close else number
        before = number
    return same


def _close(a: float | int, b: float | int) -> bool:
    if isinstance(a, int) and isinstance(b, int):
        return False  # different whole numbers, however large
    return math.isclose(a, b, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)


def _columns(rows: Sequence[Row], same: dict[Any, float | int]) -> list[tuple[Hashable, ...]]:
    """The columns; cells are equal exactly if they count as equal."""
    return [
        tuple(same[cell] if isinstance(cell, int | float) else cell for cell in column)
        for column in zip(*rows, strict=True)
    ]


def _align(wanted: list[tuple[Hashable, ...]], given: list[tuple[Hashable, ...]]) -> bool:
    """True if some order of the `given` columns makes the rows the same multiset.

    Columns are placed one by one. The search gives up a beginning at once if its rows differ from
    the same columns of `wanted`.
    """
    counts = [Counter(column) for column in given]
    candidates = [
        [index for index, count in enumerate(counts) if count == Counter(column)]
        for column in wanted
    ]

    def place(chosen: list[int]) -> bool:
        depth = len(chosen)
        if depth > 1:
            rows = Counter(zip(*wanted[:depth], strict=True))
            if rows != Counter(zip(*(given[index] for index in chosen), strict=True)):
                return False
        if depth == len(wanted):
            return True
        tried: set[tuple[Hashable, ...]] = set()
        for index in candidates[depth]:
            if index not in chosen and given[index] not in tried:
                tried.add(given[index])
                if place([*chosen, index]):
                    return True
        return False

    return place([])
