r"""Question and answer rows: GSM8K's files, and other files in their form.

    {"question": "…", "answer": "… <<48/2=24>>24 clips …\n#### 24"}
    {"question": "…", "answer": 24, "id": "clips", "split": "ood"}

`answer` is a worked solution that ends with `#### 24`, or the answer alone, as a string or a
number. `python -m mentor_envs.calculator.gsm8k FILE` prints how many worked solutions can be
turned into references.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mentor_core.contracts.task import Split, Task
from mentor_envs.calculator.chain import number
from mentor_envs.calculator.marks import NoReference, convert
from mentor_envs.rows import Row, read_task_rows

__all__ = ["conversion_report", "read_tasks"]

_EXAMPLE = '{"question": …, "answer": …}'


def read_tasks(path: Path) -> list[Task]:
    """All tasks of a file, in the order of its rows (ids and splits: see `mentor_envs.rows`).

    `metadata` holds the row's place as `where`, and `steps` and `n_steps` if there is a reference,
    else the reason as `no_reference`.

    Args:
        path: JSON lines or a JSON list, gzip-compressed if the name ends in .gz.

    Raises:
        DataError: the file cannot be read or has no row, or a row is broken; names file and row.
    """
    return [_task(*found) for found in read_task_rows(path, _EXAMPLE)]


def conversion_report(tasks: Iterable[Task]) -> dict[str, int]:
    """Number of tasks, number with a reference, and reasons why the others have none."""
    reasons = [str(task.metadata.get("no_reference", "")).partition(":")[0] for task in tasks]
    counts = Counter(reason for reason in reasons if reason)
    converted = len(reasons) - counts.total()
    return {"rows": len(reasons), "converted": converted, **dict(counts.most_common())}


def _task(row: Row, identity: str, split: Split) -> Task:
    question, solution = row.text("question").strip(), ""
    given = row.get("answer", _is_text_or_number, "a string or a number")
    if isinstance(given, str):
        solution, answer = given, _final(given)
        row.get("answer", lambda _: bool(answer), "an answer, after any ####")
    else:
        row.get("answer", lambda _: abs(given) <= sys.float_info.max, "a finite number")
        answer = str(number(given))
    metadata: dict[str, Any] = {"where": row.where}
    try:
        chain = convert(solution.rpartition("####")[0], answer)
        metadata |= {"steps": chain.steps, "n_steps": len(chain.steps)}
    except NoReference as error:
        metadata["no_reference"] = str(error)
    return Task(identity, "calculator", question, answer, split, metadata)


def _is_text_or_number(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _final(answer: str) -> str:
    return answer.rpartition("####")[2].strip()


def main(arguments: list[str]) -> None:
    """Print the conversion report of a file."""
    for name, count in conversion_report(read_tasks(Path(arguments[0]))).items():
        sys.stdout.write(f"{count:6d}  {name}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
