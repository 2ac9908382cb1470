"""VllmEngine: turns from the vLLM engine in this process, as TRL's colocate mode uses it."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from typing import Any

from mentor_core.contracts.policy import Generation, Interrupted, Session
from mentor_core.support.errors import ConfigError

__all__ = ["VllmEngine"]

Finish = Callable[[list[int], list[float], float], Generation]


class VllmEngine:
    """Adds requests to the running engine and steps it: continuous batching over all turns.

    Args:
        engine: TRL's `VLLMGeneration` in colocate mode.

    Raises:
        ConfigError: the engine's processes would have to be stepped together, or it sleeps.
    """

    def __init__(self, engine: Any) -> None:
        if engine.tensor_parallel_size > 1:
            raise ConfigError(
                "the vllm policy needs train.trl.vllm_tensor_parallel_size=1: processes that "
                "share a model would have to play the same episodes; use vllm_mode='server'"
            )
        if engine.enable_sleep_mode:
            raise ConfigError("the vllm policy needs train.trl.vllm_enable_sleep_mode=false")
        self._engine = engine.llm.llm_engine
        self._parameters = _parameters_class()
        self._numbers = count()
        self._open: dict[str, tuple[Session, Finish, float]] = {}

    def submit(
        self, session: Session, prompt: list[int], parameters: dict[str, Any], finish: Finish
    ) -> None:
        """Begin a turn after the tokens of `prompt`."""
        request = f"mentor-{next(self._numbers)}"
        self._open[request] = session, finish, time.perf_counter()
        self._engine.add_request(
            request, {"prompt_token_ids": prompt}, self._parameters(**parameters)
        )

    def collect(self, interrupted: Interrupted) -> list[Generation]:
        """Step the engine until a turn is finished; returns all finished turns, none if
        `interrupted`.
        """
        done: list[Generation] = []
        while self._open and not done and not interrupted():
            for output in self._engine.step():
                if output.finished and output.request_id in self._open:
                    _, finish, began = self._open.pop(output.request_id)
                    (choice,) = output.outputs
                    ids = list(choice.token_ids)
                    chosen = zip(choice.logprobs, ids, strict=True)
                    logprobs = [float(found[token].logprob) for found, token in chosen]
                    done.append(finish(ids, logprobs, time.perf_counter() - began))
        return done

    def drop(self, session: Session) -> None:
        """The session has ended: its open requests are aborted."""
        left = [request for request, (other, *_) in self._open.items() if other is session]
        for request in left:
            del self._open[request]
        if left:
            self._engine.abort_request(left)


def _parameters_class() -> Any:
    try:
        from vllm import SamplingParams
    except ModuleNotFoundError:
        raise ConfigError('policy=vllm needs vLLM: pip install "mentor-core[vllm]"') from None
    return SamplingParams
