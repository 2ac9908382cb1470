"""OpenaiTeacher: a large model behind a server that speaks OpenAI's chat protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mentor_core.contracts.provenance import Provenance
from mentor_core.contracts.teacher import Attempt, Classroom, Teacher
from mentor_core.support.redaction import hide
from mentor_plugins.policies.openai import OpenaiPolicy

__all__ = ["OpenaiTeacher"]


class OpenaiTeacher(OpenaiPolicy, Teacher):
    """Asks any OpenAI-compatible server; every request is noted in the ledger and paid for once.

    `tools = "native"` uses the server's tool calls; `tools = "text"` is for models without them.
    """

    @property
    def identity(self) -> dict[str, Any]:
        settings = self.model_dump(mode="json", exclude=set(self.ways))
        return {**settings, "base_url": hide(self.base_url)}

    def provenance(self) -> Provenance:
        sampling = {"tools": self.tools, **({"extra": self.extra} if self.extra else {})}
        server = hide(self.base_url)
        return Provenance("openai", self.model, server=server, sampling=sampling)

    def attempt(self, attempts: Sequence[Attempt], room: Classroom) -> None:
        self.account(room.log)
        room.play(self, attempts)
