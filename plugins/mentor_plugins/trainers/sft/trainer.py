"""ImitationTrainer: TRL's SFTTrainer, whose checkpoints a run resumes from."""

from __future__ import annotations

from functools import partial
from typing import Any

from trl import SFTTrainer

from mentor_plugins.trainers.sealed import save_sealed

__all__ = ["ImitationTrainer"]


class ImitationTrainer(SFTTrainer):  # type: ignore[misc]
    """Tells nobody, and seals its checkpoints.

    Args:
        keep_checkpoints: older ones are deleted when a new one is sealed.
        **kwargs: for SFTTrainer.
    """

    def __init__(self, *, keep_checkpoints: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.keep_checkpoints = keep_checkpoints

    def _send_telemetry(self) -> None:
        """Nothing: see `MentorTrainer`."""

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        save_sealed(
            self, partial(super()._save_checkpoint, model, trial), "{}", self.keep_checkpoints
        )

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """No model card: the run directory says more."""
