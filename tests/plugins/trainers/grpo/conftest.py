"""A trainer of the embedded student, as a run makes it."""

from __future__ import annotations

import copy

import pytest
from datasets import Dataset
from rich.console import Console

from mentor_core.contracts.policy import Student
from mentor_core.door.registry import POLICIES, create
from mentor_core.play.rollout import Rollout
from mentor_plugins.lessons.failed import Failed
from mentor_plugins.trainers.grpo.settings import lora_config, trainer_settings
from mentor_plugins.trainers.grpo.trainer import MentorTrainer
from mentor_runs.assembly.assemble import assemble
from mentor_runs.directory.run_directory import RunDirectory
from mentor_runs.settings.resolve import resolve
from mentor_runs.settings.tables import merge
from mentor_runs.training import Training
from mentor_toolkit.progress_bar import Bar

SETTINGS = {
    "env_options": {"train_size": 32},
    "rollout": {"max_turn_tokens": 48, "max_episode_tokens": 300},
    "train": {"steps": 2, "tasks_per_step": 2, "group_size": 4, "micro_batch": 4},
}


@pytest.fixture
def make_trainer(student, tmp_path):
    trainers = []

    def make(**settings):
        base = {k: v for k, v in SETTINGS.items() if k != "env_options" or k not in settings}
        config = resolve(merge(base, settings))
        parts = assemble(config)
        tasks, references = parts.training_tasks()
        parts.sampler.start(tasks, config.seed)
        policy = create(POLICIES, config.policy)
        own = Student(copy.deepcopy(student.model), student.tokenizer, student.chat)
        trainer = MentorTrainer(
            Training(
                parts=parts,
                student=own,
                tasks=tasks,
                references=references,
                rollout=Rollout(parts.make_env, policy, parts.executor()),
                policy=policy,
                steps=config.train.steps,
                directory=RunDirectory(tmp_path),
                checkpoint=None,
                shown=Bar(Console(quiet=True), "training", config.train.steps),
                interrupted=lambda: False,
                on_metrics=lambda *_: None,
                on_rollout=lambda *_: None,
            ),
            args=trainer_settings(config, tmp_path, 1),
            lessons=Failed(),
            train_dataset=Dataset.from_dict({"prompt": [""] * 2}),
            peft_config=lora_config(config),
        )
        trainers.append(trainer)
        trainer.model.train()
        trainer.current_gradient_accumulation_steps = trainer.args.gradient_accumulation_steps
        return trainer

    yield make
    for trainer in trainers:
        trainer.training.rollout.close()


@pytest.fixture
def rows():
    """What TRL asks a trainer's episodes with: one empty prompt an episode."""
    return lambda trainer: [{"prompt": ""} for _ in range(trainer.args.generation_batch_size)]
