"""Ctrl-C while modules are imported. Imported first, so this module is light."""

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

    An exception would be shown as a traceback where nobody catches it yet, and foreign modules may
    swallow it or make another of it while they are imported.
    """

    def stop(*_: Any) -> None:
        os.write(2, b"stopped\n")
        os._exit(130)

    old = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, old)
