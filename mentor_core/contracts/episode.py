"""What holds for every episode, whoever plays it: its seed and its outcome."""

from __future__ import annotations

import math
from typing import Any

from mentor_core.support.errors import PluginError

__all__ = ["checked_outcome", "reset_seed"]


def reset_seed(seed: int) -> int:
    """What an environment is reset with in an episode of that seed."""
    return seed % 2**32


def checked_outcome(outcome: Any) -> float | None:
    """What an environment gave as an outcome; a number in [0, 1] or None.

    Raises:
        PluginError: it is something else, NaN or 1.5, say.
    """
    if outcome is None:
        return None
    try:
        number = math.nan if isinstance(outcome, str | bytes) else float(outcome)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not 0.0 <= number <= 1.0:
        raise PluginError(f"the outcome is {outcome!r}; expected a number in [0, 1] or None")
    return number
