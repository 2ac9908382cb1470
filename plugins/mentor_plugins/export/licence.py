"""The licence of a base model, as the base itself states it; a licence is never guessed."""

from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path
from typing import Any

from mentor_core.door.registry import STUDENTS, entry
from mentor_core.support.errors import MentorError
from mentor_plugins.models.loading import model_path
from mentor_runs.settings.model_names import is_embedded

__all__ = ["licence_of"]


def licence_of(model: str) -> str | None:
    """The identifier of the licence, such as `apache-2.0`; None if the base states none.

    The model card is asked first, then `config.json`. The licence of an embedded student is that
    of its distribution. A card of the hub is read from the cache, or fetched.

    Args:
        model: a run's setting `model`.
    """
    try:
        path = model_path(model)
    except MentorError:  # the base is not there any more
        return None
    if path is None:
        return _of_card(_hub_file(model, "README.md")) or _of_config(
            _hub_file(model, "config.json")
        )
    folder = path if path.is_dir() else path.parent
    found = _of_card(folder / "README.md") or _of_config(folder / "config.json")
    return found or (_of_distribution(model) if is_embedded(model) else None)


def _of_card(file: Path | None) -> str | None:
    from huggingface_hub import ModelCard

    if file is None or not file.is_file():
        return None
    try:
        return _text(ModelCard.load(file).data.license)
    except Exception:  # noqa: BLE001 - a card of strangers; without its licence there is none
        return None


def _of_config(file: Path | None) -> str | None:
    if file is None or not file.is_file():
        return None
    try:
        return _text(json.loads(file.read_text(encoding="utf-8")).get("license"))
    except (OSError, ValueError, AttributeError):
        return None


def _of_distribution(model: str) -> str | None:
    """The licence of the distribution that registers an embedded student."""
    try:
        owner = entry(STUDENTS, model.partition("/")[2]).distribution
        stated: Any = importlib.metadata.metadata(owner)
        expression = stated.get("License-Expression")
    except (MentorError, importlib.metadata.PackageNotFoundError):
        return None
    return _text(expression.lower() if expression else None)


def _hub_file(repo: str, name: str) -> Path | None:
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(repo, name, etag_timeout=5))
    except Exception:  # noqa: BLE001 - no network, no such file: the licence stays unknown
        return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
