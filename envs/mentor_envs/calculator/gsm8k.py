r"""Question and answer rows: GSM8K's files, and anything in their form.

    {"question": "…", "answer": "… <<48/2=24>>24 clips …\n#### 24"}
    {"question": "…", "answer": 24, "id": "clips", "split": "ood"}

`answer` is a worked solution that ends with `#### 24`, or the answer alone, as a string or a
number. `python -m mentor_envs.calculator.gsm8k FILE` prints how many worked solutions can be
turned into references.
"""

from __future__ import annotations

import json
import math
import sys
import zlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mentor_core.errors import DataError, nearest
from mentor_core.task import SPLITS, Split, Task
from mentor_core.trajectory import open_text
from mentor_envs.calculator.chain import number
from mentor_envs.calculator.marks import NoReference, convert

__all__ = ["conversion_report", "read_tasks"]

_EVAL_SHARE = 0.1


def read_tasks(path: Path) -> list[Task]:
    """All tasks of a file, in the order of its rows.

    A row's own `split` is honoured; of the others the last tenth, and at least one where there
    are two or more, is eval and the rest train. `metadata` holds the `line`, and `steps` and
    `n_steps` where there is a reference, else the reason as `no_reference`.

    Args:
        path: JSON lines, gzip-compressed where the name ends in .gz.

    Raises:
        DataError: the file cannot be read or has no row, or a row is broken; names file and line.
    """
    rows: list[tuple[int, dict[str, Any]]] = []
    try:
        with open_text(path) as file:
            for line, text in enumerate(file, 1):
                if text.strip():
                    rows.append((line, _read_row(text, f"{path}:{line}")))
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    if not rows:
        raise DataError(f'{path}: no row; expected JSON lines {{"question": …, "answer": …}}')
    tasks, taken = [], dict[str, int]()
    splits = _splits([row.get("split") for _, row in rows])
    for (line, row), split in zip(rows, splits, strict=True):
        task = _task(row, line, split)
        if task.id in taken:
            raise DataError(f"{path}:{line}: id {task.id!r} is that of line {taken[task.id]}")
        taken[task.id] = line
        tasks.append(task)
    return tasks


def conversion_report(tasks: Iterable[Task]) -> dict[str, int]:
    """How many tasks there are, how many have a reference, and why the others have none."""
    reasons = [str(task.metadata.get("no_reference", "")).partition(":")[0] for task in tasks]
    counts = Counter(reason for reason in reasons if reason)
    converted = len(reasons) - counts.total()
    return {"rows": len(reasons), "converted": converted, **dict(counts.most_common())}


def _read_row(text: str, where: str) -> dict[str, Any]:
    """The row as it is, checked.

    Raises:
        DataError: it is not a JSON object, or a key is missing or of the wrong type.
    """
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: not JSON: {error}") from None
    if not isinstance(row, dict):
        raise DataError(f"{where}: expected an object with question and answer, got {text[:40]!r}")
    for key in ("question", "answer"):
        if key not in row:
            raise DataError(f"{where}: no key {key!r}{nearest(key, row)}")
    _check(isinstance(row["question"], str), where, "question", "a string", row)
    _check(bool(row["question"].strip()), where, "question", "some text", row)
    answer = row["answer"]
    is_number = isinstance(answer, int | float) and not isinstance(answer, bool)
    _check(isinstance(answer, str) or is_number, where, "answer", "a string or a number", row)
    _check(not is_number or math.isfinite(answer), where, "answer", "a finite number", row)
    _check(is_number or bool(_final(answer)), where, "answer", "an answer, after any ####", row)
    identity = row.get("id", 0)
    fits = isinstance(identity, str | int) and not isinstance(identity, bool) and identity != ""
    _check(fits, where, "id", "a string or a whole number", row)
    if "split" in row and row["split"] not in SPLITS:
        known = nearest(str(row["split"]), SPLITS)
        raise DataError(f"{where}: unknown split {row['split']!r}{known}")
    return row


def _check(fits: bool, where: str, key: str, expected: str, row: dict[str, Any]) -> None:
    if not fits:
        shown = json.dumps(row[key])
        shown = shown if len(shown) <= 40 else shown[:40] + "…"
        raise DataError(f"{where}: {key} must be {expected}, got {shown}")


def _splits(given: list[Split | None]) -> list[Split]:
    free = [index for index, split in enumerate(given) if split is None]
    n_eval = max(1, int(len(free) * _EVAL_SHARE)) if len(free) > 1 else 0
    evaluated = set(free[len(free) - n_eval :])
    return [
        split or ("eval" if index in evaluated else "train") for index, split in enumerate(given)
    ]


def _task(row: dict[str, Any], line: int, split: Split) -> Task:
    solution = row["answer"]
    if isinstance(solution, str):
        answer = _final(solution)
    else:
        answer, solution = str(number(solution)), ""
    metadata: dict[str, Any] = {"line": line}
    try:
        chain = convert(solution.rpartition("####")[0], answer)
        metadata |= {"steps": chain.steps, "n_steps": len(chain.steps)}
    except NoReference as error:
        metadata["no_reference"] = str(error)
    return Task(
        id=str(row.get("id", f"line-{line}")),
        env="calculator",
        prompt=row["question"].strip(),
        answer=answer,
        split=split,
        metadata=metadata,
    )


def _final(answer: str) -> str:
    return answer.rpartition("####")[2].strip()


def main(arguments: list[str]) -> None:
    """Print the conversion report of a file."""
    for name, count in conversion_report(read_tasks(Path(arguments[0]))).items():
        sys.stdout.write(f"{count:6d}  {name}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
