"""Objectives: each reaches the optimum that its source promises, where another does not."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.objective import MicroBatch
from mentor_core.door.registry import OBJECTIVES, create, names
from mentor_core.support.errors import ConfigError

ARMS = 8


def micro_batch(logps_BT, old_BT, advantages_BT, **others):
    ones = torch.ones_like(logps_BT)
    values = {
        "logps_BT": logps_BT,
        "old_logps_BT": old_BT,
        "entropies_BT": torch.zeros_like(logps_BT),
        "advantages_BT": advantages_BT,
        "mask_BT": ones,
        "ids_BL": ones.long(),
        "attention_BL": ones.long(),
        "trajectories": [],
        "training_progress": 0.0,
    }
    return MicroBatch(**(values | others))


def bandit(objective, advantages_A, passes, rate=0.5):
    """One batch in which each arm comes as often as the old policy, uniform, plays it."""
    logits = torch.zeros(ARMS, requires_grad=True)
    optimizer = torch.optim.SGD([logits], lr=rate)
    old = torch.full((ARMS, 1), -torch.tensor(float(ARMS)).log())
    for _ in range(passes):
        batch = micro_batch(logits.log_softmax(-1)[:, None], old, advantages_A[:, None])
        losses_BT, _ = objective.loss(batch)
        optimizer.zero_grad()
        losses_BT.mean().backward()
        optimizer.step()
    return logits.softmax(-1).detach()


ADVANTAGES = torch.tensor([1.0, 0.5, 0.2, 0.0, -0.1, -0.4, -0.8, -1.0])


@pytest.mark.parametrize("eta", [0.5, 1.0, 2.0])
def test_mirror_descent_reaches_its_closed_form(eta):
    """π_old·exp(η·A), normalised; with a sign or the divergence left out, the policy runs away."""
    found = bandit(create(OBJECTIVES, "mdpo", {"eta": eta}), ADVANTAGES, 4000)
    expected = (eta * ADVANTAGES).softmax(-1)
    assert (found - expected).abs().max() < 2e-3


def test_the_clip_goes_another_way():
    """So the test above says something of mirror descent, and not of the bandit."""
    found = bandit(create(OBJECTIVES, "dapo"), ADVANTAGES, 4000)
    assert (found - ADVANTAGES.softmax(-1)).abs().max() > 0.1


@pytest.mark.parametrize("target", [0.5, 1.2])
@pytest.mark.parametrize("scale", [1.0, 5.0])
def test_the_dual_holds_the_entropy_at_any_scale_of_reward(target, scale):
    """From above and below; without it the entropy of this policy falls to 0."""
    torch.manual_seed(0)
    objective = create(OBJECTIVES, "entropy_dual", {"target": target, "rate": 0.05})
    entropy = played_entropy(objective, scale)
    assert entropy == pytest.approx(target, abs=0.08)


def test_without_the_dual_the_entropy_collapses():
    torch.manual_seed(0)
    assert played_entropy(create(OBJECTIVES, "dapo"), 1.0) < 0.1


def played_entropy(objective, scale, steps=3000, size=256):
    """Mean entropy of the last steps of a bandit whose arms' rewards are 0 to 1, times scale."""
    logits = torch.zeros(ARMS, requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=0.02)
    rewards_A = scale * torch.linspace(0, 1, ARMS)
    last = []
    for step in range(steps):
        logps_A = logits.log_softmax(-1)
        arms = torch.multinomial(logps_A.detach().exp(), size, replacement=True)
        gained = rewards_A[arms]
        batch = micro_batch(
            logps_A[arms][:, None],
            logps_A.detach()[arms][:, None],
            (gained - gained.mean())[:, None],
        )
        losses_BT, _ = objective.loss(batch)
        optimizer.zero_grad()
        losses_BT.mean().backward()
        optimizer.step()
        entropy = float(-(logps_A.exp() * logps_A).sum().detach())
        objective.after_step({"entropy": entropy})
        if step >= steps - 500:
            last.append(entropy)
    return sum(last) / len(last)


finite = st.floats(-4, 4, allow_nan=False)


@given(st.lists(st.tuples(finite, finite, finite), min_size=1, max_size=6))
def test_every_objective_is_finite_and_blames_what_was_worse(tokens):
    logps, old, advantages = (torch.tensor(column)[None] for column in zip(*tokens, strict=True))
    hinted = {"self_distill", "privileged_distill"}
    for name in set(names(OBJECTIVES)) - {"trl", "distill", *hinted}:
        options = {"target": 0.5} if name == "entropy_dual" else {}
        losses_BT, figures = create(OBJECTIVES, name, options).loss(
            micro_batch(logps.requires_grad_(), old, advantages)
        )
        assert losses_BT.shape == logps.shape
        assert losses_BT.isfinite().all()
        assert all(values.shape == logps.shape for values in figures.values())


@given(st.floats(-6, 6), st.floats(0.05, 5))
def test_the_multiplier_stays_within_its_bounds(entropy, rate):
    objective = create(
        OBJECTIVES, "entropy_dual", {"target": 1.0, "rate": rate, "least": 0.01, "most": 2.0}
    )
    for _ in range(50):
        before = objective.state()["multiplier"]
        objective.after_step({"entropy": entropy})
        after = objective.state()["multiplier"]
        assert 0.01 <= after <= 2.0
        assert (after - before) * (1.0 - entropy) >= 0


def ids_of(student, text):
    return torch.tensor([student.tokenizer.encode(text)])


def test_a_teacher_that_is_the_student_changes_nothing(student):
    """The divergence is 0, so no token has a loss: the first sign of a shifted column is here."""
    objective = create(OBJECTIVES, "distill", {"teacher": "embedded/calculator"})
    objective.start(student, lambda name: student)
    ids_BL = ids_of(student, "Ann has 3 apples. She gets 4 more. How many has she?")
    batch = batch_of(student, ids_BL, 6)
    losses_BT, figures = objective.loss(batch)
    assert losses_BT.abs().max() < 1e-4
    assert figures["reverse_kl"].abs().max() < 1e-4
    student.model.requires_grad_(True)


def batch_of(student, ids_BL, length):
    with torch.no_grad():
        logits = student.model(input_ids=ids_BL).logits[:, -length - 1 : -1]
    logps = logits.log_softmax(-1).gather(-1, ids_BL[:, -length:, None])[..., 0]
    return micro_batch(
        logps, logps, torch.ones_like(logps), ids_BL=ids_BL, attention_BL=torch.ones_like(ids_BL)
    )


def test_a_token_that_the_teacher_finds_unlikely_is_blamed(student):
    """By its own gap, and never by more than `most`; the rewards have no say by default."""
    ids_BL = ids_of(student, "Ann has 3 apples. She gets 4 more. How many has she?")
    batch = batch_of(student, ids_BL, 6)
    surer = batch.old_logps_BT + torch.tensor([0.0, 1.0, 2.0, -1.0, -9.0, 9.0])
    batch = micro_batch(
        surer, surer, batch.advantages_BT, ids_BL=ids_BL, attention_BL=torch.ones_like(ids_BL)
    )
    objective = create(OBJECTIVES, "distill", {"teacher": "embedded/calculator"})
    objective.start(student, lambda name: student)
    losses_BT, figures = objective.loss(batch)
    assert losses_BT[0].tolist() == pytest.approx([0, 1, 2, -1, -5, 5], abs=1e-3)
    assert figures["reverse_kl"][0].tolist() == pytest.approx([0, 1, 2, -1, -9, 9], abs=1e-3)
    student.model.requires_grad_(True)


def test_a_teacher_of_another_vocabulary_is_refused(student):
    """Its probabilities would be those of other tokens, and nothing would say so."""
    from mentor_plugins.models.loading import load_student

    objective = create(OBJECTIVES, "distill", {"teacher": "embedded/files"})
    with pytest.raises(ConfigError, match="another vocabulary"):
        objective.start(student, load_student)
