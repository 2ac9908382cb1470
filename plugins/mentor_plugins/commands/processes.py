"""Processes: the processes of one run, which a launcher of `accelerate` may have started."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from mentor_core.support.errors import MentorError

__all__ = ["Processes"]

T = TypeVar("T")


class Processes:
    """Shares values between the processes of a run.

    Attributes:
        is_main: this process writes files and shows progress.
        rank: number of this process, from 0.
    """

    def __init__(self) -> None:
        import torch
        from accelerate import PartialState

        self._state = PartialState(cpu=not torch.cuda.is_available())
        self.is_main: bool = self._state.is_main_process
        self.rank: int = self._state.process_index

    def share(self, items: Sequence[T]) -> Sequence[T]:
        """This process's part of the items."""
        return items[self.rank :: self._state.num_processes]

    def gather(self, items: list[T]) -> list[T]:
        """The items of all processes, in all of them."""
        from accelerate.utils import gather_object

        gathered: list[T] = gather_object(items)
        return gathered

    def from_main(self, get: Callable[..., Any], *arguments: Any) -> Any:
        """The result of `get` in the main process, or its error, in all processes."""
        from accelerate.utils import broadcast_object_list

        answer: list[Any] = [None]
        if self.is_main:
            try:
                answer = [get(*arguments)]
            except MentorError as error:
                answer = [error]
        if self._state.num_processes > 1:
            broadcast_object_list(answer)
        if isinstance(answer[0], MentorError):
            raise answer[0]
        return answer[0]

    def wait(self) -> None:
        """Wait until all processes have reached this call."""
        self._state.wait_for_everyone()
