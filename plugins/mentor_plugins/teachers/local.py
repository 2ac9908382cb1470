"""LocalTeacher: a model on this machine, larger than the student, say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field, PrivateAttr

from mentor_core.contracts.policy import Student
from mentor_core.contracts.provenance import Provenance
from mentor_core.contracts.teacher import Attempt, Classroom, Teacher
from mentor_plugins.models.loading import load_student
from mentor_plugins.policies.transformers import TransformersPolicy

__all__ = ["LocalTeacher"]


class LocalTeacher(TransformersPolicy, Teacher):
    """Samples from a `transformers` model: a hub id, a directory, a GGUF file or embedded/NAME."""

    model: str = Field(min_length=1, description="hub id, directory, GGUF file or embedded/NAME")
    model_options: dict[str, Any] = Field(
        default_factory=dict, description="for `from_pretrained`, such as dtype"
    )

    _loaded: Student | None = PrivateAttr(None)

    @property
    def identity(self) -> dict[str, Any]:
        return {"model": self.model, "model_options": self.model_options}

    def provenance(self) -> Provenance:
        config = getattr(self._loaded.model, "config", None) if self._loaded else None
        revision = getattr(config, "_commit_hash", None)
        return Provenance("hf", self.model, revision)

    def attempt(self, attempts: Sequence[Attempt], room: Classroom) -> None:
        """Raises ModelError if the model cannot be loaded."""
        if self._loaded is None:
            self._loaded = load_student(self.model, self.model_options)
        room.play(self, attempts, self._loaded)
