"""Sealed checkpoints: a trainer of TRL's saves one whole, or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mentor_core.support.errors import RunError
from mentor_runs.directory.checkpoint import CHECKPOINT_STATE, drop_old, seal
from mentor_toolkit.disk import write_atomically, writing

__all__ = ["save_sealed"]


def save_sealed(trainer: Any, save: Callable[[], None], state: str, keep: int) -> None:
    """Save a checkpoint, add the state of mentor's own parts, and seal the checkpoint.

    Args:
        trainer: a `transformers.Trainer`.
        save: the trainer's own way to save; called in all processes.
        state: JSON, for the file `CHECKPOINT_STATE`.
        keep: number of checkpoints to keep; older ones are deleted once the new one is sealed.

    Raises:
        RunError: the disk is full, or takes no files; the unfinished checkpoint is removed.
    """
    folder = Path(trainer.args.output_dir) / f"checkpoint-{trainer.state.global_step}"
    main = trainer.args.should_save
    try:
        with writing(folder, Exception):  # safetensors and torch have errors of their own
            save()
            trainer.accelerator.wait_for_everyone()
            if main:
                write_atomically(folder / CHECKPOINT_STATE, state)
                seal(folder)
                drop_old(folder.parent, keep)
    except RunError:
        if main:
            shutil.rmtree(folder, ignore_errors=True)  # it takes room on a full disk
        raise
