"""The conformance suite: every property and attack, run on a reward term by Hypothesis."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from mentor_core.contracts.reward import Example, RewardTerm
from mentor_lab.rewards.attacks import ATTACKS
from mentor_lab.rewards.properties import PROPERTIES
from mentor_lab.search import search
from mentor_lab.testing import episodes, honest_episodes, wild_episodes
from mentor_lab.verdict import Verdict
from mentor_toolkit.transcript import transcript

__all__ = ["check_reward"]


def check_reward(term: RewardTerm, examples: int = 200) -> list[Verdict]:
    """Try to break each promise of a term. The same term always gets the same examples.

    Args:
        examples: number of examples for each property.
    """
    anything = st.one_of(episodes(), honest_episodes(), wild_episodes())
    usual = st.one_of(honest_episodes(), episodes())
    verdicts = [
        *search(term, PROPERTIES[:1], anything, examples),
        *search(term, PROPERTIES[1:], usual, examples),
        *search(term, ATTACKS, honest_episodes(), examples),
    ]
    for verdict in verdicts:
        if verdict.problem is not None and isinstance(verdict.problem.example, Example):
            shown = verdict.problem.example
            text = transcript(shown.trajectory, shown.task, shown.references)
            verdict.problem = replace(verdict.problem, example=text)
    return verdicts
