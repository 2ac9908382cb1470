"""Merged weights: a student as plain safetensors, which every server loads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mentor_core.contracts.policy import Student
from mentor_core.support.errors import ModelError
from mentor_plugins.export.answers import answer_template
from mentor_plugins.models.chat import ChatFormat
from mentor_plugins.models.loading import load_student
from mentor_toolkit.disk import writing

__all__ = ["ADAPTER", "NO_TEMPLATE", "check_template", "load_merged", "write_weights"]

ADAPTER = "adapter_config.json"
"""The file that tells an adapter from a whole model."""
NO_TEMPLATE = (
    "the tokenizer of {} has no chat template: a server would show the student other prompts than "
    "the training did; set tokenizer.chat_template in the base, and train again"
)


def load_merged(model: Path, options: Mapping[str, Any] | None = None) -> Student:
    """Load a student; an adapter is merged into its base.

    Args:
        model: directory of a model, or of an adapter of peft.
        options: as for `load_student`.

    Raises:
        ModelError: the model, or the base of the adapter, cannot be loaded; names the base.
    """
    if not (model / ADAPTER).is_file():
        return load_student(str(model), options)
    base = load_student(_base(model), options)
    try:
        from peft import PeftModel
        from transformers import AutoTokenizer

        merged = PeftModel.from_pretrained(base.model, str(model)).merge_and_unload()
        tokenizer = AutoTokenizer.from_pretrained(str(model))
    except ImportError as error:
        raise ModelError(
            f'{model} holds an adapter, which needs peft: pip install "mentor-core[lora]" ({error})'
        ) from error
    except Exception as error:  # files of strangers fail in any way: passed on, explained
        raise ModelError(f"the adapter in {model} cannot be merged: {error}") from error
    ends = ChatFormat(base.tokenizer, base.chat.end_ids).end_ids
    return Student(merged.eval(), tokenizer, ChatFormat(tokenizer, ends), str(model))


def check_template(student: Student) -> list[str]:
    """Notes on the student's chat template.

    Raises:
        ModelError: the tokenizer has no chat template, so a server would show the student other
            prompts than the training did.
    """
    if not student.tokenizer.chat_template:
        raise ModelError(NO_TEMPLATE.format(student.name))
    return [f"servers may show other prompts: {student.chat.fallback}"] * bool(
        student.chat.fallback
    )


def write_weights(student: Student, parser: str | None, folder: Path, dtype: str | None) -> None:
    """Write weights, config, generation config, tokenizer and chat template.

    Args:
        parser: registered name of the student's call parser; see `answer_template`.
        dtype: name of a floating dtype of torch; None keeps the student's.

    Raises:
        RunError: the directory cannot be written.
    """
    import torch

    if dtype is not None:
        student.model.to(getattr(torch, dtype))
    generation = student.model.generation_config
    generation.eos_token_id = sorted(student.chat.end_ids)
    if generation.pad_token_id is None:
        generation.pad_token_id = student.tokenizer.pad_token_id
    template = answer_template(student, parser)
    if template is not None:
        student.tokenizer.response_template = template
    with writing(folder, Exception):  # safetensors has errors of its own
        student.model.save_pretrained(folder)
        student.tokenizer.save_pretrained(folder)


def _base(model: Path) -> str:
    try:
        base = json.loads((model / ADAPTER).read_text(encoding="utf-8"))["base_model_name_or_path"]
    except (OSError, ValueError, LookupError, TypeError):
        base = None
    if not isinstance(base, str) or not base:
        raise ModelError(f"{model / ADAPTER} does not name the base (base_model_name_or_path)")
    return base
