"""The door of objectives: TRL's loss through it is TRL's loss, and each row keeps its episode."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from mentor_core.contracts.objective import Objective
from mentor_core.door.registry import TRAINERS, create
from mentor_core.support.errors import ConfigError
from mentor_runs.assembly.references import References
from mentor_runs.settings.resolve import resolve

HINTS = {"self_distill": "Now solve the task yourself.", "privileged_distill": "Hint: "}


def losses(trainer, inputs, count):
    """Loss and gradient norm of the first `count` rows, as one of an optimizer step's parts."""
    part = {
        name: value[:count] if isinstance(value, torch.Tensor) and value.ndim else value
        for name, value in inputs.items()
    }
    loss = trainer._compute_loss(trainer.model, part)
    grads = torch.autograd.grad(loss, [p for p in trainer.model.parameters() if p.requires_grad])
    return loss.item(), torch.stack([grad.norm() for grad in grads]).norm().item()


def test_dapo_through_the_door_is_trls_own_loss(make_trainer, rows):
    """To five digits: an objective that is no change must change nothing."""
    own = make_trainer()
    inputs = own._generate_and_score_completions(rows(own))
    ours = make_trainer(objective="dapo")
    batch = ours._generate_and_score_completions(rows(ours))
    assert torch.equal(inputs["completion_ids"], batch["completion_ids"])
    for trainer, found in ((own, inputs), (ours, batch)):  # ratios away from 1, as in later passes
        drift = torch.linspace(-0.5, 0.5, found["completion_ids"].numel())
        with torch.no_grad():
            logps = trainer._get_per_token_logps_and_entropies(
                trainer.model,
                torch.cat([found["prompt_ids"], found["completion_ids"]], 1),
                torch.cat([found["prompt_mask"], found["completion_mask"]], 1),
                found["completion_ids"].shape[1],
            )[0]
        found["old_per_token_logps"] = logps + drift.view_as(logps)
    for count in (8, 3):
        expected, found = losses(own, inputs, count), losses(ours, batch, count)
        assert expected[1] > 0
        assert found == pytest.approx(expected, rel=1e-5)
    assert own._metrics["train"]["entropy"] == pytest.approx(ours._metrics["train"]["entropy"])


def test_a_run_by_the_door_ends_with_the_same_weights(mentor, tmp_path):
    """Two passes over one batch, in two micro batches: equal losses, gradients and metrics.

    The entropy is near: TRL's is a mean of the micro batches' means, ours is over all tokens.
    """
    metrics = []
    for objective in ("trl", "dapo"):
        out = tmp_path / objective
        mentor(
            "run", "--steps", 2, "--set", f"objective={objective}", "--output", out,
            "--set", "train.tasks_per_step=2", "--set", "train.group_size=2",
            "--set", "train.micro_batch=2", "--set", "train.trl.num_iterations=2",
            "--set", "rollout.max_turn_tokens=32", "--set", "rollout.max_turns=3",
            "--set", "evaluate.tasks=0", "--rewards", "sparse",
        )  # fmt: skip
        lines = (out / "metrics.jsonl").read_text().splitlines()
        metrics.append([line for line in map(json.loads, lines) if "loss" in line])
    assert len(metrics[0]) == 2
    for ours, theirs in zip(*metrics, strict=True):
        assert ours["entropy"] == pytest.approx(theirs["entropy"], rel=0.05)
        names = {"loss", "grad_norm", "reward", "sampled_tokens"}
        mine, other = ({n: found[n] for n in names & {*found}} for found in (ours, theirs))
        assert mine == pytest.approx(other, rel=1e-4, abs=1e-6)


class Seen(Objective):
    """Notes which episodes it was shown."""

    def loss(self, batch):
        for ids, mask, trajectory in zip(
            batch.ids_BL, batch.mask_BT, batch.trajectories, strict=True
        ):
            record = trajectory.tokens
            width = batch.mask_BT.shape[1]
            shown = ids[-width:][: len(record.completion)].tolist()
            assert shown == record.completion
            assert int(mask.sum()) == record.mask.count(1)
            SEEN.append(id(trajectory))
        return -batch.logps_BT, {"surprise": -batch.logps_BT}

    def after_step(self, figures):
        TOLD.append(dict(figures))


SEEN: list[int] = []
TOLD: list[dict[str, float]] = []


def test_each_row_comes_with_its_own_episode(make_trainer, monkeypatch):
    """TRL shuffles rows: with another row's episode, a judge of turns would blame the wrong one."""
    SEEN.clear()
    TOLD.clear()
    trainer = make_trainer(objective=f"{__name__}:Seen", train={"steps": 2, "micro_batch": 2})
    trainer.train()
    assert len(SEEN) == 16
    assert sorted(SEEN[8:]) == sorted(id(t) for t in trainer._trajectories)
    assert [set(figures) for figures in TOLD] == [{"surprise", "entropy"}] * 2
    assert all(figures["surprise"] > 0 for figures in TOLD)


def test_a_setting_of_trls_loss_beside_an_objective_is_refused(mentor):
    _, error = mentor(
        "run", "--set", "objective=dapo", "--set", "train.trl.beta=0.1", "--dry-run", code=2
    )
    assert "train.trl.beta is a setting of TRL's own loss" in error
    assert "objective=trl" in error


def test_an_objective_of_a_trainer_with_a_loss_of_its_own_is_refused(mentor):
    _, error = mentor("run", "--set", "objective=dapo", "--set", "trainer=sft", "--dry-run", code=2)
    assert "objective=dapo: the trainer 'sft' has a loss of its own" in error


def test_mirror_descent_with_one_pass_is_refused(mentor):
    _, error = mentor("run", "--set", "objective=mdpo", "--dry-run", code=2)
    assert "set train.trl.num_iterations" in error


def test_a_multiplier_goes_on_after_a_resume(make_trainer, tmp_path):
    trainer = make_trainer(objective="entropy_dual", objective_options={"target": 0.5})
    trainer.parts.objective.after_step({"entropy": 0.1})
    state = trainer._stateful()["objective"].state()
    assert state["multiplier"] == pytest.approx(0.01 * 2.718281828**0.4)
    again = make_trainer(objective="entropy_dual", objective_options={"target": 0.5})
    again.parts.objective.restore(state)
    assert again.parts.objective.state() == state


@pytest.mark.parametrize(("objective", "told"), HINTS.items())
def test_a_hinted_teacher_changes_nothing_that_the_student_reads(
    make_trainer, rows, objective, told
):
    """A hint in the student's own prompt would be a leak: training on what no user gives."""
    seen, hinted = [], {"objective": objective, "objective_options": {"reward": 1.0}}
    for settings in ({"objective": "dapo"}, hinted):
        trainer = make_trainer(**settings)
        inputs = trainer._generate_and_score_completions(rows(trainer))
        seen.append([(t.tokens.prompt, t.tokens.completion) for t in trainer._trajectories])
        assert torch.isfinite(trainer._compute_loss(trainer.model, inputs))
    assert seen[0] == seen[1]
    prompts = trainer.parts.objective._prompts
    assert prompts
    for own in trainer._trajectories:
        assert prompts.get(own.seed) != own.tokens.prompt
        read = trainer.training.student.tokenizer.decode(prompts.get(own.seed, []))
        assert told in read or own.seed not in prompts


def test_the_teacher_stays_the_student_as_it_began(make_trainer):
    """TRL's forward pass holds its model: a plain copy would answer as the student does now."""
    trainer = make_trainer(objective="privileged_distill")
    teacher, ids = trainer.parts.objective._model, torch.tensor([[5, 6, 7]])
    before = [model(input_ids=ids).logits for model in (teacher, trainer.model)]
    with torch.no_grad():
        for weights in trainer.model.parameters():
            weights.mul_(0.5)
    after = [model(input_ids=ids).logits for model in (teacher, trainer.model)]
    assert torch.equal(before[0], before[1])
    assert torch.equal(before[0], after[0])
    assert not torch.allclose(before[1], after[1])


@pytest.mark.parametrize("objective", HINTS)
def test_a_student_that_teaches_itself_needs_plain_sampling(objective):
    """Otherwise each token has a pull of its own, and the student drifts without any hint."""
    settings = {"objective": objective, "rollout": {"temperature": 0.7}}
    with pytest.raises(ConfigError, match=f"{objective}.*set rollout.temperature=1"):
        create(TRAINERS, "grpo").check(resolve(settings), 1)
    settings["objective_options"] = {"teacher": "embedded/calculator"}
    create(TRAINERS, "grpo").check(resolve(settings), 1)


def test_hints_from_references_need_references(make_trainer):
    training = make_trainer(objective="privileged_distill").training
    training = replace(training, references=References({}, {}))
    with pytest.raises(ConfigError, match="objective=privileged_distill needs references"):
        create(TRAINERS, "grpo").train(training)
