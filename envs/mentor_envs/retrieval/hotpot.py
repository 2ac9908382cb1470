"""Question files in the form of HotpotQA: questions, and a corpus of all their contexts.

    [{"_id": "5a8b…", "question": "…", "answer": "…", "supporting_facts": [["Title", 0], …],
      "context": [["Title", ["First sentence.", " Second one.", …]], …]}, …]

A file is a JSON list, as HotpotQA's own files are, or has one object a line. `_id`, `split` and
`supporting_facts` may be left out; without `supporting_facts` there is no reference. Hugging Face's
export, with `id` and with columns in place of pairs, is read as well:

    {"id": "5a8b…", "question": "…", "answer": "…",
     "supporting_facts": {"title": ["Title", …], "sent_id": [0, …]},
     "context": {"title": ["Title", …], "sentences": [["First sentence.", …], …]}}
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from mentor_core.contracts.task import Split, Task
from mentor_core.support.errors import DataError
from mentor_envs.retrieval.corpus import Corpus
from mentor_envs.rows import Row, file_version, read_task_rows, show

__all__ = ["QuestionFile", "read_file"]

_EXAMPLE = '{"question": …, "answer": …, "context": [["title", ["sentence", …]], …]}'


class QuestionFile(NamedTuple):
    """The tasks of all splits, and their documents."""

    tasks: tuple[Task, ...]
    corpus: Corpus


def read_file(path: Path) -> QuestionFile:
    """Read and index a file; once in a process, unless the file changes.

    Ids (`_id` or `id`) and splits are those of `mentor_envs.rows`. Documents of the same title
    and text are one.

    Raises:
        DataError: the file cannot be read or has no row, or a row is broken; names file and row.
    """
    return _read(path, file_version(path))


@lru_cache(maxsize=4)
def _read(path: Path, _version: object) -> QuestionFile:
    places: dict[tuple[str, str], int] = {}
    tasks = []
    for row, identity, split in read_task_rows(path, _EXAMPLE, "_id", "id"):
        documents = _context(row)
        for document in documents:
            places.setdefault(document, len(places) + 1)
        own = {title: f"d{places[title, text]}" for title, text in documents}
        tasks.append(_task(row, identity, split, own))
    if not places:
        raise DataError(f"{path}: no row has a context: there is nothing to search in")
    return QuestionFile(tuple(tasks), Corpus(list(places)))


def _task(row: Row, identity: str, split: Split, documents: dict[str, str]) -> Task:
    metadata: dict[str, Any] = {"where": row.where}
    expected = "pairs of a title and a sentence number"
    given = "supporting_facts" in row.data
    facts = _pairs(row, "supporting_facts", "title", "sent_id") if given else []
    if not _are_facts(facts):
        raise DataError(f"{row.where}: supporting_facts must be {expected}, got {show(facts)}")
    titles = list(dict.fromkeys(title for title, _ in facts))
    if titles and all(title in documents for title in titles):
        metadata["hops"] = [{"query": title, "id": documents[title]} for title in titles]
        metadata["n_hops"] = len(titles)
    else:
        metadata["no_reference"] = "the context lacks one of them" if titles else "no facts"
    question, answer = row.text("question").strip(), row.text("answer").strip()
    return Task(identity, "retrieval", question, answer, split, metadata)


def _context(row: Row) -> list[tuple[str, str]]:
    """Title and text of each paragraph."""
    documents = []
    for number, paragraph in enumerate(_pairs(row, "context", "title", "sentences"), 1):
        match paragraph:
            case [str(title), [*sentences]] if title.strip() and _are_texts(sentences):
                text = " ".join(sentence.strip() for sentence in sentences)
                documents.append((title.strip(), text))
            case _:
                raise DataError(
                    f"{row.where}: context: paragraph {number} must be "
                    f'["title", ["sentence", …]], got {paragraph!r:.60}'
                )
    return documents


def _pairs(row: Row, key: str, *columns: str) -> list[Any]:
    """A list of pairs, which may be written as two columns.

    Raises:
        DataError: the value is neither, or the key is absent.
    """
    expected = f"a list of pairs, or an object of the lists {' and '.join(columns)}"
    value = row.get(key, lambda v: isinstance(v, list | dict), expected)
    if isinstance(value, list):
        return value
    lists = [value.get(column) for column in columns]
    if not all(isinstance(column, list) for column in lists) or len({*map(len, lists)}) > 1:
        raise DataError(f"{row.where}: {key} must be {expected} of one length, got {show(value)}")
    return [list(pair) for pair in zip(*lists, strict=True)]


def _are_facts(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(fact, list) and len(fact) == 2 and isinstance(fact[0], str) for fact in value
    )


def _are_texts(values: Sequence[Any]) -> bool:
    return all(isinstance(value, str) for value in values)
