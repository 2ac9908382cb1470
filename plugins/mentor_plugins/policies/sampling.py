"""Sampling: one token a row, by inverse transform from a given uniform number.

Shape suffixes: b rows, V vocabulary.
"""

from __future__ import annotations

import torch

from mentor_core.contracts.policy import Sampling

__all__ = ["sample"]


def sample(
    logits_bV: torch.Tensor, uniforms_b: torch.Tensor, sampling: Sampling
) -> tuple[torch.Tensor, torch.Tensor]:
    """Sample one token a row.

    Args:
        logits_bV: the model's logits.
        uniforms_b: one number in [0, 1) a row; the only source of randomness.
        sampling: temperature 0 takes the most probable token.

    Returns:
        ids [b] and their log-probabilities [b] in nats under the distribution sampled from
        (at temperature 0: under the model's own).
    """
    logits_bV = logits_bV.float()
    if sampling.temperature == 0:
        ids_b = logits_bV.argmax(-1)
        return ids_b, _chosen(logits_bV.log_softmax(-1), ids_b)
    logprobs_bV = _filtered(logits_bV / sampling.temperature, sampling).log_softmax(-1)
    cumulative_bV = logprobs_bV.exp().cumsum(-1)
    below_one = uniforms_b.clamp(max=1 - 2**-20)[:, None]
    # The first token at which the cumulative probability exceeds the number has probability > 0.
    ids_b = (cumulative_bV <= below_one * cumulative_bV[:, -1:]).sum(-1)
    return ids_b, _chosen(logprobs_bV, ids_b)


def _filtered(logits_bV: torch.Tensor, sampling: Sampling) -> torch.Tensor:
    """Logits with the tokens excluded by top-k, min-p and top-p at -inf; one token always stays."""
    if 0 < sampling.top_k < logits_bV.shape[-1]:
        kth_b1 = logits_bV.topk(sampling.top_k, dim=-1).values[:, -1:]
        logits_bV = logits_bV.masked_fill(logits_bV < kth_b1, -torch.inf)
    if sampling.min_p > 0:
        floor_b1 = logits_bV.max(-1, keepdim=True).values + torch.tensor(sampling.min_p).log()
        logits_bV = logits_bV.masked_fill(logits_bV < floor_b1, -torch.inf)
    if sampling.top_p < 1:
        sorted_bV, order_bV = logits_bV.sort(-1, descending=True)
        before_bV = sorted_bV.softmax(-1).cumsum(-1) - sorted_bV.softmax(-1)
        excluded_bV = torch.zeros_like(before_bV, dtype=torch.bool)
        excluded_bV.scatter_(-1, order_bV, before_bV >= sampling.top_p)
        logits_bV = logits_bV.masked_fill(excluded_bV, -torch.inf)
    return logits_bV


def _chosen(logprobs_bV: torch.Tensor, ids_b: torch.Tensor) -> torch.Tensor:
    return logprobs_bV.gather(-1, ids_b[:, None])[:, 0]
