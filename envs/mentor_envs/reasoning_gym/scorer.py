"""reasoning_gym's `score_answer` in a separate process.

Several datasets evaluate an answer as Python or sympy code. An answer such as `9**9**9**9` would
then never end, and an answer that calls functions could do anything. So answers are scored by a
process that is ended if one takes too long. In the process, an audit hook refuses to write files,
to start processes and to use the network. (The hook stops accidents of a policy, and no deliberate
attack.)

    python -m mentor_envs.reasoning_gym.scorer     pickled questions in, pickled scores out
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Mapping
from typing import Any

from mentor_envs.reasoning_gym.datasets import make_dataset
from mentor_envs.worker import NoAnswer, Worker, serve

__all__ = ["SECONDS", "score"]

SECONDS = 10.0
"""Time limit of scoring one answer."""

_REFUSED = ("ctypes.", "ftplib.", "os.", "pty.", "shutil.", "socket.", "subprocess.", "urllib.")
_HARMLESS = {"os.listdir", "os.scandir"}  # the import system's own

_guarded = threading.Event()  # set while an answer is scored
_worker = Worker("mentor_envs.reasoning_gym.scorer")


def score(
    dataset: str, options: Mapping[str, Any], entry: Mapping[str, Any], answer: str | None
) -> float | None:
    """The dataset's score of an answer, in [0, 1]; 0.0 if the answer breaks the scoring.

    None, with a log message, if scoring takes longer than `SECONDS` or ends the process: the answer
    is then not known to be wrong.

    Args:
        dataset: the dataset's name.
        options: the dataset's options.
        entry: the item of the dataset.
        answer: the policy's answer; None if there is none.
    """
    try:
        value = _worker.ask((dataset, dict(options), dict(entry), answer), SECONDS)
    except NoAnswer:
        logging.getLogger(__name__).warning(
            "%s: not scored within %g s: %.80r", dataset, SECONDS, answer
        )
        return None
    return min(max(float(value), 0.0), 1.0)


def _main() -> None:
    import reasoning_gym  # noqa: F401 - before the hook, as it opens its data

    made: dict[str, Any] = {}

    def scored(question: tuple[str, dict[str, Any], dict[str, Any], str | None]) -> float:
        dataset, options, entry, answer = question
        key = f"{dataset} {options}"
        if key not in made:
            made[key] = make_dataset(dataset, options, seed=0, size=1)
        _guarded.set()
        try:
            return float(made[key].score_answer(answer, entry))
        except Exception:  # noqa: BLE001 - an answer that breaks the scoring is not right
            return 0.0
        finally:
            _guarded.clear()

    sys.addaudithook(_refuse)
    serve(scored)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: refuses actions that an answer must not cause."""
    if not _guarded.is_set() or event in _HARMLESS:
        return
    writes = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if writes or event.startswith(_REFUSED):
        raise PermissionError(f"an answer tried {event}")


if __name__ == "__main__":
    _main()
