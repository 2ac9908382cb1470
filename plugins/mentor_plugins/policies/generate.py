"""GeneratePolicy: rollouts for any decoder of `transformers`, whatever its cache looks like."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from mentor_plugins.policies.lockstep import LockstepPolicy
from mentor_plugins.policies.sampling import sample

__all__ = ["GeneratePolicy"]


class GeneratePolicy(LockstepPolicy):
    """Slower than `transformers`, but for sliding-window, recurrent and hybrid models, too."""

    @torch.no_grad()
    def complete(
        self, prompts: Sequence[list[int]], limits: Sequence[int], seeds: Sequence[int]
    ) -> list[tuple[list[int], list[float]]]:
        model, device = self._student.model, self._student.model.device
        width = max(map(len, prompts))
        pad = self._student.tokenizer.pad_token_id
        ids = torch.tensor([[pad] * (width - len(p)) + p for p in prompts], device=device)
        attention = torch.tensor(
            [[0] * (width - len(p)) + [1] * len(p) for p in prompts], device=device
        )
        positions = (attention.cumsum(-1) - 1).clamp(min=0)
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        sampled: list[tuple[list[int], list[float]]] = [([], []) for _ in prompts]
        cache = None
        running = list(range(len(prompts)))
        while running:
            output = model(
                input_ids=ids,
                attention_mask=attention,
                position_ids=positions,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            cache = output.past_key_values
            uniforms = torch.stack([torch.rand((), generator=g) for g in generators]).to(device)
            next_ids, logprobs = sample(output.logits[:, -1], uniforms, self._sampling)
            chosen = list(zip(next_ids.tolist(), logprobs.tolist(), strict=True))
            for i in running:
                sampled[i][0].append(chosen[i][0])
                sampled[i][1].append(chosen[i][1])
            running = [
                i
                for i in running
                if chosen[i][0] not in self._chat.end_ids and len(sampled[i][0]) < limits[i]
            ]
            ids, positions = next_ids[:, None], positions[:, -1:] + 1
            attention = torch.cat([attention, attention.new_ones(len(prompts), 1)], 1)
        return sampled
