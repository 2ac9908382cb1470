"""Progress: what a person sees while a run works."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

__all__ = ["Bar", "bar"]


class Bar:
    """A bar on a terminal; a line every few seconds where the output is not one.

    Args:
        console: where to.
        label: what is being done.
        total: number of steps.
        done: steps done before, on resuming.
    """

    LINE_SECONDS = 10.0

    def __init__(self, console: Console, label: str, total: int, done: int = 0) -> None:
        self.console, self.label, self.total, self.done = console, label, total, done
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
                TimeRemainingColumn(),
                console=console,
            )
            self._task = self._progress.add_task(label, total=total, completed=done, facts="")

    def advance(self, facts: Mapping[str, str] | None = None, steps: int = 1) -> None:
        """One step is done; `facts` are shown beside the bar."""
        self.done += steps
        shown = "  ".join(f"{name} {value}" for name, value in (facts or {}).items())
        if self._progress is not None:
            self._progress.update(self._task, advance=steps, facts=shown)
        elif self.done == self.total or time.monotonic() - self._last_line > self.LINE_SECONDS:
            self._last_line = time.monotonic()
            self.console.print(
                f"{self.label} {self.done}/{self.total}  {shown}  {self._left()}".rstrip(),
                highlight=False,
                soft_wrap=True,
            )

    def say(self, line: str) -> None:
        """A line above the bar."""
        self.console.print(line, style="yellow", highlight=False, markup=False, soft_wrap=True)

    def on_end(self, _: object) -> None:
        """`advance`, for whoever calls with what has ended."""
        self.advance()

    def _left(self) -> str:
        """Not at the beginning: where many work at a time, the first to end says little."""
        made, seconds = self.done - self._first, time.monotonic() - self._began
        if not made or self.done == self.total or seconds < self.LINE_SECONDS:
            return ""
        return f"{seconds / made * (self.total - self.done):.0f} s left"


@contextmanager
def bar(console: Console, label: str, total: int, done: int = 0) -> Iterator[Bar]:
    """Show a `Bar` for the duration of the block."""
    shown = Bar(console, label, total, done)
    if shown._progress is None:
        yield shown
        return
    with shown._progress:
        yield shown
