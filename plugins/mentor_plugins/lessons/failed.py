"""Failed: one reference of each task that its group fails, weighted by the share of failures."""

from __future__ import annotations

import random
from collections.abc import Sequence

from mentor_core.contracts.lessons import Lessons, Likelihood, PlayedGroup, Taught

__all__ = ["Failed"]


class Failed(Lessons):
    """A reference of each task, weighted by `1 − success share` of the task's group.

    A task that the group solves is not taught, so a wrong teacher cannot win against success.

    Source: mentor's own, after hybrid methods that put a teacher's rows beside on-policy ones, such
    as HNPG. The estimator is plain maximum likelihood.
    """

    def taught(self, groups: Sequence[PlayedGroup], likelihood: Likelihood) -> list[Taught]:
        rows = []
        for group in groups:
            if group.failed and group.references:
                draw = random.Random(f"{group.task.key}{group.step}")
                chosen = group.references[draw.randrange(len(group.references))]
                rows.append(Taught(group.task, chosen, weight=group.failed))
        return rows
