"""VllmPolicy: rollouts with the vLLM engine that TRL sets up and keeps in step with training.

Needs the extra `vllm`, and `train.trl.use_vllm = true` with TRL's other vLLM settings. Every turn
is a request of its own with a seed of its own. vLLM batches requests continuously, so a slow one
delays no other. vLLM's prefix cache avoids encoding the conversation again.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, PrivateAttr

from mentor_core.contracts.policy import (
    Generation,
    Interrupted,
    Limits,
    Sampling,
    Session,
    Student,
    never,
)
from mentor_core.support.errors import ConfigError
from mentor_plugins.policies.tokens import TokenPolicy, tokens
from mentor_plugins.policies.vllm_engine import VllmEngine
from mentor_plugins.policies.vllm_server import VllmServer

__all__ = ["VllmPolicy"]


class VllmPolicy(TokenPolicy):
    """Generates with the engine of `trl.generation.VLLMGeneration`, colocated or on a server."""

    ways: ClassVar[frozenset[str]] = frozenset({"concurrency", "retries", "timeout"})

    concurrency: int = Field(
        256, ge=1, description="most requests under way at a time, in server mode"
    )
    retries: int = Field(4, ge=0, description="further attempts after one that failed")
    timeout: float = Field(600.0, gt=0, description="seconds that one request may take")

    _backend: VllmEngine | VllmServer = PrivateAttr()
    _refused: list[Generation] = PrivateAttr(default_factory=list)

    def prepare(self, student: Student | None, sampling: Sampling, limits: Limits) -> None:
        """Find the engine.

        Raises:
            ConfigError: there is no engine, or its settings are not supported.
        """
        super().prepare(student, sampling, limits)
        engine = self._student.engine
        if engine is None:
            raise ConfigError("policy=vllm needs train.trl.use_vllm=true")
        self._refused = []
        if engine.mode == "server":
            url = engine.server_base_url or f"http://{engine.server_host}:{engine.server_port}"
            self._backend = VllmServer(url, self.concurrency, self.retries, self.timeout)
        else:
            self._backend = VllmEngine(engine)

    def submit(self, session: Session) -> None:
        record = tokens(session)
        if self.turn_limit(session) <= 0:
            self._refused.append(self.overlong(session))
            return

        def finish(ids: list[int], logprobs: list[float], seconds: float) -> Generation:
            return self.finish(session, ids, logprobs, seconds)

        prompt = record.prompt + record.completion
        self._backend.submit(session, prompt, self._parameters(session), finish)

    def poll(self, interrupted: Interrupted = never) -> list[Generation]:
        refused, self._refused = self._refused, []
        return refused or self._backend.collect(interrupted)

    def close(self, session: Session) -> None:
        self._backend.drop(session)

    def _parameters(self, session: Session) -> dict[str, Any]:
        """vLLM's sampling parameters of the turn that begins now."""
        sampling = self._sampling
        return {
            **self._student.engine.generation_kwargs,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "top_k": sampling.top_k,
            "min_p": sampling.min_p,
            "max_tokens": self.turn_limit(session),
            "seed": (session.seed + len(tokens(session).completion)) % 2**31,
            "logprobs": 0,
            "stop_token_ids": sorted(self._chat.end_ids),
        }
