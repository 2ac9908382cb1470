"""Requests: one request a turn to a server, many at a time; a slow one delays no other."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from mentor_core.contracts.policy import Generation, Interrupted, Session

__all__ = ["Requests"]

T = TypeVar("T")

_LOOK = 0.005  # seconds between two looks at whether something else is ready


class Requests:
    """Asks in daemon threads, which do not delay the end of the process.

    Args:
        most: requests under way at a time.
    """

    def __init__(self, most: int) -> None:
        self._slots = threading.BoundedSemaphore(most)
        self._replies: queue.SimpleQueue[tuple[Session, Callable[[], Generation]]] = (
            queue.SimpleQueue()
        )
        self._open: set[Session] = set()

    def start(
        self, session: Session, ask: Callable[[], T], finish: Callable[[T, float], Generation]
    ) -> None:
        """Begin a request.

        Args:
            ask: sends the request; called in another thread.
            finish: makes the turn from its reply and its seconds; called by `collect`.
        """
        self._open.add(session)
        began = time.perf_counter()

        def run() -> None:
            with self._slots:
                if session not in self._open:
                    return
                try:
                    reply = ask()
                except Exception as error:  # noqa: BLE001 - the episode ends with it
                    text = f"{type(error).__name__}: {error}"
                    seconds = time.perf_counter() - began
                    broken = Generation(session, "", False, None, seconds, text)
                    self._replies.put((session, lambda: broken))
                    return
            seconds = time.perf_counter() - began
            self._replies.put((session, lambda: finish(reply, seconds)))

        threading.Thread(target=run, name="mentor-request", daemon=True).start()

    def collect(self, interrupted: Interrupted) -> list[Generation]:
        """Wait for a turn, and return all finished turns; none if `interrupted`."""
        done: list[Generation] = []
        while self._open and not done:
            try:
                found = [self._replies.get(timeout=_LOOK)]
            except queue.Empty:
                if interrupted():
                    break
                continue
            while not self._replies.empty():
                found.append(self._replies.get())
            for session, make in found:
                if session in self._open:
                    self._open.remove(session)
                    done.append(make())
        return done

    def drop(self, session: Session) -> None:
        """Forget this session: its reply is discarded."""
        self._open.discard(session)
