"""VllmPolicy: rollouts with the vLLM engine that TRL sets up and keeps in step with training.

Needs the extra `vllm`, and `train.trl.use_vllm = true` with TRL's other vLLM settings. vLLM has
no seed for each episode here, so runs with it are not reproducible token by token.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mentor_core.errors import ConfigError
from mentor_core.policy import Limits, Sampling, Student
from mentor_plugins.policies.lockstep import LockstepPolicy

__all__ = ["VllmPolicy"]


class VllmPolicy(LockstepPolicy):
    """Generates through `trl.generation.VLLMGeneration`, colocated or on a server."""

    def prepare(self, student: Student | None, sampling: Sampling, limits: Limits) -> None:
        super().prepare(student, sampling, limits)
        engine = self._engine
        if engine.mode == "server" and engine.accelerator.num_processes > 1:
            raise ConfigError(
                "the vllm policy works in server mode with one training process only: the "
                "processes would have to take their turns in step; use vllm_mode='colocate'"
            )
        engine.temperature, engine.top_p = sampling.temperature, sampling.top_p
        engine.top_k, engine.min_p = sampling.top_k, sampling.min_p
        engine.max_completion_length = limits.turn_tokens

    def complete(
        self, prompts: Sequence[list[int]], limits: Sequence[int], seeds: Sequence[int]
    ) -> list[tuple[list[int], list[float]]]:
        _, ids, logprobs, _ = self._engine.generate(
            prompts=list(prompts), images=None, num_generations=1
        )
        return [
            (list(row), [values[0] if values[0] is not None else 0.0 for values in chosen])
            for row, chosen in zip(ids, logprobs, strict=True)
        ]

    @property
    def _engine(self) -> Any:
        if self._student.engine is None:
            raise ConfigError("policy=vllm needs train.trl.use_vllm=true")
        return self._student.engine
