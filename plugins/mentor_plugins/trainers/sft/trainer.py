"""ImitationTrainer: TRL's SFTTrainer, whose checkpoints a run resumes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trl import SFTTrainer

from mentor_core.run_directory import CHECKPOINT_STATE, write_atomically

__all__ = ["ImitationTrainer"]


class ImitationTrainer(SFTTrainer):  # type: ignore[misc]
    """Tells nobody, and marks a checkpoint that is whole."""

    def _send_telemetry(self) -> None:
        """Nothing: see `MentorTrainer`."""

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)
        if self.args.should_save:
            folder = Path(self.args.output_dir) / f"checkpoint-{self.state.global_step}"
            write_atomically(folder / CHECKPOINT_STATE, "{}")

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """No model card: the run directory says more."""
