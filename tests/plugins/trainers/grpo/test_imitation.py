"""Taught rows beside on-policy ones: exactly their likelihood, and nothing else."""

from __future__ import annotations

import copy
import dataclasses

import pytest
import torch
from datasets import Dataset
from rich.console import Console

from mentor_core.door.registry import POLICIES, create
from mentor_core.play.rollout import Rollout
from mentor_core.support.errors import ConfigError
from mentor_plugins.lessons.failed import Failed
from mentor_plugins.trainers.grpo.imitation import Imitation
from mentor_plugins.trainers.grpo.settings import trainer_settings
from mentor_plugins.trainers.grpo.trainer import MentorTrainer
from mentor_plugins.trainers.taught import taught_tokens
from mentor_runs.assembly.assemble import assemble
from mentor_runs.assembly.references import References
from mentor_runs.directory.run_directory import RunDirectory
from mentor_runs.settings.resolve import resolve
from mentor_runs.training import Training
from mentor_toolkit.progress_bar import Bar

CONFIG = {
    "env_options": {"train_size": 32},
    "rollout": {"max_turn_tokens": 48, "max_episode_tokens": 300},
    "train": {"steps": 1, "tasks_per_step": 2, "group_size": 4, "micro_batch": 4},
}


@pytest.fixture
def training(student, tmp_path):
    config = resolve(CONFIG)
    parts = assemble(config)
    tasks, references = parts.training_tasks()
    parts.sampler.start(tasks, config.seed)
    policy = create(POLICIES, config.policy)
    made = Training(
        parts=parts,
        student=dataclasses.replace(student, model=copy.deepcopy(student.model)),
        tasks=tasks,
        references=references,
        rollout=Rollout(parts.make_env, policy, parts.executor()),
        policy=policy,
        steps=1,
        directory=RunDirectory(tmp_path),
        checkpoint=None,
        shown=Bar(Console(quiet=True), "training", 1),
        interrupted=lambda: False,
        on_metrics=lambda *_: None,
        on_rollout=lambda *_: None,
    )
    yield made
    made.rollout.close()


def trainer_of(training, **options):
    trainer = MentorTrainer(
        training,
        args=trainer_settings(training.parts.config, training.directory.path, 1),
        lessons=Failed(),
        train_dataset=Dataset.from_dict({"prompt": [""] * 2}),
        **options,
    )
    trainer.model.train()
    trainer.current_gradient_accumulation_steps = trainer.args.gradient_accumulation_steps
    return trainer


def nll(training, task):
    """Mean negative log-likelihood a taught token of the task's reference, by hand."""
    env = training.parts.domains[task.env].env
    _, info = env.reset(seed=0, options={"task": task})
    [reference] = training.references.get(task)
    record = taught_tokens(training.student.chat, env.parser, reference, info["tools"])
    ids = torch.tensor([record.prompt + record.completion])
    logps = training.student.model(input_ids=ids).logits[0, :-1].log_softmax(-1)
    chosen = logps.gather(-1, ids[0, 1:, None])[:, 0][len(record.prompt) - 1 :]
    return -chosen[torch.tensor(record.mask) == 2].mean()


def test_a_batch_adds_the_likelihood_of_the_references_of_failed_tasks(training):
    """Over all micro batches: weight · mean over tasks of failures · nll."""
    trainer = trainer_of(training, imitation=0.5)
    inputs = trainer._generate_and_score_completions([{"prompt": ""} for _ in range(8)])
    tasks = list({t.id: t for t in trainer._tasks}.values())
    failed = {
        task.id: 1 - sum(t.outcome for t in trainer._trajectories if t.task_id == task.id) / 4
        for task in tasks
    }
    rows = [task for task in tasks if failed[task.id]]
    by_hand = 0.5 * sum(failed[t.id] * nll(training, t) for t in rows) / len(rows)
    parts = [trainer.imitation.loss(trainer.model, part, 2) for part in range(2)]
    whole = sum(part for part in parts if part is not None)
    assert float(whole) == pytest.approx(float(by_hand), rel=1e-4)
    plain = super(MentorTrainer, trainer)._compute_loss(trainer.model, inputs)
    taught = trainer.imitation.loss(trainer.model, 0, trainer.args.gradient_accumulation_steps)
    assert float(trainer._compute_loss(trainer.model, inputs)) == pytest.approx(
        float(plain + taught), rel=1e-4
    )


def test_taught_rows_change_no_advantage_and_no_figure(training):
    """A teacher's row in a group's mean would make every episode of the student look bad."""
    seen, entropies = [], []
    for imitation in (0.0, 0.5):
        trainer = trainer_of(training, imitation=imitation)
        inputs = trainer._generate_and_score_completions([{"prompt": ""} for _ in range(8)])
        figures = {
            name: value
            for name, value in trainer._metrics["train"].items()
            if not name.startswith(("imitation", "seconds"))
        }
        entropies.append(figures.pop("entropy"))  # of log-probabilities, which a batch rounds
        seen.append((inputs["advantages"].tolist(), figures))
    assert seen[0] == seen[1]
    assert entropies[0] == pytest.approx(entropies[1], rel=1e-5)


def test_a_task_that_is_solved_is_not_taught(training):
    """Otherwise a teacher that is worse than the student would pull it back."""
    trainer = trainer_of(training, imitation=0.5)
    trainer._generate_and_score_completions([{"prompt": ""} for _ in range(8)])
    for trajectory in trainer._trajectories:
        trajectory.outcome = 1.0
    trainer.imitation.choose(trainer._tasks, trainer._trajectories, 0, trainer.model)
    assert trainer.imitation.loss(trainer.model, 0, 1) is None
    assert trainer.imitation.metrics() == {"imitation/rows": 0.0, "imitation/failed": 0.0}


def test_without_references_it_says_so(training):
    bare = dataclasses.replace(training, references=References({}, {}))
    with pytest.raises(ConfigError, match="imitation needs references"):
        Imitation(bare, Failed(), 0.5)
    assert Imitation(bare, Failed(), 0.0).metrics() == {}
