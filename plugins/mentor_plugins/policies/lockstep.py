"""LockstepPolicy: one batch a turn, for engines that take prompts and give completions."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Sequence

from pydantic import PrivateAttr

from mentor_core.contracts.policy import Generation, Interrupted, Session, never
from mentor_plugins.policies.tokens import TokenPolicy, tokens

__all__ = ["LockstepPolicy"]


class LockstepPolicy(TokenPolicy):
    """Encodes the whole conversation again at every turn; a subclass completes the batch."""

    _queue: list[Session] = PrivateAttr(default_factory=list)

    @abstractmethod
    def complete(
        self, prompts: Sequence[list[int]], limits: Sequence[int], seeds: Sequence[int]
    ) -> list[tuple[list[int], list[float]]]:
        """Ids and log-probabilities sampled after each prompt, an end-of-turn id included.

        Args:
            prompts: the ids of each conversation so far.
            limits: most tokens of each turn.
            seeds: one a conversation and turn; an engine without seeds may ignore them.
        """

    def submit(self, session: Session) -> None:
        self._queue.append(session)

    def poll(self, interrupted: Interrupted = never) -> list[Generation]:
        queue, self._queue = self._queue, []
        finished = [self.overlong(s) for s in queue if self.turn_limit(s) <= 0]
        ready = [s for s in queue if self.turn_limit(s) > 0]
        if not ready:
            return finished
        began = time.perf_counter()
        prompts = [tokens(s).prompt + tokens(s).completion for s in ready]
        limits = [self.turn_limit(s) for s in ready]
        seeds = [s.seed + len(tokens(s).completion) for s in ready]
        sampled = self.complete(prompts, limits, seeds)
        seconds = time.perf_counter() - began
        for session, limit, (ids, logprobs) in zip(ready, limits, sampled, strict=True):
            finished.append(self.finish(session, ids[:limit], logprobs[:limit], seconds))
        return finished
