"""Rows: the check that an objective can use the rows that a run's other parts give."""

from __future__ import annotations

from collections.abc import Iterable

from mentor_core.contracts.rows import RowKind
from mentor_core.support.errors import ConfigError

__all__ = ["check_rows"]


def check_rows(
    giver: str, gives: Iterable[RowKind], taker: str, accepts: Iterable[RowKind]
) -> None:
    """Refuse a giver of rows, such as a plan, whose rows an objective cannot use.

    Raises:
        ConfigError: names both, and the kind of rows.
    """
    accepted = sorted(accepts)
    for kind in sorted(set(gives) - {*accepted}):
        raise ConfigError(
            f"the {giver} gives rows of kind {kind!r}, and the {taker} accepts only rows of kind "
            f"{' and '.join(map(repr, accepted))}; choose another of the two"
        )
