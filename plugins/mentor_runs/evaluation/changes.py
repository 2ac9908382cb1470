"""Changes that each stage of a run made, paired by task: lines for the run's report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from mentor_core.contracts.task import TaskKey
from mentor_runs.evaluation.paired import compare

__all__ = ["changes"]

Successes = Mapping[str, Mapping[str, Mapping[TaskKey, float]]]
"""Split → before, warm or after → task → success in [0, 1]."""


def changes(successes: Successes, stages: Sequence[str]) -> list[str]:
    """One line for each stage: by how many percentage points success changed on each split.

    The intervals are 95 % bootstrap intervals over tasks. They say nothing about other seeds. A
    split without a task that was verified before and after the stage is left out.

    Args:
        stages: names in order, such as before, warm, after.
    """
    lines = []
    for earlier, later in pairwise(stages):
        found = []
        for split, by_time in successes.items():
            before, after = by_time.get(earlier, {}), by_time.get(later, {})
            if before.keys() & after.keys():
                paired = compare([before], [after])
                low, high = (100 * bound for bound in paired.interval)
                told = "" if low > 0 or high < 0 else ", no clear change"
                found.append(
                    f"{split} {100 * paired.difference:+.1f} ({low:+.1f} to {high:+.1f}{told})"
                )
        if found:
            lines.append(f"{later} less {earlier}, in points of success: {'; '.join(found)}")
    return lines
