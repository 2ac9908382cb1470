"""Progress bar: shows the progress of a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

__all__ = ["Bar", "bar", "watched"]

T = TypeVar("T")


class Bar:
    """A bar on a terminal; a line every few seconds if the output is no terminal.

    Args:
        console: the output.
        label: name of the work.
        total: number of steps.
        done: steps done before, on resuming.
        at_once: most steps under way at a time.
    """

    LINE_SECONDS = 10.0

    def __init__(
        self, console: Console, label: str, total: int, done: int = 0, at_once: int = 1
    ) -> None:
        self.console, self.label, self.total, self.done = console, label, total, done
        self.at_once = at_once
        self._first, self._began, self._last_line = done, time.monotonic(), 0.0
        self._progress: Progress | None = None
        if console.is_terminal:
            self._progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TaskProgressColumn(),
                TextColumn("{task.fields[facts]}"),
                TimeElapsedColumn(),
                TextColumn("{task.fields[left]}"),
                console=console,
            )
            self._task = self._progress.add_task(
                label, total=total, completed=done, facts="", left=""
            )

    def advance(self, facts: Mapping[str, str] | None = None, steps: int = 1) -> None:
        """Add finished steps; `facts` are shown beside the bar."""
        self.done += steps
        shown = "  ".join(f"{name} {value}" for name, value in (facts or {}).items())
        if self._progress is not None:
            self._progress.update(self._task, advance=steps, facts=shown, left=self._left())
        elif self.done == self.total or time.monotonic() - self._last_line > self.LINE_SECONDS:
            self._last_line = time.monotonic()
            self.console.print(
                f"{self.label} {self.done}/{self.total}  {shown}  {self._left()}".rstrip(),
                highlight=False,
                soft_wrap=True,
            )

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        self.console.print(line, style="yellow", highlight=False, markup=False, soft_wrap=True)

    def _left(self) -> str:
        """The remaining time as text; empty before an estimate is possible.

        Steps that run at the same time end at nearly the same time. So an estimate needs as many
        ended steps as run at once, or half of all steps.
        """
        made, seconds = self.done - self._first, time.monotonic() - self._began
        enough = min(max(self.at_once, 3), (self.total - self._first) / 2)
        if made < enough or self.done == self.total or seconds < self.LINE_SECONDS:
            return ""
        return f"{seconds / made * (self.total - self.done):.0f} s left"


class _Watched(Sequence[T]):
    """A sequence that reports its first iteration to a bar."""

    def __init__(self, items: Sequence[T], advance: Callable[[], None]) -> None:
        self._items, self._advance, self._seen = items, advance, 0

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: Any) -> Any:
        return self._items[index]

    def __iter__(self) -> Iterator[T]:
        for number, item in enumerate(self._items, 1):
            yield item
            if number > self._seen:
                self._seen = number
                self._advance()


@contextmanager
def watched(console: Console, label: str, items: Sequence[T]) -> Iterator[Sequence[T]]:
    """A sequence whose iteration a bar shows for the duration of the block."""
    with bar(console, label, len(items)) as shown:
        yield _Watched(items, shown.advance)


@contextmanager
def bar(console: Console, label: str, total: int, done: int = 0, at_once: int = 1) -> Iterator[Bar]:
    """Show a `Bar` for the duration of the block."""
    shown = Bar(console, label, total, done, at_once)
    if shown._progress is None:
        yield shown
        return
    with shown._progress:
        yield shown
