"""GroupAdvantage: how much better than the group a trajectory is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from pydantic import Field

from mentor_core.contracts.credit import Credit, Layout
from mentor_core.contracts.reward import Composed, Floats
from mentor_plugins.credit.scaling import Scale, divisors
from mentor_toolkit.group_means import group_means

__all__ = ["GroupAdvantage"]


class GroupAdvantage(Credit):
    """Advantage (reward - mean of the group) / std, the same for all tokens of a trajectory.

    Trajectories without a reward get 0 and do not count in means and stds. The default divides by
    the std of the batch, as the std of the group enlarges near-ties. Seven rewards of 1.0 and one
    of 0.95 would give the last an advantage of -2.46. Dense terms make near-ties common.

    Source: GRPO (arXiv 2402.03300), with the batch's std as in Lite PPO (arXiv 2508.08221).
    """

    scale: Scale = Field(
        "batch",
        description="divide by the standard deviation of the rewards over the batch, or over "
        "the group, or not at all",
    )

    def assign(
        self, composed: Composed, groups_B: npt.NDArray[np.int64], layouts: Sequence[Layout]
    ) -> list[Floats]:
        rewards_B = composed.rewards_B
        differences_B = np.nan_to_num(rewards_B - group_means(rewards_B, groups_B))
        advantages_B = differences_B / divisors(rewards_B, groups_B, self.scale)
        return [
            np.full(layout.length, advantage)
            for layout, advantage in zip(layouts, advantages_B, strict=True)
        ]
