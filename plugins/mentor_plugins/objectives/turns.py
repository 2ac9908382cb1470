"""Turns of a micro batch: runs of sampled tokens, and sums over each run."""

from __future__ import annotations

from typing import Any

__all__ = ["sums_of_turns", "turns"]


def turns(mask_BT: Any) -> Any:
    """Number of the turn of each token, [B, T], from 1.

    Tokens that were not sampled have the number of the turn before, and mask 0.
    """
    first_BT = mask_BT.clone()
    first_BT[:, 1:] = mask_BT[:, 1:] * (1 - mask_BT[:, :-1])
    return first_BT.cumsum(1).long()


def sums_of_turns(values_BT: Any, mask_BT: Any) -> tuple[Any, Any]:
    """For each token the sum of its turn's values, and the number of the turn's sampled tokens.

    Both are [B, T]. Only sampled tokens are added up.
    """
    turns_BT = turns(mask_BT)
    shape = (*turns_BT.shape[:1], turns_BT.shape[1] + 1)
    totals_BN = values_BT.new_zeros(shape).scatter_add(1, turns_BT, values_BT * mask_BT)
    counts_BN = values_BT.new_zeros(shape).scatter_add(1, turns_BT, mask_BT)
    return totals_BN.gather(1, turns_BT), counts_BN.gather(1, turns_BT)
