"""The model and the settings of `mentor eval PATH`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mentor_core.support.errors import ConfigError, RunError, nearest
from mentor_runs.directory.checkpoint import damage
from mentor_runs.directory.run_directory import RunDirectory

__all__ = ["settings_of"]

_MODEL_FILES = ("config.json", "adapter_config.json")
_DEPTH = 3
"""Most folders between a run and its model: RUN/warm/checkpoints/checkpoint-8."""


def settings_of(path: Path | None, checkpoint: int | None) -> dict[str, Any]:
    """The settings to begin with: the run's settings if there is a run, and always the model.

    Args:
        path: a run, or a model inside or outside a run; None if neither is given.
        checkpoint: optimizer step of the student's checkpoint; None for the trained student.

    Raises:
        MentorError: there is no such run, model or checkpoint; names those that exist.
    """
    if path is None or not (path / "config.toml").is_file():
        if checkpoint is not None:
            raise ConfigError(f"--checkpoint {checkpoint} needs a RUN that holds the checkpoint")
        return {} if path is None else _of_model(path)
    run = RunDirectory.open(path)
    return _of_run(run, _trained(run) if checkpoint is None else _checkpoint(run, checkpoint))


def _of_run(run: RunDirectory, model: Path) -> dict[str, Any]:
    return {**run.config.model_dump(mode="json"), "model": str(model.absolute())}


def _of_model(path: Path) -> dict[str, Any]:
    if not (path.suffix == ".gguf" or any((path / name).is_file() for name in _MODEL_FILES)):
        there = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        near = "" if path.exists() else nearest(path.name, there)
        raise RunError(
            f"{path} holds no run (there is no config.toml) and no model (config.json){near}; "
            "a model of the hub, or an embedded one, goes with --model"
        )
    for folder in path.absolute().parents[:_DEPTH]:
        if (folder / "config.toml").is_file():
            return _of_run(RunDirectory.open(folder), path)
    return {"model": str(path.absolute())}


def _trained(run: RunDirectory) -> Path:
    if run.model.exists():
        return run.model
    steps = _steps(run)
    other = f"; --checkpoint N evaluates one of its checkpoints: {steps}" if steps else ""
    raise RunError(f"{run.path} has no trained model yet ({run.status}){other}")


def _checkpoint(run: RunDirectory, step: int) -> Path:
    folder = run.checkpoints / f"checkpoint-{step}"
    if not folder.is_dir():
        raise RunError(
            f"{run.path} has no checkpoint {step}; it has {_steps(run) or 'none'} "
            "(train.keep_checkpoints says how many are kept)"
        )
    wrong = damage(folder)
    if wrong is not None:
        raise RunError(f"{folder} is damaged: {wrong}")
    return folder


def _steps(run: RunDirectory) -> str:
    """The steps of the run's checkpoints, in words."""
    names = (folder.name.removeprefix("checkpoint-") for folder in run.checkpoints.glob("*-*"))
    return ", ".join(map(str, sorted(int(name) for name in names if name.isdecimal())))
