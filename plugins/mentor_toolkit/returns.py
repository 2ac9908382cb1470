"""Rewards turn by turn, and generalised advantages over turns.

Arrays have a turn a row: [turns], or [turns, K] with a column for each reward term.
"""

from __future__ import annotations

import numpy as np

from mentor_core.contracts.reward import Composed, Floats

__all__ = ["advantages", "term_rewards", "turn_rewards"]


def turn_rewards(composed: Composed, b: int, turns: int) -> Floats:
    """The reward of trajectory b as its turns earned it, [turns]; the sum is the reward.

    The last turn gets all that no turn's addition explains; an unknown addition is 0.
    """
    added_N = composed.turns_N[b] if composed.turns_N is not None else np.zeros(turns)
    return _earned(composed.rewards_B[b], added_N)


def term_rewards(composed: Composed, b: int) -> Floats:
    """As `turn_rewards`, for each term by itself, [turns, K]; NaN if the term does not score."""
    if composed.scores is None:
        raise ValueError("rewards by term need scores, which only a run with a critic has")
    return _earned(composed.scores.values_BK[b], composed.scores.turns_NK[b])


def _earned(total: Floats, added_N: Floats) -> Floats:
    rewards_N = np.nan_to_num(added_N)
    if len(rewards_N):
        rewards_N[-1] = total - rewards_N[:-1].sum(0)
    return rewards_N


def advantages(rewards_N: Floats, values_N: Floats, discount: float, lam: float) -> Floats:
    """Generalised advantages, A_k = δ_k + γ·λ·A_(k+1) with δ_k = r_k + γ·V_(k+1) − V_k.

    With V = 0 and λ = 1 these are the discounted returns.

    Args:
        rewards_N: r, a row a turn.
        values_N: V, one row more: the last is the terminal value.
        discount: γ, in (0, 1].
        lam: λ, in [0, 1].

    Source: Schulman et al. (arXiv 1506.02438), formula 16, a turn as a step.
    """
    found_N = np.zeros_like(rewards_N)
    later = np.zeros(rewards_N.shape[1:])
    for k in reversed(range(len(rewards_N))):
        later = rewards_N[k] + discount * values_N[k + 1] - values_N[k] + discount * lam * later
        found_N[k] = later
    return found_N
