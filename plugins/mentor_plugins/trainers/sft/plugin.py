"""Sft: imitation of the teacher's reference trajectories, by TRL's SFTTrainer."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from mentor_core.contracts.policy import Student
from mentor_core.contracts.trainer import Trained, Trainer
from mentor_core.support.errors import ConfigError, DataError
from mentor_plugins.models.loading import load_student
from mentor_plugins.trainers.grpo.settings import lora_config
from mentor_plugins.trainers.sft.choose import Choice, Pair, choose
from mentor_plugins.trainers.taught import Row, as_row, taught_tokens
from mentor_runs.settings.keys import unknown_keys
from mentor_runs.settings.model_names import is_embedded
from mentor_runs.training import Training
from mentor_toolkit.vocabulary import check_vocabulary

__all__ = ["Sft"]

_EMBEDDED_RATE, _RATE = 3e-4, 2e-5
_OWN = {
    "max_steps": "train.steps, or the steps of --warm-start",
    "learning_rate": "the option learning_rate",
    "per_device_train_batch_size": "train.micro_batch",
    "gradient_accumulation_steps": "the option batch",
    "save_steps": "train.checkpoint_every",
    "bf16": "train.bf16",
    "seed": "seed",
    "output_dir": "--output",
}


class Sft(Trainer):
    """Maximises the likelihood of the references, on the teacher's turns alone.

    The rows are the conversations of rollouts: same prompt, same suffixes, same masks. The
    references of a run are imitated again and again, in another order each epoch.

    With a `teacher`, the loss compares the distributions of student and teacher at each token of
    the references: STAR's constrained distillation (arXiv 2602.03022). It costs one forward pass
    of the teacher and one more of the student.
    """

    imitates = True

    batch: int = Field(16, ge=1, description="references of one optimizer step")
    learning_rate: float | None = Field(
        None, gt=0, description="not set: 3e-4 for an embedded student, 2e-5 for any other"
    )
    references: int = Field(0, ge=0, description="most references to imitate; 0: all")
    choose: Choice = Field(
        "all",
        description="of several references of a task: all, or the likeliest under the student, the "
        "shortest, or the nearest to the others",
    )
    teacher: str = Field(
        "",
        description="a model as in `model`, of one vocabulary, whose probabilities are imitated; "
        "empty: the tokens of the references alone",
    )
    top: int = Field(100, ge=1, description="likeliest tokens of the teacher that are compared")
    tail: float = Field(
        10.0, ge=0, description="weight of the student's mass on tokens the teacher finds unlikely"
    )
    packing: bool = Field(False, description="several references in one row of the batch")
    trl: dict[str, Any] = Field(default_factory=dict, description="any other of trl.SFTConfig")

    def check(self, config: Any, processes: int) -> None:
        lora_config(config)
        for key in self.trl:
            if key in _OWN:
                raise ConfigError(f"trainer sft, option trl.{key}: set {_OWN[key]} instead")
        if self.trl:
            from trl import SFTConfig

            known = [field.name for field in dataclasses.fields(SFTConfig) if field.init]
            if unknown := [key for key in self.trl if key not in known]:
                raise ConfigError(f"trainer sft, option trl: {unknown_keys(unknown, known)}")
        if not self.teacher and (unused := {"top", "tail"} & self.model_fields_set):
            raise ConfigError(
                f"trainer sft: the option {min(unused)} compares with a teacher's probabilities; "
                "set the option teacher to a model, or leave it out"
            )
        if self.batch % processes:
            raise ConfigError(
                f"trainer sft: a batch of {self.batch} references does not divide among "
                f"{processes} processes"
            )

    def train(self, training: Training) -> Trained:
        """Train on the references of the run's tasks.

        Raises:
            ConfigError: there is no reference that the student's format can hold.
        """
        trainer = self.trainer(training, self.rows(training))
        checkpoint = training.checkpoint
        trainer.train(resume_from_checkpoint=str(checkpoint[0]) if checkpoint else None)
        return Trained(self.trained(training, trainer), int(trainer.state.global_step))

    def trainer(self, training: Training, rows: Sequence[Row]) -> Any:
        """An `ImitationTrainer` of these rows."""
        from accelerate import PartialState
        from datasets import Dataset
        from transformers import PrinterCallback

        from mentor_plugins.trainers.sft.trainer import ImitationTrainer
        from mentor_plugins.trainers.watch import Watch

        watch = Watch(training)
        trainer = ImitationTrainer(
            keep_checkpoints=training.parts.config.train.keep_checkpoints,
            watch=watch,
            model=training.student.model,
            args=self._settings(training, PartialState().num_processes),
            processing_class=training.student.tokenizer,
            train_dataset=Dataset.from_list(list(rows)),
            peft_config=lora_config(training.parts.config),
            constrained=self._constrained(training),
        )
        trainer.remove_callback(PrinterCallback)
        return trainer

    def _constrained(self, training: Training) -> Any:
        """The loss that compares with the teacher's probabilities; None without a teacher."""
        if not self.teacher:
            return None
        from mentor_plugins.trainers.sft.constrained import Constrained

        teacher, student = load_student(self.teacher), training.student
        check_vocabulary("trainer sft", self.teacher, student.tokenizer, teacher.tokenizer)
        return Constrained(teacher.model.to(student.model.device), self.top, self.tail)

    @staticmethod
    def trained(training: Training, trainer: Any) -> Student:
        """The student with the trainer's weights, adapters merged."""
        model = trainer.accelerator.unwrap_model(trainer.model)
        if training.parts.config.train.lora is not None:
            model = model.merge_and_unload()
        return dataclasses.replace(training.student, model=model)

    def rows(self, training: Training) -> list[Row]:
        """The references as rows of token ids, shuffled.

        Raises:
            ConfigError: there is no row; says why references were left out.
        """
        found: list[Row] = []
        refused: Counter[str] = Counter()
        for task in training.tasks:
            env = training.parts.domains[task.env].env
            pairs: list[Pair] = []
            for reference in training.references.get(task):
                _, info = env.reset(seed=0, options={"task": task})
                try:
                    record = taught_tokens(
                        training.student.chat, env.parser, reference, info["tools"]
                    )
                except DataError as error:
                    refused[str(error)] += 1
                    continue
                pairs.append((reference, as_row(record, 2)))
            found += [row for _, row in choose(self.choose, pairs, training.student.model)]
        if not found:
            why = f": {next(iter(refused))}" if refused else "; the source gives none"
            raise ConfigError(f"trainer sft: no reference to imitate{why}")
        random.Random(training.parts.config.seed).shuffle(found)
        return found[: self.references or None]

    def _settings(self, training: Training, processes: int) -> Any:
        import torch
        from trl import SFTConfig

        config, output = training.parts.config, training.directory.checkpoints
        rate = self.learning_rate or (_EMBEDDED_RATE if is_embedded(config.model) else _RATE)
        own = self.batch // processes
        micro = next(n for n in range(min(config.train.micro_batch, own), 0, -1) if own % n == 0)
        settings: dict[str, Any] = {
            "lr_scheduler_type": "linear",
            "warmup_steps": min(10, training.steps // 10),
            "max_length": config.rollout.max_episode_tokens if self.packing else None,
            "logging_steps": 1,
            **self.trl,
            "output_dir": str(Path(output)),
            "max_steps": training.steps,
            "learning_rate": rate,
            "per_device_train_batch_size": micro,
            "gradient_accumulation_steps": own // micro,
            "packing": self.packing,
            "save_strategy": "steps",
            "save_steps": config.train.checkpoint_every,
            "save_total_limit": None,  # TRL would delete the old one before the new one is sealed
            "use_cpu": not torch.cuda.is_available(),
            "dataloader_pin_memory": torch.cuda.is_available(),
            "bf16": config.train.bf16,
            "gradient_checkpointing": config.train.gradient_checkpointing,
            "seed": config.seed,
            "report_to": "none",
            "disable_tqdm": True,
        }
        try:
            return SFTConfig(**settings)
        except (TypeError, ValueError) as error:
            raise ConfigError(f"trainer sft, option trl: {error}") from error
