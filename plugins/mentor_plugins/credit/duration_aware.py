"""DurationAware: long turns count more, and the baseline counts them in the same way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from mentor_core.contracts.credit import Layout
from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.learner import Critic
from mentor_core.contracts.reward import Composed, Floats
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.support.errors import ConfigError
from mentor_plugins.credit.scaling import EPSILON
from mentor_toolkit.noting import NotedLayout, NotingCredit

__all__ = ["DurationAware"]


class DurationAware(NotingCredit):
    """w_k·(R − b) / rms for the tokens of turn k, with w_k = Δt_k / mean Δt.

    w_k stays between 1/`most` and `most`, and is 1 if no time is noted. Δt_k are the seconds of
    turn k: generation and tools. The mean is over the turns of the batch's scored episodes. b is
    the mean of R over the turns of the group, each turn with its weight. rms is the root mean
    square of w·(R − b) over the batch's turns, plus 1e-4. A trajectory without a reward gets 0 and
    does not count. Replayed turns do not count, as the student sampled nothing there.

    If only a limited time is at hand, quick turns finish more often, and a plain gradient follows
    them first. The weights undo this. With the baseline of the same turns and weights, the
    advantages of a group add up to 0. Without a baseline the weights alone would praise slow turns,
    better or not.

    A plain gradient finds the better turns, too, but slow ones later. The weights hasten slow turns
    and delay quick ones. If each episode is played to its end, no turn is more frequent for being
    quick. So a run without `rollout.episode_seconds` is refused. Times differ from run to run, and
    so does a run with this credit.

    Source: Reinforcement Learning for Machine Learning Engineering Agents (arXiv 2509.01684),
    duration-aware gradient updates. The weighted baseline is mentor's.
    """

    most: float = Field(
        10.0,
        gt=1,
        allow_inf_nan=False,
        description="largest weight of a turn; the smallest is 1/most",
    )

    def check_run(self, config: Any, envs: Sequence[ToolEnv], critic: Critic | None) -> None:
        if not config.rollout.episode_seconds:
            raise ConfigError(
                "the credit 'duration_aware' corrects what a limit of time does, and this run has "
                "none; set rollout.episode_seconds=60, or use credit=group"
            )

    def note(self, steps: Trajectory, turns: Sequence[int]) -> list[float]:
        """The seconds of each turn."""
        return [turn.seconds + sum(call.seconds for call in turn.calls) for turn in steps.turns]

    def assign(
        self, composed: Composed, groups_B: npt.NDArray[np.int64], layouts: Sequence[Layout]
    ) -> list[Floats]:
        rewards_B = composed.rewards_B
        scored = np.flatnonzero(~np.isnan(rewards_B)).tolist()
        weights_N = self._weights({b: _seconds(layouts[b]) for b in scored})
        weighted_N: dict[int, Floats] = {}
        for group in np.unique(groups_B[scored]):
            members = [b for b in scored if groups_B[b] == group]
            totals = [weights_N[b].sum() for b in members]
            if any(totals):
                baseline = np.average(rewards_B[members], weights=totals)
                weighted_N |= {b: weights_N[b] * (rewards_B[b] - baseline) for b in members}
        every = np.concatenate([np.zeros(1), *weighted_N.values()])
        size = np.sqrt((every**2).sum() / max(len(every) - 1, 1)) + EPSILON
        advantages = [np.zeros(layout.length) for layout in layouts]
        for b, of_N in weighted_N.items():
            sampled = [span for span in layouts[b].spans if span is not None]
            for span, value in zip(sampled, of_N / size, strict=True):
                advantages[b][slice(*span)] = value
        return advantages

    def _weights(self, seconds_N: dict[int, Floats]) -> dict[int, Floats]:
        """Δt / mean Δt of each turn, bounded; 1 if no turn took any time."""
        every = np.concatenate([np.zeros(0), *seconds_N.values()])
        mean = every.mean() if every.any() else 0.0
        return {
            b: np.clip(of_N / mean, 1 / self.most, self.most) if mean else np.ones_like(of_N)
            for b, of_N in seconds_N.items()
        }


def _seconds(layout: Layout) -> Floats:
    """The noted seconds of each turn with sampled tokens; 0 if none are noted."""
    noted = (layout.note if isinstance(layout, NotedLayout) else None) or [0.0] * len(layout.spans)
    pairs = zip(layout.spans, noted, strict=True)
    return np.array([seconds for span, seconds in pairs if span is not None], dtype=np.float64)
