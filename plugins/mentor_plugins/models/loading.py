"""Loads a student: an embedded one, a hub id, a directory, or a GGUF file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mentor_core.contracts.policy import Student
from mentor_core.door.registry import STUDENTS, directory
from mentor_core.support.errors import ModelError, UnknownName, nearest
from mentor_plugins.models.chat import ChatFormat
from mentor_runs.settings.model_names import (
    EMBEDDED,
    WEIGHTS,
    embedded_students,
    is_embedded,
    looks_local,
)

__all__ = ["check_model", "load_student", "model_path", "unseen"]


def unseen(name: str, environments: Iterable[str]) -> list[str]:
    """Notes on environments that an embedded student has not learnt; [] if there are none."""
    others = [other for other in environments if f"{EMBEDDED}/{other}" != name]
    if not is_embedded(name) or not others:
        return []
    return [f"the student {name} has never seen {', '.join(others)}"]


def model_path(name: str) -> Path | None:
    """The path of a model on disk: its directory or GGUF file; None for a hub id.

    Raises:
        ModelError: `name` looks like a path and does not exist, or is an unknown embedded student.
    """
    if is_embedded(name):
        return _embedded_path(name)
    path = Path(name).expanduser()
    if path.exists():
        return path
    if looks_local(name):
        raise ModelError(f"model {name!r} is not there{nearest(path.name, _models_beside(path))}")
    return None


def _embedded_path(name: str) -> Path:
    known = [f"{EMBEDDED}/{student}" for student in embedded_students()]
    if name == EMBEDDED:
        raise ModelError(f"model {name!r} is not one student; expected one of {', '.join(known)}")
    student = name.partition("/")[2]
    try:
        path = directory(STUDENTS, student)
    except UnknownName:
        raise ModelError(f"model {name!r} is not there{nearest(name, known)}") from None
    if not (path / WEIGHTS).is_file():
        raise ModelError(
            f"model {name!r} has no weights yet; build it with: mentor student build {student}"
        )
    return path


def _models_beside(path: Path) -> list[str]:
    """Directories and GGUF files that `path` may have been meant to name."""
    if not path.parent.is_dir():
        return []
    beside = path.parent.iterdir()
    return [p.name for p in beside if p.suffix == ".gguf" or (p / "config.json").is_file()]


def load_student(name: str, options: Mapping[str, Any] | None = None) -> Student:
    """Load a model and its tokenizer.

    Args:
        name: "embedded/NAME", a hub id, a directory, or a GGUF file (needs the extra `gguf`).
        options: passed to `from_pretrained` of the model (dtype, attn_implementation …).

    Raises:
        ModelError: the model does not exist or cannot be loaded; says which sources were tried.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    path = model_path(name)
    arguments: dict[str, Any] = {"dtype": torch.float32, **(options or {})}
    if isinstance(arguments["dtype"], str):
        arguments["dtype"] = _dtype(arguments["dtype"])
    with _loading(name, path) as place:
        tokenizer = AutoTokenizer.from_pretrained(**place)
        model = AutoModelForCausalLM.from_pretrained(**place, **arguments)
    _forget_quantization(model)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    ends = model.generation_config.eos_token_id
    ends = [ends] if isinstance(ends, int) else ends or []
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    return Student(model.eval(), tokenizer, ChatFormat(tokenizer, ends), name)


def check_model(name: str) -> ChatFormat | None:
    """Check a model without loading it: its config, tokenizer and list of weights.

    Returns:
        The model's chat format; None for an embedded student, which needs no check.

    Raises:
        ModelError: `load_student` would refuse it; says why.
    """
    path = model_path(name)
    if is_embedded(name):
        return None
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    with _loading(name, path) as place:
        config = AutoConfig.from_pretrained(**place)
        tokenizer = AutoTokenizer.from_pretrained(**place)
        with torch.device("meta"):
            AutoModelForCausalLM.from_config(config)
        if path is not None and path.is_dir():
            _check_weights(path)
    return ChatFormat(tokenizer, [])


def _check_weights(folder: Path) -> None:
    """Raises OSError or SafetensorError if a file of weights is missing or cut short."""
    from safetensors import safe_open

    index, whole = folder / "model.safetensors.index.json", folder / "model.safetensors"
    shards = [whole] if whole.exists() else []
    if index.exists():
        names = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
        shards = [folder / name for name in sorted(set(names))]
    if not shards and not any(folder.glob("pytorch_model*.bin")):
        raise FileNotFoundError(f"there are no weights ({whole.name}) in it")
    for shard in shards:
        with safe_open(shard, "numpy"):  # compares the file's length with what its header says
            pass


@contextmanager
def _loading(name: str, path: Path | None) -> Iterator[dict[str, str]]:
    """Arguments of `from_pretrained` with a model's place; explains exceptions of the block."""
    place = {"pretrained_model_name_or_path": str(path or name)}
    if path is not None and path.is_file():
        place = {"pretrained_model_name_or_path": str(path.parent), "gguf_file": path.name}
    try:
        yield place
    except Exception as error:  # files and code of strangers fail in any way: passed on, explained
        raise ModelError(_explain(name, path, error)) from error


def _dtype(name: str) -> Any:
    import torch

    if name == "auto":
        return name
    known = {kind: value for kind, value in vars(torch).items() if isinstance(value, torch.dtype)}
    if name not in known:
        floats = [kind for kind, value in known.items() if value.is_floating_point]
        raise ModelError(f"model_options.dtype: no {name!r}{nearest(name, ['auto', *floats])}")
    return known[name]


def _forget_quantization(model: Any) -> None:
    """Forget that a model came from a GGUF file: the weights are plain after reading.

    Otherwise the trainer refuses the model as quantized, and the saved model needs the file.
    """
    quantization = getattr(model.config, "quantization_config", None)
    method = getattr(quantization, "quant_method", None)
    if str(getattr(method, "value", method)) == "gguf":
        del model.config.quantization_config
        model.is_quantized = False
        model.hf_quantizer = None


def _explain(name: str, path: Path | None, error: Exception) -> str:
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if path is None:
        return (
            f"model {name!r} is neither a directory, nor a GGUF file, nor to be had from the "
            f"model hub: {first}"
        )
    if isinstance(error, ImportError):
        return f"model {name!r} needs a package that is not installed: {first}"
    where = "" if str(path) == name else f" ({path})"
    return f"model {name!r}{where} cannot be loaded: {type(error).__name__}: {first}"
