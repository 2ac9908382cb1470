"""Critics in a run: resumed, in two processes, and with every plan and objective."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import product

import pytest
import torch

from mentor_core.contracts.reward import RewardTerm
from mentor_core.door.registry import OBJECTIVES, PLANS, load, names
from mentor_core.support.errors import ConfigError
from mentor_runs.assembly.assemble import assemble
from mentor_runs.settings.resolve import resolve

TD = {"credit": "hier_critic", "critic": "td", "critic_options": {"warmup": 1}}


def test_a_resumed_run_ends_as_one_that_was_never_stopped(make_trainer):
    """Four steps are two, and two more from the checkpoint: weights, metrics and critic."""
    settings = TD | {
        "rollout": {"max_turns": 4},
        "train": {"steps": 4, "checkpoint_every": 2, "group_size": 2, "micro_batch": 2},
    }
    whole = make_trainer(**settings)
    whole.train()
    again = make_trainer(**settings)
    folder = again.training.directory.path / "checkpoint-2"
    saved = json.loads((folder / "mentor_state.json").read_text())["critic"]
    assert saved["batches"] == 2
    again.restore(folder)
    again.train(resume_from_checkpoint=str(folder))
    assert again.parts.critic.state() == whole.parts.critic.state()
    for one, other in zip(again.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)
    shown = [
        {k: v for k, v in t.state.log_history[-2].items() if "/" in k and "sec" not in k}
        for t in (again, whole)
    ]
    assert shown[0]["critic/episodes"] > 0
    assert shown[0] == pytest.approx(shown[1], nan_ok=True)


def test_the_student_reads_the_same_with_a_critic_that_knows_the_answer(make_trainer, rows):
    """Neither its prompt nor what is written to it later has a trace of answer or reference."""
    read = []
    for settings in ({}, {"credit": "turn_critic", "critic": "privileged"}):
        trainer = make_trainer(**settings)
        trainer._generate_and_score_completions(rows(trainer))
        read.append([(t.tokens.prompt, t.tokens.completion) for t in trainer._trajectories])
    assert read[0] == read[1]
    assert trainer._metrics["train"]["critic/episodes"] == [8.0]
    assert "on_path" in json.dumps(trainer.parts.critic.state())


class Never(RewardTerm):
    """Scores nothing."""

    def score(self, trajectory, task, references):
        return None


def test_a_batch_without_any_reward_has_a_finite_loss(make_trainer, rows):
    trainer = make_trainer(
        credit="turn_critic",
        critic="linear",
        reward={
            "preset": "",
            "terms": {"outcome": 1.0},
            "term_classes": {"outcome": f"{__name__}:Never"},
            "composer": "weighted_sum",
        },
    )
    inputs = trainer._generate_and_score_completions(rows(trainer))
    assert not inputs["advantages"].any()
    assert trainer._metrics["train"]["critic/episodes"] == [0.0]
    assert trainer._compute_loss(trainer.model, inputs).item() == 0.0


OPTIONS = {
    "entropy_dual": {"target": 0.5},
    "distill": {"teacher": "embedded/calculator"},
}


@pytest.mark.parametrize(("plan", "objective"), [*product(names(PLANS), names(OBJECTIVES))])
def test_every_plan_and_objective_runs_or_is_refused_with_both_names(plan, objective):
    settings = {
        "plan": plan, "objective": objective, "objective_options": OPTIONS.get(objective, {}),
    }  # fmt: skip
    fits = load(PLANS, plan).gives <= load(OBJECTIVES, objective).accepts
    try:
        assemble(resolve(settings))
    except ConfigError as error:
        assert not fits, error
        assert f"plan {plan!r}" in str(error)
        assert f"objective {objective!r}" in str(error)
    else:
        assert fits


@pytest.mark.slow
@pytest.mark.parametrize("objective", names(OBJECTIVES))
def test_every_objective_has_a_finite_loss_with_every_plan_that_it_accepts(
    make_trainer, rows, objective
):
    for plan in set(names(PLANS)) - {"fresh"}:
        if not load(PLANS, plan).gives <= load(OBJECTIVES, objective).accepts:
            continue
        trainer = make_trainer(
            plan=plan,
            objective=objective,
            objective_options=OPTIONS.get(objective, {}),
            rollout={"max_turns": 4, "max_turn_tokens": 24},
            train={"group_size": 2, "micro_batch": 2, "trl": {"num_iterations": 2}},
        )
        inputs = trainer._generate_and_score_completions(rows(trainer))
        assert torch.isfinite(trainer._compute_loss(trainer.model, inputs))


def settings_of(out, *own):
    return [
        "run", "--steps", "2", "--output", str(out), "--env", "calculator",
        *(f"--set={text}" for text in (
            "env_options.train_size=32", "evaluate.tasks=0", "train.tasks_per_step=3",
            "train.micro_batch=3", "rollout.max_turns=4", "rollout.max_turn_tokens=48",
            "train.checkpoint_every=2", *own,
        )),
    ]  # fmt: skip


def one_and_two_processes(folder, *own):
    """The states and the metrics of each step of the same run, in one process and in two."""
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu"]
    launch += ["--num_processes", "2", "--num_machines", "1", "--main_process_port", "0"]
    launch += ["--mixed_precision", "no", "--dynamo_backend", "no", "-m", "mentor_core"]
    states, steps = [], []
    for name, command in (("one", [sys.executable, "-m", "mentor_core"]), ("two", launch)):
        done = subprocess.run(
            [*command, *settings_of(folder / name, *own)],
            check=False, capture_output=True, text=True, timeout=600,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        [saved] = (folder / name).glob("checkpoints/checkpoint-2/mentor_state.json")
        states.append(json.loads(saved.read_text()))
        lines = map(json.loads, (folder / name / "metrics.jsonl").read_text().splitlines())
        steps.append([line for line in lines if "loss" in line])
    return states, steps


def assert_same(steps, figures):
    for one, two in zip(*steps, strict=True):
        for figure in figures:
            expected = (
                None if one[figure] is None else pytest.approx(one[figure], rel=1e-3, abs=1e-6)
            )
            assert two[figure] == expected, figure
    assert any(line["grad_norm"] for line in steps[0])


@pytest.mark.slow
def test_two_processes_are_as_one(tmp_path):
    """One group spans both processes; weights move alike, and the critic is the same."""
    states, steps = one_and_two_processes(
        tmp_path, "credit=hier_critic", "critic=td", "critic_options.warmup=1",
        "train.group_size=2",
    )  # fmt: skip
    assert states[0]["critic"] == states[1]["critic"]
    assert_same(steps, ("loss", "grad_norm", "reward", "critic/explained", "critic/episodes"))


@pytest.mark.slow
def test_hints_come_from_the_whole_group_in_two_processes(tmp_path):
    """A success in one process is a hint for an episode of its group in the other."""
    _, steps = one_and_two_processes(
        tmp_path, "objective=self_distill", "plan=guided", "train.group_size=6"
    )
    assert_same(steps, ("loss", "grad_norm", "objective/hinted", "objective/reverse_kl"))
    assert any(line["objective/hinted"] for line in steps[0])


def refusal(**settings):
    with pytest.raises(ConfigError) as refused:
        assemble(resolve(settings))
    return str(refused.value)


def test_what_does_not_fit_is_refused_before_the_run():
    assert "there is no critic; use --set critic=linear" in refusal(credit="turn_critic")
    assert "use --set critic=linear_terms" in refusal(credit="multi_critic", critic="linear")
    assert "the credit 'group' uses no values" in refusal(critic="td")
    said = refusal(
        credit="turn_critic",
        critic="linear",
        reward={"terms": {"answered": 1.0}, "composer": "weighted_sum", "preset": ""},
    )
    assert "critic=linear needs the reward term(s) outcome" in said
    assert "trainer 'sft' has a loss of its own" in refusal(
        trainer="sft", credit="turn_critic", critic="linear"
    )


@pytest.mark.slow
@pytest.mark.parametrize("credit", ["stabilised", "turn_critic"])
def test_the_weights_stay_bit_for_bit_while_the_critic_warms_up(make_trainer, credit):
    """With `turn_critic`, the broken variant, the first step moves them."""
    trainer = make_trainer(
        credit=credit, critic="linear", critic_options={"warmup": 2},
        env_options={"train_size": 16}, train={"steps": 1, "group_size": 8},
        rollout={"max_turn_tokens": 48, "max_episode_tokens": 300},
    )  # fmt: skip
    before = {name: weight.clone() for name, weight in trainer.model.named_parameters()}
    trainer.train()
    same = all(torch.equal(before[name], w) for name, w in trainer.model.named_parameters())
    assert same == (credit == "stabilised")
