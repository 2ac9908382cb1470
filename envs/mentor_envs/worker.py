"""Worker: a module in a separate process, for code that may hang.

The process runs code that cannot be interrupted from another thread, with a time limit that works
in every thread. The process serves one question at a time, and is ended if this takes too long. The
process starts on first use; a forked child starts its own. Questions and answers are pickled.
"""

from __future__ import annotations

import atexit
import os
import pickle
import selectors
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

__all__ = ["NoAnswer", "Worker", "serve"]

_START_SECONDS = 120.0


class NoAnswer(Exception):
    """A question was not answered in time, or ended the process."""


class Worker:
    """Runs `python -m module`, which calls `serve`; may be asked from several threads.

    Args:
        module: full name of the module.
    """

    def __init__(self, module: str) -> None:
        self.module = module
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        atexit.register(_stop, weakref.ref(self))

    def ask(self, question: Any, seconds: float) -> Any:
        """The answer to a question.

        Raises:
            NoAnswer: there is no answer after so many seconds; the next question gets a new
                process.
        """
        with self._lock:
            try:
                process = self._start()
                assert process.stdin is not None
                pickle.dump(question, process.stdin)
                process.stdin.flush()
                return _read(process, seconds)
            except (OSError, EOFError, NoAnswer) as error:  # it is gone, or takes too long
                self.stop()
                raise NoAnswer from error

    def stop(self) -> None:
        """End the process."""
        if self._process is not None and self._owner == os.getpid():
            self._process.kill()
            self._process.communicate()
        self._process = None

    def _start(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._owner != os.getpid():
            self._process = subprocess.Popen(
                [sys.executable, "-m", self.module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            self._owner = os.getpid()
            _read(self._process, _START_SECONDS)
        return self._process


def _read(process: subprocess.Popen[bytes], seconds: float) -> Any:
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        if not selector.select(seconds):
            raise NoAnswer
        return pickle.load(process.stdout)


def _stop(worker: weakref.ref[Worker]) -> None:
    found = worker()
    if found is not None:
        found.stop()


def serve(answer: Callable[[Any], Any]) -> None:
    """Answer questions until there are no more: the main program of a worker's module.

    Text printed meanwhile does not mix with the answers.
    """
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    def send(value: Any) -> None:
        pickle.dump(value, answers)
        answers.flush()

    send("ready")
    while True:
        try:
            question = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        send(answer(question))
