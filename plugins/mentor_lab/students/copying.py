"""Layers that copy from the start: an induction circuit, written into an untrained decoder.

A call's arguments are mostly copied from earlier text. A small decoder learns to copy late and
suddenly, after thousands of steps, as two layers have to fit together. Source: Olsson et al. 2022,
In-context Learning and Induction Heads. Here the two layers are given. In the first layer each
position copies the identity of the token before it. In the second, a token attends to the places
that followed the same token, and predicts the token there. All weights stay trainable.
"""

from __future__ import annotations

import math
from typing import Any

import torch

__all__ = ["write_copying"]

_SPREAD = 0.06
"""Standard deviation of the embeddings: with it a token's own logit is about 15."""
_SHARPNESS = 3.0
"""Weight of the queries' norms: how much attention prefers the best match."""
_FAST, _SLOW = 0.02, 0.003
"""Radians a token: frequencies above this tell neighbours apart; lower ones hardly change with
distance.
"""


@torch.no_grad()
def write_copying(model: Any) -> None:
    """Make an untrained Qwen3 decoder continue text that it has read before.

    Args:
        model: has at least two layers. At least half of a head's pairs need rotary frequencies
            below 0.003 radians a token. A head size of 64 with a base of 1e6 is enough.
    """
    config = model.config
    size, groups = config.head_dim, config.num_key_value_heads
    each = config.num_attention_heads // groups * size  # rows of the queries of a group
    half = size // 2
    base = config.rope_parameters["rope_theta"]
    frequency = base ** (-torch.arange(half) / half)
    slow = (frequency < _SLOW).nonzero().flatten()
    blind = torch.cat([slow, slow + half])[: size // 2]  # of a head: blind to distance

    # Residual stream: a constant, the token, and room for the token before.
    room = len(blind) * groups
    token = slice(1, config.hidden_size - room)
    width = config.hidden_size - room - 1
    embeddings = model.model.embed_tokens.weight
    embeddings.normal_(0, _SPREAD)
    embeddings[:, 0] = 4 * _SPREAD
    embeddings[:, token.stop :] = 0
    for layer in model.model.layers:  # nothing else speaks yet
        layer.self_attn.o_proj.weight.zero_()
        layer.mlp.down_proj.weight.zero_()

    previous, match = (layer.self_attn for layer in model.model.layers[:2])
    fast = (frequency > _FAST).float()
    here = torch.cat([fast, torch.zeros(half)])
    before = torch.cat([fast * frequency.cos(), -fast * frequency.sin()])  # turned back one token
    basis = torch.randn(width, groups * size)
    copied = torch.linalg.qr(basis).Q.T
    for attention in (previous, match):
        attention.q_norm.weight.fill_(_SHARPNESS)
    for group in range(groups):
        key = slice(group * size, (group + 1) * size)
        query = slice(group * each, group * each + size)  # the first head of the group
        mark = torch.randn(len(blind), width) / math.sqrt(width)
        place = token.stop + group * len(blind) + torch.arange(len(blind))

        _only(previous.k_proj.weight, key)[:, 0] = here
        _only(previous.q_proj.weight, query)[:, 0] = before
        _only(previous.v_proj.weight, key)[: len(blind), token] = mark
        previous.o_proj.weight[place, query.start + torch.arange(len(blind))] = 2 * _SPREAD

        _only(match.q_proj.weight, query)[blind, token] = mark
        _only(match.k_proj.weight, key)[blind, place] = 1.0
        _only(match.v_proj.weight, key)[:, token] = copied[key]
        match.o_proj.weight[token, query] = 8 * _SPREAD * copied[key].T


def _only(weight: torch.Tensor, rows: slice) -> torch.Tensor:
    """These rows of a weight, filled with 0."""
    weight[rows] = 0
    return weight[rows]
