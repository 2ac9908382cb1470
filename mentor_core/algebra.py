"""Algebra: Math-Verify in a process of its own, so that a time limit can be kept anywhere.

Math-Verify's own limits are signals, which work in the main thread only, and sympy cannot be
interrupted from another thread. The process is started on first use (sympy takes most of a second
to import), serves one question at a time, and is ended where it takes too long.

    python -m mentor_core.algebra     one JSON [given, wanted] a line in, one true or false out
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import selectors
import subprocess
import sys
import threading
from functools import lru_cache
from typing import Any

__all__ = ["SECONDS", "TimeLimit", "Undecided", "equal_expressions", "time_limits_hit"]

SECONDS = 5.0
"""What one comparison may take."""

_START_SECONDS = 120.0

_lock = threading.Lock()
_worker: subprocess.Popen[bytes] | None = None
_owner = 0
_hits = 0


class Undecided(Exception):
    """Nothing is known about a comparison."""


class TimeLimit(Undecided):
    """It took too long."""


def time_limits_hit() -> int:
    """How often a comparison of this process took too long."""
    return _hits


@lru_cache(maxsize=4096)
def equal_expressions(given: str, wanted: str) -> bool:
    """Whether Math-Verify says that two LaTeX expressions are equal; asked once a pair.

    Raises:
        TimeLimit: it took longer than `SECONDS`, or ended its process.
    """
    global _hits  # noqa: PLW0603 - counted for the whole process
    with _lock:
        worker = _start()
        assert worker.stdin is not None
        try:
            worker.stdin.write(json.dumps([given, wanted]).encode() + b"\n")
            worker.stdin.flush()
            answer = _read(worker, SECONDS)
        except OSError:  # it is gone
            answer = b""
        if not answer:
            _hits += 1
            _stop()
            logging.getLogger(__name__).warning(
                "not decided within %g s: %.80r and %.80r", SECONDS, given, wanted
            )
            raise TimeLimit
        return bool(json.loads(answer))


def _start() -> subprocess.Popen[bytes]:
    """The process that works; a forked child gets one of its own."""
    global _worker, _owner  # noqa: PLW0603 - one for the whole process
    if _worker is None or _owner != os.getpid():
        _worker = subprocess.Popen(
            [sys.executable, "-m", "mentor_core.algebra"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        _owner = os.getpid()
        if not _read(_worker, _START_SECONDS):
            _stop()
            raise TimeLimit
    return _worker


def _read(worker: subprocess.Popen[bytes], seconds: float) -> bytes:
    """A line of the process; empty where none came in time."""
    assert worker.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(worker.stdout, selectors.EVENT_READ)
        return worker.stdout.readline() if selector.select(seconds) else b""


def _stop() -> None:
    global _worker  # noqa: PLW0603 - one for the whole process
    if _worker is not None and _owner == os.getpid():
        _worker.kill()
        _worker.wait()
        for pipe in (_worker.stdin, _worker.stdout):
            if pipe is not None:
                pipe.close()
    _worker = None


atexit.register(_stop)


def _serve() -> None:
    from math_verify import parse, verify

    logging.getLogger("math_verify").setLevel(logging.CRITICAL)
    answers = sys.stdout.buffer

    def values(text: str) -> list[Any]:
        found = parse(rf"\boxed{{{text}}}", parsing_timeout=None)
        return [value for value in found if value != text]

    answers.write(b"ready\n")
    answers.flush()
    for line in sys.stdin.buffer:
        given, wanted = json.loads(line)
        try:
            first, second = values(given), values(wanted)
            equal = bool(first and second and verify(second, first, timeout_seconds=None))
        except Exception:  # noqa: BLE001 - sympy fails in many ways; what it cannot read is not equal
            equal = False
        answers.write(json.dumps(equal).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    _serve()
