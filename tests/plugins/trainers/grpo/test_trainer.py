"""MentorTrainer: TRL computes the loss that mentor's rollouts, rewards and credit ask for."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import trl


def test_the_loss_is_the_one_computed_by_hand(make_trainer, rows):
    """GRPO with token loss: −Σ advantage · log-probability over sampled tokens / their number."""
    trainer = make_trainer()
    inputs = trainer._generate_and_score_completions(rows(trainer))
    ids = torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], 1)
    attention = torch.cat([inputs["prompt_mask"], inputs["completion_mask"]], 1)
    prompt = inputs["prompt_ids"].shape[1]
    logits = trainer.model(input_ids=ids, attention_mask=attention).logits[:, prompt - 1 : -1]
    chosen = logits.log_softmax(-1).gather(-1, inputs["completion_ids"][..., None])[..., 0]
    mask = inputs["tool_mask"] * inputs["completion_mask"]
    # The ratio to the detached policy is 1, but its gradient is that of the log-probability.
    by_hand = -(inputs["advantages"] * (chosen - chosen.detach() + 1) * mask).sum() / mask.sum()
    accumulation = trainer.args.gradient_accumulation_steps / trainer.args.steps_per_generation
    loss = trainer._compute_loss(trainer.model, inputs)
    assert torch.allclose(loss, by_hand / accumulation, atol=1e-5)
    names = ["model.layers.0.mlp.up_proj.weight", "model.embed_tokens.weight"]
    parameters = [trainer.model.get_parameter(name) for name in names]
    for ours, theirs in zip(
        torch.autograd.grad(by_hand / accumulation, parameters, retain_graph=True),
        torch.autograd.grad(loss, parameters),
        strict=True,
    ):
        assert torch.allclose(ours, theirs, atol=1e-5)


def test_nobody_is_told_of_a_run(make_trainer, monkeypatch):
    """TRL's report would also start a thread that can crash the run: see `_send_telemetry`."""
    sent = []
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(
        trl.trainer.base_trainer, "send_telemetry", lambda **what: sent.append(what)
    )
    make_trainer()
    assert sent == []


def test_advantages_reach_trl_as_the_credit_gave_them(make_trainer, rows):
    trainer = make_trainer()
    inputs = trainer._generate_and_score_completions(rows(trainer))
    assert inputs["advantages"].shape == inputs["completion_ids"].shape
    rewards = np.array([t.reward for t in trainer._trajectories])
    means = rewards.reshape(-1, 4).mean(1).repeat(4)
    expected = (rewards - means) / (rewards.std(ddof=1) + 1e-4)
    for row, advantage, trajectory in zip(
        inputs["advantages"], expected, trainer._trajectories, strict=True
    ):
        sampled = torch.tensor(trajectory.tokens.mask).bool()
        assert torch.allclose(row[: len(sampled)][sampled], torch.tensor(advantage).float())
        kept = torch.tensor(trajectory.tokens.advantages)  # for whoever reads the episode later
        assert torch.allclose(row[: len(sampled)], kept, atol=6e-5)


def test_turn_level_credit_gives_turns_of_one_episode_different_advantages(make_trainer, rows):
    trainer = make_trainer(credit="turn")
    inputs = trainer._generate_and_score_completions(rows(trainer))
    different = 0
    for row, trajectory in zip(inputs["advantages"], trainer._trajectories, strict=True):
        per_turn = {round(float(row[turn.span[0]]), 5) for turn in trajectory.turns}
        different += len(per_turn) > 1
    assert different


def test_only_sampled_tokens_of_whole_episodes_carry_loss(make_trainer, rows):
    """Truncation is judged by the end reason: an episode may stop right after an end token."""
    trainer = make_trainer(
        train={"mask_truncated": True, "tasks_per_step": 4},
        rollout={"max_turns": 3, "max_turn_tokens": 60},
        reward={"preset": "sparse"},  # the expert's own chains do not fit into three turns
    )
    inputs = trainer._generate_and_score_completions(rows(trainer))
    ends = [t.end for t in trainer._trajectories]
    assert {"turn_limit", "answered"} <= set(ends)
    for mask, trajectory in zip(inputs["tool_mask"], trainer._trajectories, strict=True):
        length = len(trajectory.tokens.mask)
        expected = trajectory.tokens.mask if trajectory.end == "answered" else [0] * length
        assert mask[:length].tolist() == expected


def test_metrics_say_what_happened(make_trainer, rows):
    trainer = make_trainer()
    trainer._generate_and_score_completions(rows(trainer))
    log = trainer._metrics["train"]
    trajectories = trainer._trajectories
    assert log["success"] == [np.mean([t.outcome for t in trajectories])]
    assert log["calls"] == [np.mean([len(t.calls) for t in trajectories])]
    assert sum(log[name][0] for name in log if name.startswith("end/")) == pytest.approx(1)
    for term in trainer.parts.reward.terms:
        scores = [t.scores[term] for t in trajectories]
        assert log[f"terms/{term}/mean"] == [pytest.approx(np.mean(scores))]
    assert not [name for name in log if name.startswith(("completions/", "frac_reward"))]


def test_episodes_of_two_environments_share_a_batch(make_trainer, rows, outsider):
    """Each is shown its own tools, is compared within its own groups, and has its own metrics."""
    trainer = make_trainer(
        env="calculator,dice=0.5",
        env_options={"calculator": {"train_size": 32}},
        train={"tasks_per_step": 3},
    )
    inputs = trainer._generate_and_score_completions(rows(trainer))
    played = trainer._trajectories
    assert [t.env for t in played] == ["calculator"] * 4 + ["dice"] * 4 + ["calculator"] * 4
    tokenizer = trainer.training.student.tokenizer
    for trajectory, ids in zip(played, inputs["prompt_ids"], strict=True):
        shown = tokenizer.decode(ids)
        assert trajectory.tools == (["throw"] if trajectory.env == "dice" else trajectory.tools)
        assert ("throw(count)" in shown) == (trajectory.env == "dice")
        assert ("multiply" in shown) == (trajectory.env == "calculator")
    log = trainer._metrics["train"]
    for name in ("calculator", "dice"):
        own = [t for t in played if t.env == name]
        assert log[f"{name}/reward"] == [pytest.approx(np.mean([t.reward for t in own]))]
        assert log[f"{name}/calls"] == [np.mean([len(t.calls) for t in own])]
    assert log["reward"] == [pytest.approx(np.mean([t.reward for t in played]))]
    assert trainer.parts.sampler.state() == {"calculator": {}, "dice": {}}


@pytest.mark.slow
def test_lora_trains_adapters_only(make_trainer):
    trainer = make_trainer(train={"lora": {"r": 4}})
    before = {name: p.detach().clone() for name, p in trainer.model.named_parameters()}
    trainer.train()
    moved = {n for n, p in trainer.model.named_parameters() if not torch.equal(p, before[n])}
    assert moved
    assert all("lora_" in name for name in moved)


@pytest.mark.slow
@pytest.mark.parametrize("option", ["bf16", "gradient_checkpointing"])
def test_memory_saving_options_train(make_trainer, option):
    trainer = make_trainer(train={option: True})
    before = trainer.model.model.embed_tokens.weight.detach().clone()
    trainer.train()
    assert torch.isfinite(trainer.model.model.embed_tokens.weight).all()
    assert not torch.equal(trainer.model.model.embed_tokens.weight, before)
