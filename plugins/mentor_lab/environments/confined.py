"""Confined: work in a process of its own, with a limit of memory.

The process is a fork: the inspected objects need not be importable, nor be pickled. On systems
without fork (Windows), the work is done in this process, without a limit.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import IO, Any, NoReturn

import psutil

__all__ = ["SPARE_BYTES", "Ended", "confined"]

SPARE_BYTES = 2 * 2**30
"""Bytes that the work may take beyond the memory of this process."""


SILENT_SECONDS = 240.0
"""Seconds without a message after which the work is given up. A fork, or a lack of memory, may
leave a lock that nobody releases.
"""


class Ended(Exception):
    """The process ended before the work did; says how."""


def confined(
    work: Callable[[Callable[[Any], None]], None],
    hear: Callable[[Any], None],
    shared: Sequence[Any],
) -> None:
    """Do the work in a process of its own.

    Args:
        work: is called with a function that sends a message to this process.
        hear: is called with each message.
        shared: objects that both processes have, and that are never pickled.

    Raises:
        Ended: the work raised, or ended its process.
    """
    if not hasattr(os, "fork"):
        work(hear)
        return
    sys.stdout.flush()
    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reader)
        _work(work, writer, shared)
    os.close(writer)
    done, watch = False, _Watchdog(process)
    try:
        with os.fdopen(reader, "rb") as said, suppress(EOFError, pickle.UnpicklingError):
            while not done:  # the process may end before that, in the middle of what it says
                done, value = _Unpickler(said, shared).load()
                watch.heard()
                if not done:
                    hear(value)
    finally:
        watch.stop()
        os.kill(process, signal.SIGKILL)  # it has ended, unless hearing was interrupted
        _, status = os.waitpid(process, 0)
    if not done:
        if watch.bit:
            raise Ended(f"its process said nothing for {SILENT_SECONDS:g} s")
        code = os.waitstatus_to_exitcode(status)
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        raise Ended(f"its process ended with {how}")


class _Watchdog(threading.Thread):
    """Kills a process that sends no message; `bit` is true if it had to."""

    def __init__(self, process: int) -> None:
        super().__init__(name="mentor-watchdog", daemon=True)
        self.bit = False
        self._process, self._last, self._stopped = process, time.monotonic(), threading.Event()
        self.start()

    def heard(self) -> None:
        self._last = time.monotonic()

    def stop(self) -> None:
        self._stopped.set()
        self.join()

    def run(self) -> None:
        while not self._stopped.wait(min(1.0, SILENT_SECONDS)):
            if time.monotonic() - self._last > SILENT_SECONDS:
                self.bit = True
                os.kill(self._process, signal.SIGKILL)
                return


def _work(
    work: Callable[[Callable[[Any], None]], None], writer: int, shared: Sequence[Any]
) -> NoReturn:
    """The work in the forked process."""
    code = 1
    try:
        _limit_memory()
        places = {id(thing): place for place, thing in enumerate(shared)}
        with os.fdopen(writer, "wb") as out:

            def say(value: Any, *, done: bool = False) -> None:
                _Pickler(out, places).dump((done, value))
                out.flush()

            work(say)
            sys.stdout.flush()
            say(None, done=True)
        code = 0
    except Exception:  # noqa: BLE001 - a fault of ours, of which the other process cannot tell
        traceback.print_exc()
    finally:
        os._exit(code)


def _limit_memory() -> None:
    import resource

    memory = psutil.Process().memory_info()
    kind, used = resource.RLIMIT_AS, memory.vms
    if hasattr(memory, "data"):  # Linux: without what is reserved only
        kind, used = resource.RLIMIT_DATA, memory.data
    _, most = resource.getrlimit(kind)
    limit = used + SPARE_BYTES
    if most == resource.RLIM_INFINITY or limit < most:
        with suppress(ValueError, OSError):  # not every system has this limit
            resource.setrlimit(kind, (limit, most))


class _Pickler(pickle.Pickler):
    def __init__(self, file: IO[bytes], places: Mapping[int, int]) -> None:
        super().__init__(file)
        self._places = places

    def persistent_id(self, thing: Any) -> int | None:
        return self._places.get(id(thing))


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: IO[bytes], shared: Sequence[Any]) -> None:
        super().__init__(file)
        self._shared = shared

    def persistent_load(self, place: Any) -> Any:
        return self._shared[place]
