"""Micro batches: rows without a gradient are left out, and neither loss nor gradient changes."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mentor_plugins.trainers.grpo.micro_batches import arranged, is_free, trimmed
from mentor_plugins.trainers.grpo.trainer import GRPOTrainer, MentorTrainer


def gradient(losses, model):
    found = torch.autograd.grad(sum(losses), [p for p in model.parameters() if p.requires_grad])
    return torch.cat([grad.flatten() for grad in found])


@pytest.mark.parametrize("credit", ["group", "turn"])
def test_leaving_rows_out_changes_neither_loss_nor_gradient(make_trainer, rows, credit):
    trainer = make_trainer(credit=credit)
    assert is_free(trainer)
    inputs = trainer._generate_and_score_completions(rows(trainer))
    inputs["advantages"][:4] = 0  # a group whose rewards are all equal
    batches = [
        {n: v[i::2] if torch.is_tensor(v) and v.ndim else v for n, v in inputs.items()}
        for i in range(2)
    ]
    whole = [GRPOTrainer._compute_loss(trainer, trainer.model, batch) for batch in batches]
    parts = [trainer._compute_loss(trainer.model, batch) for batch in arranged(batches)]
    assert sum(len(batch["prompt_ids"]) for batch in arranged(batches)) == 4
    assert torch.allclose(sum(parts), sum(whole), atol=1e-6)
    expected = gradient(whole, trainer.model)
    assert expected.norm() > 0
    assert (gradient(parts, trainer.model) - expected).norm() < 1e-4 * expected.norm()


@pytest.mark.parametrize(
    "setting",
    [{"beta": 0.1}, {"loss_type": "grpo"}, {"num_iterations": 2}, {"entropy_coef": 0.01}],
)
def test_all_rows_stay_where_their_place_or_number_changes_the_loss(make_trainer, setting):
    assert not is_free(make_trainer(train={"trl": setting}))


def test_a_step_trains_on_rows_with_an_advantage(make_trainer, rows):
    trainer = make_trainer()
    trainer._step = 0
    first = trainer._prepare_inputs(rows(trainer))
    kept = torch.cat([batch["advantages"].any(1) for batch in trainer._buffered_inputs])
    live = sum(any(t.tokens.advantages) for t in trainer._trajectories)
    assert int(kept.sum()) == live
    assert first is trainer._buffered_inputs[0]


@given(
    live=st.lists(st.booleans(), min_size=4, max_size=12).filter(lambda rows: len(rows) % 2 == 0),
    data=st.data(),
)
def test_each_row_with_an_advantage_stands_once_and_whole(live, data):
    count = len(live)
    lengths = data.draw(st.lists(st.integers(1, 6), min_size=count, max_size=count))
    mask = torch.tensor([[int(c < length) for c in range(6)] for length in lengths])
    number = torch.arange(count)[:, None].expand(count, 6)
    batch = {
        "prompt_ids": number[:, :2],
        "prompt_mask": torch.ones(count, 2, dtype=torch.int64),
        "completion_ids": number,
        "completion_mask": mask,
        "advantages": mask * torch.tensor(live)[:, None].float(),
        "num_items_in_batch": torch.tensor(7),
        "image": None,
    }
    halves = [
        {n: v[i::2] if torch.is_tensor(v) and v.ndim else v for n, v in batch.items()}
        for i in range(2)
    ]
    made = arranged(halves)
    assert len(made) == 2
    assert all(0 < len(part["prompt_ids"]) <= count // 2 for part in made)
    rows = torch.cat([part["completion_ids"][:, 0] for part in made]).tolist()
    assert len(rows) == len(set(rows))
    assert {row for row in range(count) if live[row]} <= set(rows)
    assert len(rows) == max(sum(live), 2)
    for part in made:
        assert part["num_items_in_batch"] == 7
        assert part["image"] is None
        for row, kept in zip(part["completion_ids"][:, 0], part["completion_mask"], strict=True):
            assert torch.equal(kept, mask[row])


def test_trimming_padding_does_not_change_the_loss(make_trainer, rows):
    trainer = make_trainer()
    inputs = trainer._generate_and_score_completions(rows(trainer))
    batch = {
        name: value[:2] if isinstance(value, torch.Tensor) and value.ndim else value
        for name, value in inputs.items()
    }
    short = trimmed(batch)
    assert short["completion_ids"].numel() <= batch["completion_ids"].numel()
    assert short["completion_mask"].sum() == batch["completion_mask"].sum()
    assert short["prompt_mask"].sum() == batch["prompt_mask"].sum()
    with torch.no_grad():
        whole = super(MentorTrainer, trainer)._compute_loss(trainer.model, batch)
        assert torch.allclose(trainer._compute_loss(trainer.model, batch), whole, atol=1e-6)
