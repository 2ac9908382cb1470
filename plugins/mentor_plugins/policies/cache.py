"""EpisodeCache: keys and values of many episodes of different lengths, one row an episode.

Row r holds the tokens of its episode at positions 0, 1, 2 … without any padding. So each row can be
extended, left alone while its tools run, or given to another episode, independently of the others.
Writing to rows and masking are driven by `EpisodeCache.plan`.

Shape suffixes: R rows, H key-value heads, L positions, D head size, b rows of one forward
pass, q query positions.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers.cache_utils import Cache

__all__ = ["EpisodeCache"]


class EpisodeCache(Cache):
    """A `transformers` cache whose rows advance independently of each other."""

    def __init__(self) -> None:
        super().__init__(layers=[])
        self._keys_RHLD: list[torch.Tensor] = []
        self._values_RHLD: list[torch.Tensor] = []
        self._rows_b: torch.Tensor | slice = slice(0, 0)
        self._write: tuple[torch.Tensor, torch.Tensor] | None = None
        self._width = 0
        self._size = (0, 0)

    def reserve(self, rows: int, width: int) -> None:
        """Make room for `rows` rows of `width` positions; the contents are kept."""
        if rows <= self._size[0] and width <= self._size[1]:
            return
        old_rows, old_width = self._size
        self._size = (max(rows, old_rows), max(_rounded(width), old_width))
        for store in (self._keys_RHLD, self._values_RHLD):
            for layer, old in enumerate(store):
                grown = old.new_zeros(self._size[0], old.shape[1], self._size[1], old.shape[3])
                grown[:old_rows, :, :old_width] = old
                store[layer] = grown

    def plan(
        self,
        rows_b: torch.Tensor | None,
        starts_b: torch.Tensor,
        queries: int,
        count: int,
        width: int,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Set up the next forward pass.

        Args:
            rows_b: the rows of the pass; None for the first `count` rows, which needs no copy.
            starts_b: position of each row's first query.
            queries: number of query positions q. Rows with fewer are padded on the right. Entries
                of padding are never attended to, and are overwritten later.
            count: b.
            width: larger than every query's position. An argument, as reading this from `starts_b`
                would wait for the device.

        Returns:
            position_ids [b, q] and the attention mask [b, 1, q, width], in which True allows
            attention.
        """
        positions_bq = starts_b[:, None] + torch.arange(queries, device=starts_b.device)
        self._width = width
        self.reserve(count, self._width)
        self._rows_b = slice(0, count) if rows_b is None else rows_b
        rows = torch.arange(count, device=starts_b.device) if rows_b is None else rows_b
        self._write = (rows[:, None], positions_bq)
        columns = torch.arange(self._width, device=starts_b.device)
        mask_b1qL = columns[None, None, None, :] <= positions_bq[:, None, :, None]
        return positions_bq, mask_b1qL

    def update(
        self,
        key_states: torch.Tensor,
        value_states: torch.Tensor,
        layer_idx: int,
        *_: Any,
        **__: Any,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Called by the model's attention layers with keys and values [b, H, q, D]."""
        if self._write is None:
            raise RuntimeError("EpisodeCache.plan must be called before each forward pass")
        if layer_idx == len(self._keys_RHLD):
            shape = (self._size[0], key_states.shape[1], self._size[1])
            self._keys_RHLD.append(key_states.new_zeros(*shape, key_states.shape[3]))
            self._values_RHLD.append(value_states.new_zeros(*shape, value_states.shape[3]))
        keys, values = self._keys_RHLD[layer_idx], self._values_RHLD[layer_idx]
        rows_b1, positions_bq = self._write
        keys[rows_b1, :, positions_bq] = key_states.transpose(1, 2)
        values[rows_b1, :, positions_bq] = value_states.transpose(1, 2)
        if isinstance(self._rows_b, slice):
            return keys[self._rows_b, :, : self._width], values[self._rows_b, :, : self._width]
        return (
            keys[:, :, : self._width].index_select(0, self._rows_b),
            values[:, :, : self._width].index_select(0, self._rows_b),
        )

    def copy(self, source: int, targets: torch.Tensor, length: int) -> None:
        """Copy the first `length` positions of one row to others."""
        for store in (self._keys_RHLD, self._values_RHLD):
            for layer in store:
                layer[targets, :, :length] = layer[source, :, :length].clone()

    def get_seq_length(self, layer_idx: int = 0) -> int:
        return self._width

    def get_mask_sizes(self, query_length: int, layer_idx: int) -> tuple[int, int]:
        return self._width, 0


def _rounded(width: int) -> int:
    """Grow in steps, so that an episode does not move the cache at every token."""
    return (width + 255) // 256 * 256
