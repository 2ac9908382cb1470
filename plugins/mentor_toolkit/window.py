"""Window: the data of the last batches, for learning from each more than once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

__all__ = ["Window"]


class Window:
    """Holds the items of the last `size` batches; items are JSON values."""

    def __init__(self, size: int) -> None:
        self._batches: deque[list[Any]] = deque(maxlen=size)

    def add(self, batch: Sequence[Any]) -> None:
        """Add a batch; the oldest goes if the window is full."""
        self._batches.append(list(batch))

    def __iter__(self) -> Iterator[Any]:
        """All items, the oldest first."""
        return (item for batch in self._batches for item in batch)

    def state(self) -> list[list[Any]]:
        """The batches, as JSON values."""
        return [list(batch) for batch in self._batches]

    def restore(self, state: Sequence[Sequence[Any]]) -> None:
        """Go on from a saved `state()`."""
        self._batches.clear()
        self._batches.extend(map(list, state))
