"""Sealed checkpoints: a trainer of TRL's saves one whole, or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mentor_core.support.checkpoint import CHECKPOINT_STATE, drop_old, seal
from mentor_core.support.disk import write_atomically, writing
from mentor_core.support.errors import RunError

__all__ = ["save_sealed"]


def save_sealed(trainer: Any, save: Callable[[], None], state: str, keep: int) -> None:
    """Save a checkpoint, add what mentor's own parts have learnt, and seal it.

    Args:
        trainer: a `transformers.Trainer`.
        save: its own way to save; called in all processes.
        state: JSON, for the file `CHECKPOINT_STATE`.
        keep: older checkpoints than these are deleted once the new one is sealed.

    Raises:
        RunError: the disk is full, or takes no files; what was written of it is removed.
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
