"""Grpo: group relative policy optimization, by TRL, of mentor's own rollouts and rewards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from mentor_core.contracts.lessons import Lessons
from mentor_core.contracts.trainer import Trained, Trainer
from mentor_core.door.registry import LESSONS, OBJECTIVES, PLANS, POLICIES, create, load
from mentor_core.support.errors import ConfigError
from mentor_plugins.trainers.grpo.settings import (
    BYPASSED,
    check_adapters,
    check_settings,
    lora_config,
    trainer_settings,
)
from mentor_runs.training import Training

__all__ = ["Grpo"]


class Grpo(Trainer):
    """Reinforcement: the student plays, and learns from the advantages of its own episodes.

    Source: DeepSeekMath (arXiv 2402.03300), section 4.1; with token-level loss, as in DAPO
    (arXiv 2503.14476). Its settings are `train.*`, `credit` and `reward`.
    """

    plans = True
    objectives = True

    imitation: float = Field(
        0.0, ge=0, description="weight of the negative log-likelihood of taught rows; 0: none"
    )
    lessons: str = Field("failed", description="chooses the taught rows of a batch")
    lessons_options: dict[str, Any] = Field(
        default_factory=dict, description="options of the lessons"
    )

    def check(self, config: Any, processes: int) -> None:
        # The policy, which imports torch, is loaded only if the plan asks something of it.
        continues = "continued" in load(PLANS, config.plan).gives
        if continues and not load(POLICIES, config.policy).replays:
            raise ConfigError(
                f"plan {config.plan!r} begins episodes with turns of others, and the policy "
                f"{config.policy!r} cannot; use policy=transformers"
            )
        check_settings(config, processes)
        self._check_objective(config)
        self._lessons()
        if not self.imitation and {"lessons", "lessons_options"} & self.model_fields_set:
            raise ConfigError(
                "trainer grpo: lessons without a weight teach nothing; set "
                "trainer_options.imitation, such as 0.3"
            )
        if config.train.trl or config.train.bf16:
            trainer_settings(config, Path(), processes)

    def _check_objective(self, config: Any) -> None:
        objective = load(OBJECTIVES, config.objective)
        if not objective.replaces:
            return
        for key in config.train.trl:
            if key in BYPASSED:
                raise ConfigError(
                    f"train.trl.{key} is a setting of TRL's own loss, which objective="
                    f"{config.objective} replaces; leave it out, or use objective=trl"
                )
        create(OBJECTIVES, config.objective, config.objective_options).check(config)

    def _lessons(self) -> Lessons:
        return create(LESSONS, self.lessons, self.lessons_options)

    def check_model(self, config: Any, model: Any) -> None:
        check_adapters(config, model)

    def train(self, training: Training) -> Trained:
        from accelerate import PartialState
        from datasets import Dataset
        from transformers import PrinterCallback

        from mentor_plugins.trainers.grpo.trainer import MentorTrainer
        from mentor_plugins.trainers.watch import Watch

        config = training.parts.config
        if training.parts.objective.needs_references and not training.references.of:
            raise ConfigError(
                f"objective={config.objective} needs references, and no task has one; choose a "
                "source of references, such as source=expert"
            )
        checkpoints, processes = training.directory.checkpoints, PartialState().num_processes
        trainer = MentorTrainer(
            training,
            args=trainer_settings(config, checkpoints, processes, training.steps),
            train_dataset=Dataset.from_dict({"prompt": [""] * config.train.tasks_per_step}),
            peft_config=lora_config(config),
            lessons=self._lessons(),
            imitation=self.imitation,
            callbacks=[Watch(training)],
        )
        trainer.remove_callback(PrinterCallback)  # the bar and the trackers say it
        if training.checkpoint:
            trainer.restore(training.checkpoint[0])
            trainer.train(resume_from_checkpoint=str(training.checkpoint[0]))
        else:
            trainer.train()
        return Trained(trainer.trained(), int(trainer.state.global_step))
