"""GGUF through llama.cpp's own converter, if the machine has it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from mentor_core.support.errors import ConfigError, RunError

__all__ = ["GGUF_TYPES", "convert", "converter"]

GGUF_TYPES = ("auto", "f32", "f16", "bf16", "q8_0")
"""Types of weights that the converter writes; others are made by `llama-quantize`."""
_SCRIPT = "convert_hf_to_gguf.py"


def converter(llama_cpp: Path | None) -> Path:
    """The converter: in llama.cpp's directory if one is given, else on PATH.

    Raises:
        ConfigError: there is none; says the way out.
    """
    if llama_cpp is not None:
        file = llama_cpp / _SCRIPT
        if not file.is_file():
            raise ConfigError(f"--llama-cpp {llama_cpp}: there is no {_SCRIPT} in it")
        return file
    found = shutil.which(_SCRIPT) or shutil.which(Path(_SCRIPT).stem)
    if found is None:
        raise ConfigError(
            f"--gguf needs llama.cpp's {_SCRIPT}, which is not on PATH. Get llama.cpp (git clone "
            "https://github.com/ggml-org/llama.cpp), install its requirements.txt, and give its "
            "directory: --llama-cpp DIR"
        )
    return Path(found)


def convert(script: Path, folder: Path, kind: str) -> Path:
    """Convert the model in a directory into `model-KIND.gguf` beside its weights.

    Args:
        script: see `converter`.
        kind: one of `GGUF_TYPES`.

    Raises:
        RunError: the converter fails; quotes the end of its output.
    """
    file = folder / f"model-{kind}.gguf"
    python = [sys.executable] if script.suffix == ".py" else []
    command = [*python, str(script), str(folder), "--outfile", str(file), "--outtype", kind]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode or not file.is_file():
        said = done.stdout.strip().splitlines()[-3:]
        raise RunError(
            f"{script} made no GGUF file (exit code {done.returncode}): {' / '.join(said)}"
        )
    return file
