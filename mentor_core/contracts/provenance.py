"""Provenance: the player of an episode, the time, the settings and the cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field

__all__ = ["Provenance", "Usage"]

Count = Annotated[int, Field(ge=0)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a server counted.

    Attributes:
        requests: answered requests.
        prompt_tokens, completion_tokens: as the server reports; 0 if it reports none.
        model: the model's name as the server reports it; None if the server does not.
    """

    requests: Count = 0
    prompt_tokens: Count = 0
    completion_tokens: Count = 0
    model: str | None = None

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.requests + other.requests,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            other.model or self.model,
        )


@dataclass(frozen=True, slots=True)
class Provenance:
    """The player of an episode, the time and the settings.

    Attributes:
        player: registered name of the teacher or policy.
        model: the model that played; None if there was none (a script, say).
        revision: the model's revision, as the Hub or the server reports; None if neither does.
        server: address of the server; None if there was no server.
        sampling: settings of the sampling, such as the temperature.
        made_at: time in UTC, ISO 8601, to the second.
        prompt_version: hash of the opening messages and the tool schemas.
        usage: counts of the whole episode; None if nothing was counted.
        cost: US dollars; None if no price is known.
        seconds: wall time of the episode's turns and tools.
    """

    player: str
    model: str | None = None
    revision: str | None = None
    server: str | None = None
    sampling: dict[str, Any] = field(default_factory=dict)
    made_at: str | None = None
    prompt_version: str | None = None
    usage: Usage | None = None
    cost: Amount | None = None
    seconds: Amount | None = None
