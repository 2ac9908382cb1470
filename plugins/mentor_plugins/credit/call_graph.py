"""CallGraph: a call answers for the calls that build on its result, and for no others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from mentor_core.contracts.credit import Layout
from mentor_core.contracts.reward import Composed, Floats
from mentor_core.contracts.trajectory import Call, Trajectory
from mentor_toolkit.dependencies import dependencies
from mentor_toolkit.noting import NotedLayout, NotingCredit
from mentor_toolkit.numbers import numbers_in
from mentor_toolkit.returns import turn_rewards

__all__ = ["CallGraph"]


class CallGraph(NotingCredit):
    """A_i = Σ_d γ^(edges from i to d)·r_d − b for all tokens of call i, over i and its descendants.

    r are the rewards that the calls earned, whose sum is the episode's reward. An edge leads from a
    call to a later turn's call whose arguments have the result. A result that the prompt has, too,
    makes no edge, and a failed call has no result. Equal values by chance make
    false edges. The final answer is a step as a call is. An answer in which no result is found
    builds on all calls that succeeded. All later steps build on a turn that asks the user. γ counts
    the edges of the shortest way.

    b is the mean reward of the group's other episodes, and 0 if there is none. So an episode's own
    calls do not move b, and a failed call leaves independent calls untouched. Steps of an episode
    without a reward get 0. Advantages are in units of the reward. Without a noted graph, each step
    builds on the one before.

    If a call changes which later calls build on it, those of the actual episode count. The expected
    gradient is then that of the rewards only as far as other calls stay the same.

    Differences from the source: agents do not draw their actions jointly; the graph is found and
    not learnt.

    Source: context-aware Bayesian network actor-critic (arXiv 2306.01920), the policy gradient of a
    joint policy whose agents form a directed acyclic graph. The nearest mechanism, not the same.
    """

    by_call: ClassVar[bool] = True

    discount: float = Field(1.0, gt=0, le=1, description="γ, the weight of a reward one edge on")
    tolerance: float = Field(
        1e-6, ge=0, lt=1, description="relative difference up to which numbers are equal"
    )

    def note(self, steps: Trajectory, turns: Sequence[int]) -> list[list[int]]:
        """For each step the steps of earlier turns whose results it uses."""
        calls, owners, last = [], [], len(steps.turns) - 1
        for number, step in enumerate(steps.turns):
            found = [_answer(steps)] if number == last and not step.calls else step.calls
            calls += [replace(call, result="") if call.failure else call for call in found]
            owners += [number] * len(found)
        used: list[set[int]] = [set() for _ in steps.turns]
        prompt = "\n".join(message["content"] for message in steps.prompt)
        needed = dependencies(calls, prompt, self.tolerance)
        for owner, requirements in zip(owners, needed, strict=True):
            used[owner] |= {owners[call] for found_in in requirements for call in found_in}
        for number, step in enumerate(steps.turns):
            before = steps.turns[:number]
            if number == last and not step.calls and not used[number]:
                done = [any(not call.failure for call in one.calls) for one in before]
                used[number] |= {*np.flatnonzero(done).tolist()}
            asked = [not one.calls and not one.parse_failure for one in before]
            used[number] |= {*np.flatnonzero(asked).tolist()}
        return [
            sorted(step for step in of_step if turns[step] < turns[number])
            for number, of_step in enumerate(used)
        ]

    def assign(
        self, composed: Composed, groups_B: npt.NDArray[np.int64], layouts: Sequence[Layout]
    ) -> list[Floats]:
        advantages = [np.zeros(layout.length) for layout in layouts]
        scored_B = ~np.isnan(composed.rewards_B)
        sums_S = {
            b: self._sums(turn_rewards(composed, b, len(layouts[b].spans)), layouts[b])
            for b in np.flatnonzero(scored_B).tolist()
        }
        for b, own_S in sums_S.items():
            others = [c for c in sums_S if c != b and groups_B[c] == groups_B[b]]
            baseline = composed.rewards_B[others].mean() if others else 0.0
            for span, value in zip(layouts[b].spans, own_S, strict=True):
                if span is not None:
                    advantages[b][slice(*span)] = value - baseline
        return advantages

    def _sums(self, rewards_S: Floats, layout: Layout) -> Floats:
        """For each step its reward and the discounted rewards of its descendants, [S]."""
        sources = layout.note if isinstance(layout, NotedLayout) else None
        if sources is None:
            sources = [[i - 1] if i else [] for i in range(len(rewards_S))]
        sums_S = np.zeros(len(rewards_S))
        for i in range(len(rewards_S)):
            edges = {i: 0}
            for j in range(i + 1, len(rewards_S)):
                ways = [edges[s] for s in sources[j] if s in edges]
                if ways:
                    edges[j] = 1 + min(ways)
            sums_S[i] = sum(self.discount**count * rewards_S[j] for j, count in edges.items())
        return sums_S


def _answer(steps: Trajectory) -> Call:
    """The final answer as a call, whose arguments are its text and its numbers."""
    answer = steps.answer or ""
    return Call("", {"answer": answer, "numbers": numbers_in(answer)})
