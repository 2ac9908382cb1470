"""The battery: every property and attack, run on a reward term by Hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from mentor_core.laboratory.rewards.attacks import ATTACKS
from mentor_core.laboratory.rewards.properties import PROPERTIES
from mentor_core.laboratory.search import search
from mentor_core.laboratory.verdict import Verdict
from mentor_core.reward import RewardTerm
from mentor_core.testing import episodes, honest_episodes, wild_episodes

__all__ = ["check_reward"]


def check_reward(term: RewardTerm, examples: int = 200) -> list[Verdict]:
    """Try to break each promise of a term. The same term always gets the same examples.

    Args:
        examples: number of examples for each property.
    """
    anything = st.one_of(episodes(), honest_episodes(), wild_episodes())
    usual = st.one_of(honest_episodes(), episodes())
    return [
        *search(term, PROPERTIES[:1], anything, examples),
        *search(term, PROPERTIES[1:], usual, examples),
        *search(term, ATTACKS, honest_episodes(), examples),
    ]
