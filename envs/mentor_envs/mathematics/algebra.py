"""Algebra: Math-Verify in a separate process, so that a time limit works in every thread.

Math-Verify's own limits are signals, which work in the main thread only, and sympy cannot be
interrupted from another thread. This process also need not import sympy, which takes most of a
second.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any

from mentor_envs.worker import NoAnswer, Worker, serve

__all__ = ["SECONDS", "TimeLimit", "Undecided", "equal_expressions", "time_limits_hit"]

SECONDS = 5.0
"""Time limit of one comparison."""

_worker = Worker("mentor_envs.mathematics.algebra")
_hits = 0


class Undecided(Exception):
    """Nothing is known about a comparison."""


class TimeLimit(Undecided):
    """The comparison took too long."""


def time_limits_hit() -> int:
    """Number of comparisons in this process that took too long."""
    return _hits


@lru_cache(maxsize=4096)
def equal_expressions(given: str, wanted: str) -> bool:
    """True if Math-Verify finds two LaTeX expressions equal; each pair is asked once.

    Raises:
        TimeLimit: the comparison took longer than `SECONDS`, or ended its process.
    """
    global _hits  # noqa: PLW0603 - counted for the whole process
    try:
        return bool(_worker.ask((given, wanted), SECONDS))
    except NoAnswer:
        _hits += 1
        logging.getLogger(__name__).warning(
            "not decided within %g s: %.80r and %.80r", SECONDS, given, wanted
        )
        raise TimeLimit from None


def _main() -> None:
    from math_verify import parse, verify

    logging.getLogger("math_verify").setLevel(logging.CRITICAL)

    def values(text: str) -> list[Any]:
        found = parse(rf"\boxed{{{text}}}", parsing_timeout=None)
        return [value for value in found if value != text]

    def equal(pair: tuple[str, str]) -> bool:
        try:
            first, second = map(values, pair)
            return bool(first and second and verify(second, first, timeout_seconds=None))
        except Exception:  # noqa: BLE001 - sympy fails in many ways; what it cannot read is not equal
            return False

    serve(equal)


if __name__ == "__main__":
    _main()
