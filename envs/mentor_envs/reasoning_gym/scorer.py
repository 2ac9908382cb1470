"""reasoning_gym's `score_answer` in a process of its own.

Several datasets evaluate an answer as Python or sympy code. There an answer such as `9**9**9**9`
would never end, and one that calls functions could do anything. So answers are scored by a process
that is ended where one takes too long, and in which an audit hook refuses to write files, to start
processes and to use the network. (This stops what a policy stumbles on; it is no jail.)

    python -m mentor_envs.reasoning_gym.scorer     pickled questions in, pickled scores out
"""

from __future__ import annotations

import atexit
import os
import pickle
import selectors
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any, BinaryIO

from mentor_envs.reasoning_gym.datasets import make_dataset

__all__ = ["SECONDS", "score"]

SECONDS = 10.0
"""What scoring one answer may take."""

_START_SECONDS = 120.0
_REFUSED = ("ctypes.", "ftplib.", "os.", "pty.", "shutil.", "socket.", "subprocess.", "urllib.")
_HARMLESS = {"os.listdir", "os.scandir"}  # the import system's own

_guarded = threading.Event()  # set while an answer is scored
_lock = threading.Lock()
_worker: subprocess.Popen[bytes] | None = None
_owner = 0


def score(
    dataset: str, options: Mapping[str, Any], entry: Mapping[str, Any], answer: str | None
) -> float:
    """The dataset's score of an answer, in [0, 1].

    0.0 where it cannot be scored: the scoring raises, or takes longer than `SECONDS`.

    Args:
        dataset: its name.
        options: those it was made with.
        entry: the item of the dataset.
        answer: the policy's; None where it gave none.
    """
    with _lock:
        worker = _start()
        assert worker.stdin is not None
        try:
            pickle.dump((dataset, dict(options), dict(entry), answer), worker.stdin)
            worker.stdin.flush()
            value = _read(worker, SECONDS)
        except (OSError, EOFError):  # it is gone
            value = None
        if value is None:
            _stop()
            return 0.0
        return min(max(float(value), 0.0), 1.0)


def _start() -> subprocess.Popen[bytes]:
    """The process that scores; a forked child gets one of its own."""
    global _worker, _owner  # noqa: PLW0603 - one for the whole process
    if _worker is None or _owner != os.getpid():
        _worker = subprocess.Popen(
            [sys.executable, "-m", "mentor_envs.reasoning_gym.scorer"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        _owner = os.getpid()
        if _read(_worker, _START_SECONDS) is None:
            _stop()
            raise RuntimeError("the process that scores reasoning_gym's answers does not start")
    return _worker


def _read(worker: subprocess.Popen[bytes], seconds: float) -> Any:
    """What the process says; None where it says nothing in time."""
    assert worker.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(worker.stdout, selectors.EVENT_READ)
        return pickle.load(worker.stdout) if selector.select(seconds) else None


def _stop() -> None:
    global _worker  # noqa: PLW0603 - one for the whole process
    if _worker is not None and _owner == os.getpid():
        _worker.kill()
        _worker.communicate()
    _worker = None


atexit.register(_stop)


def _serve(questions: BinaryIO, answers: BinaryIO) -> None:
    import reasoning_gym  # noqa: F401 - before the hook, as it opens its data

    def send(value: float) -> None:
        pickle.dump(value, answers)
        answers.flush()

    made: dict[str, Any] = {}
    send(0.0)
    while True:
        try:
            dataset, options, entry, answer = pickle.load(questions)
        except EOFError:
            return
        key = f"{dataset} {options}"
        if key not in made:
            made[key] = make_dataset(dataset, options, seed=0, size=1)
        _guarded.set()
        try:
            value = float(made[key].score_answer(answer, entry))
        except Exception:  # noqa: BLE001 - an answer that breaks the scoring is not right
            value = 0.0
        finally:
            _guarded.clear()
        send(value)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: what an answer must not do."""
    if not _guarded.is_set() or event in _HARMLESS:
        return
    writes = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if writes or event.startswith(_REFUSED):
        raise PermissionError(f"an answer tried {event}")


if __name__ == "__main__":
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what datasets print must not mix with the answers
    sys.addaudithook(_refuse)
    _serve(sys.stdin.buffer, out)
