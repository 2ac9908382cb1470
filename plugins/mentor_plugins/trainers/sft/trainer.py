"""ImitationTrainer: TRL's SFTTrainer, whose checkpoints a run resumes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from trl import SFTTrainer

from mentor_plugins.trainers.sealed import save_sealed
from mentor_plugins.trainers.sft.constrained import Constrained
from mentor_plugins.trainers.taught import Row
from mentor_plugins.trainers.watch import Watch

__all__ = ["ImitationTrainer"]


class ImitationTrainer(SFTTrainer):  # type: ignore[misc]
    """Sends no telemetry, seals its checkpoints, and can imitate other rows later.

    Args:
        keep_checkpoints: older ones are deleted when a new one is sealed.
        watch: callback that is told of each step.
        constrained: the loss in place of the likelihood of the taught tokens, if there is a
            teacher model.
        **kwargs: for SFTTrainer.

    Attributes:
        state_json: returns the state that checkpoints hold beside the weights.
    """

    def __init__(
        self,
        *,
        keep_checkpoints: int = 2,
        watch: Watch,
        constrained: Constrained | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(callbacks=[watch], **kwargs)
        self._constrained = constrained
        self.keep_checkpoints, self._first = keep_checkpoints, 0
        self.state_json: Callable[[], str] = lambda: "{}"

    def imitate(self, rows: Sequence[Row], first: int, last: int, checkpoint: Path | None) -> None:
        """Train on rows from step `first` of the stage to step `last`.

        Optimizer and schedule begin anew, so that a part of a stage depends on its rows and on the
        weights alone.

        Args:
            rows: the rows to imitate, repeatedly.
            first: steps of the stage that were made before.
            last: steps of the stage made after this part.
            checkpoint: a checkpoint of this part of the stage, to continue from.
        """
        self._first, self.args.max_steps = first, last
        self.train_dataset, self.optimizer = Dataset.from_list(list(rows)), None
        self.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """TRL's loss, or the divergence from a teacher; the figures are TRL's own."""
        likelihood = partial(
            super().compute_loss, model, inputs, return_outputs, num_items_in_batch
        )
        if self._constrained is None:
            return likelihood()
        own = dict(inputs)
        with torch.no_grad():
            likelihood()
        tokens = (own["labels"][:, 1:] != -100).sum()
        if num_items_in_batch is not None:  # of all processes, whose gradients are averaged
            tokens = torch.as_tensor(num_items_in_batch) / self.accelerator.num_processes
        return self._constrained(model, own) / tokens.clamp(min=1)

    def load(self, checkpoint: Path) -> None:
        """Take a checkpoint's weights."""
        self._load_from_checkpoint(str(checkpoint))

    def _init_training_state(self, max_steps: int, per_epoch: int, *rest: Any) -> tuple[int, int]:
        """Steps are counted from the start of the stage, epochs from `first`."""
        super()._init_training_state(max_steps, per_epoch, *rest)
        self.state.global_step = max(self.state.global_step, self._first)
        epochs, steps = divmod(self.state.global_step - self._first, per_epoch)
        return epochs, steps * self.args.gradient_accumulation_steps

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """A scheduler for the steps from `first` on."""
        return super().create_scheduler(num_training_steps - self._first, optimizer)

    @contextmanager
    def for_generation(self) -> Iterator[Any]:
        """The model as episodes are played with it, in the run's precision."""
        model = self.accelerator.unwrap_model(self.model)
        precision: Any = nullcontext()
        if self.args.bf16:
            precision = torch.autocast(self.accelerator.device.type, torch.bfloat16)
        model.eval()
        with precision:
            yield model
        model.train()

    def _send_telemetry(self) -> None:
        """Send nothing: see `MentorTrainer`."""

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        save_sealed(
            self,
            partial(super()._save_checkpoint, model, trial),
            self.state_json(),
            self.keep_checkpoints,
        )

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """Write no model card: the run directory says more."""
