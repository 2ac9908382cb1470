"""Ctrl-C: during imports, and during a run. Imported first, so the module is light."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["importing", "interrupts"]


@contextmanager
def importing() -> Iterator[None]:
    """Let Ctrl-C end the process at once, with exit code 130.

    An exception would be shown as a traceback, as nothing catches it yet. Foreign modules may also
    swallow or change the exception while they are imported.
    """

    def stop(*_: Any) -> None:
        os.write(2, b"stopped\n")
        os._exit(130)

    old = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, old)


@contextmanager
def interrupts() -> Iterator[Callable[[], bool]]:
    """Ctrl-C and SIGTERM ask the run to stop after the step; a second Ctrl-C stops at once."""
    asked = False

    def ask(number: int, _: Any) -> None:
        nonlocal asked
        if asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        asked = True

    old = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
