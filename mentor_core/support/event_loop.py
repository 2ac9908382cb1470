"""EventLoop: an asyncio event loop on a thread of its own, which its coroutines cannot end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

__all__ = ["EventLoop"]

_CLOSE_SECONDS = 1.0


class EventLoop:
    """Runs coroutines from its construction until `close`.

    `KeyboardInterrupt` and `SystemExit`, which end other loops, do not end this one, nor does a
    call of the loop's own `stop`.
    """

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine that handles its own exceptions; may be called from any thread."""
        asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def close(self) -> None:
        """Cancel the coroutines and end the thread; a blocked thread is abandoned."""
        self._loop.call_soon_threadsafe(self._stop)
        self._thread.join(_CLOSE_SECONDS)
        if not self._thread.is_alive():
            self._loop.close()

    def _run(self) -> None:
        while not self._closed:
            try:
                self._loop.run_forever()
            except BaseException:  # noqa: BLE001 - of one task or callback: others go on
                continue

    def _stop(self) -> None:
        self._closed = True
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.call_soon(self._loop.stop)  # after the cancelled tasks have run
