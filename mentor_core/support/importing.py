"""Ctrl-C while modules are imported. This module is imported first, so it imports little."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["importing"]


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
