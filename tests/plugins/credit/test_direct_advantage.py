"""Credit and objective `direct_advantage`: together they reach π_old·exp(A/β)/Z."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.credit import Layout
from mentor_core.contracts.objective import MicroBatch
from mentor_core.contracts.reward import Composed, Scores
from mentor_core.door.registry import CREDITS, OBJECTIVES, create
from mentor_core.support.errors import ConfigError
from mentor_runs.assembly.assemble import assemble
from mentor_runs.settings.resolve import resolve

NAN = np.nan
ADVANTAGES = np.array([1.0, 0.5, 0.2, 0.0, -0.1, -0.4, -0.8, -1.0])
TOKENS = 2  # of a turn


def assigned(rewards, turns, values=None, groups=None, **options):
    rewards_B = np.array(rewards, dtype=float)
    turns_NK = [np.full((count, 1), NAN) for count in turns]
    scores = Scores(("o",), np.ones(1), rewards_B[:, None], turns_NK, np.zeros(len(turns), int))
    layouts = [Layout(3 * n, [(3 * k, 3 * k + 2) for k in range(n)]) for n in turns]
    groups_B = np.array(groups if groups is not None else [0] * len(turns))
    composed = Composed(rewards_B, None, values, 1.0, scores)
    return create(CREDITS, "direct_advantage", options).assign(composed, groups_B, layouts)


def fitted(targets, passes=600):
    """The policy over arms after many passes over one batch of a uniform policy's episodes.

    An arm is a turn of two tokens; the second has probability 1/2, whatever the arm.
    """
    logits = torch.zeros(len(targets), requires_grad=True, dtype=torch.float64)
    optimizer = torch.optim.LBFGS([logits], lr=0.5, max_iter=passes, tolerance_change=0)
    objective = create(OBJECTIVES, "direct_advantage")
    old = torch.tensor([-np.log(len(targets)), -np.log(2)]).repeat(len(targets), 1)

    def closure():
        optimizer.zero_grad()
        first = logits.log_softmax(-1)[:, None]
        batch = MicroBatch(
            logps_BT=torch.cat([first, torch.full_like(first, -np.log(2))], 1),
            old_logps_BT=old,
            entropies_BT=torch.zeros_like(old),
            advantages_BT=torch.tensor(targets)[:, None].repeat(1, TOKENS),
            mask_BT=torch.ones_like(old),
            ids_BL=torch.zeros_like(old).long(),
            attention_BL=torch.ones_like(old).long(),
            trajectories=[],
            training_progress=0.0,
        )
        loss = objective.loss(batch)[0].sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return logits.detach().softmax(-1).numpy()


def best(beta):
    weights = np.exp(ADVANTAGES / beta)
    return weights / weights.sum()


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
def test_entry_14_the_policy_comes_to_its_closed_form(beta):
    values = [np.zeros(2) for _ in ADVANTAGES]
    found = assigned(ADVANTAGES, [1] * len(ADVANTAGES), values, beta=beta)
    assert np.abs(fitted([row[0] for row in found]) - best(beta)).max() < 1e-6


@pytest.mark.parametrize("beta", [0.5, 1.0])
def test_entry_14_without_the_soft_baseline_it_misses(beta):
    """The broken variant fits A/β itself, as the method is usually told."""
    assert np.abs(fitted(ADVANTAGES / beta) - best(beta)).max() > 0.02


EPISODES = st.lists(
    st.tuples(st.floats(-1, 1) | st.just(NAN), st.integers(0, 4), st.integers(0, 2)), min_size=1
)


@given(EPISODES, st.floats(0.2, 5))
def test_the_new_probabilities_of_each_turn_of_a_group_add_up(episodes, beta):
    """mean exp(number) = 1 over the turns of one place in a group; 0 without a reward."""
    rewards, turns, groups = zip(*episodes, strict=True)
    found = assigned(rewards, turns, [np.zeros(n + 1) for n in turns], groups, beta=beta)
    places = {}
    for of_T, reward, count, group in zip(found, rewards, turns, groups, strict=True):
        assert np.isfinite(of_T).all()
        assert not of_T[2::3].any()  # written tokens
        for n in range(count):
            if np.isnan(reward):
                assert of_T[3 * n] == 0
            else:
                places.setdefault((group, n), []).append(of_T[3 * n])
    for numbers in places.values():
        assert np.exp(numbers).mean() == pytest.approx(1)


def test_each_turns_tokens_share_one_error():
    """Two turns, of two tokens and of one, with a written token between them."""
    mask = torch.tensor([[1.0, 1.0, 0.0, 1.0]])
    moved = torch.tensor([[0.1, 0.2, 5.0, 0.4]])
    targets = torch.tensor([[1.0, 1.0, 0.0, -1.0]])
    batch = MicroBatch(
        moved, torch.zeros_like(moved), torch.zeros_like(moved), targets, mask,
        mask.long(), mask.long(), [], 0.0,
    )  # fmt: skip
    losses, _ = create(OBJECTIVES, "direct_advantage").loss(batch)
    assert (losses * mask).tolist() == [pytest.approx([0.1225, 0.1225, 0.0, 0.98])]


def test_objective_and_credit_go_together():
    config = resolve({"objective": "direct_advantage"})
    with pytest.raises(ConfigError, match="credit=direct_advantage"):
        assemble(config).stages[0].trainer.check(config, 1)
