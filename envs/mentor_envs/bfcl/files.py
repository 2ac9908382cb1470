"""BFCL's files as tasks.

A folder holds `BFCL_v4_CATEGORY.json`, the questions as JSON lines. `possible_answer/` has a file
of the same name with the answers. Multi-turn categories need `multi_turn_func_doc/`, the functions
of each class. The names may have another version.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field

from mentor_core.contracts.task import Split, Task
from mentor_core.support.errors import DataError, nearest
from mentor_envs.bfcl.calls import parse_call
from mentor_envs.bfcl.schemas import json_schema, tool_name
from mentor_envs.bfcl.simulation import class_files
from mentor_envs.rows import Row, read_rows

__all__ = ["MULTI_TURN", "SINGLE_TURN", "UNSUPPORTED", "make_task", "read_category"]

_UNANSWERED = ("irrelevance", "live_irrelevance", "live_relevance")  # have no file of answers
SINGLE_TURN = (
    "simple_python",
    "multiple",
    "parallel",
    "parallel_multiple",
    "irrelevance",
    "live_simple",
    "live_multiple",
    "live_parallel",
    "live_parallel_multiple",
    "live_irrelevance",
    "live_relevance",
)
MULTI_TURN = (
    "multi_turn_base",
    "multi_turn_miss_func",
    "multi_turn_miss_param",
    "multi_turn_long_context",
)
UNSUPPORTED = {
    "simple_java": "its values are written in Java",
    "simple_javascript": "its values are written in JavaScript",
    "memory": "it needs a store that lasts from one dialogue to the next",
    "web_search": "it needs the network",
    "format_sensitivity": "it asks for other formats of calls",
}
"""Category → the reason why the category cannot be used."""

_Name = Annotated[str, AfterValidator(tool_name)]


class _Message(BaseModel):
    role: Literal["system", "user", "assistant"]
    content: str


class _Function(BaseModel):
    name: _Name
    description: str = ""
    parameters: dict[str, Any]


class _Question(BaseModel):
    id: str
    question: list[list[_Message]] = Field(min_length=1)


class _SingleTurn(_Question):
    function: list[_Function]


class _MultiTurn(_Question):
    involved_classes: list[str] = Field(min_length=1)
    initial_config: dict[str, Any]
    missed_function: dict[int, list[str]] = {}


class _Answer(BaseModel):
    ground_truth: list[dict[_Name, dict[str, list[Any]]]]


class _Truth(BaseModel):
    ground_truth: list[list[str]]


def read_category(folder: Path, category: str, split_of: Callable[[str], Split]) -> list[Task]:
    """All tasks of a category, in the order of the file.

    Args:
        folder: see the head of this file.
        category: one of `SINGLE_TURN` or `MULTI_TURN`.
        split_of: id → split.

    Raises:
        DataError: a file is missing or broken; names file and row.
        ConfigError: the category is multi-turn, and bfcl-eval is not installed.
    """
    answers: dict[str, Row] | None = None
    if category not in _UNANSWERED:
        path = _find(folder / "possible_answer", category)
        answers = {row.text("id"): row for row in read_rows(path, '{"id": …, "ground_truth": …}')}
    documents = _Documents(folder / "multi_turn_func_doc")
    tasks, taken = [], dict[str, str]()
    for row in read_rows(_find(folder, category), '{"id": …, "question": …}'):
        name = row.text("id")
        if name in taken:
            raise DataError(f"{row.where}: id {name!r} is that of {taken[name]}")
        if answers is not None and name not in answers:
            raise DataError(f"{row.where}: id {name!r} has no answer in {path}")
        taken[name] = row.where
        answer = answers[name] if answers is not None else None
        if category in MULTI_TURN and answer is not None:
            tasks.append(_dialogue(category, row, answer, documents, split_of(name)))
        else:
            tasks.append(make_task(category, row, answer, split_of(name)))
    return tasks


def make_task(category: str, row: Row, answer: Row | None, split: Split) -> Task:
    """A single-turn task.

    `answer` is BFCL's ground truth: [] if nothing should be called, None if any call is right.
    `metadata` holds `functions` and, unless any call is right, `calls` as rewards read them.

    Raises:
        DataError: the question or the answer is broken; names file and row.
    """
    question = row.parse(_SingleTurn)
    functions = [function.model_dump() for function in question.function]
    _check_functions(functions, row)
    _check_names(functions, row)
    messages = question.question[0]
    if len(question.question) != 1 or not messages or messages[-1].role != "user":
        raise DataError(f"{row.where}: question must be one turn that ends with the user's message")
    truth: list[dict[str, dict[str, list[Any]]]] | None
    truth = None if category == "live_relevance" else []
    if answer is not None:
        truth = answer.parse(_Answer).ground_truth
    names = [function["name"] for function in functions]
    metadata: dict[str, Any] = {"row": row.where, "category": category, "functions": functions}
    if truth is not None:
        for wanted in truth:
            if len(wanted) != 1 or not wanted.keys() <= set(names):
                where = answer.where if answer else row.where
                raise DataError(f"{where}: ground_truth must name one of {', '.join(names)} a call")
        metadata["calls"] = [
            {"name": name, "acceptable": acceptable}
            for wanted in truth
            for name, acceptable in wanted.items()
        ]
    if len(messages) > 1:
        metadata["opening"] = [message.model_dump() for message in messages]
    return Task(question.id, "bfcl", messages[-1].content, truth, split, metadata)


def _dialogue(category: str, row: Row, answer: Row, documents: _Documents, split: Split) -> Task:
    """A multi-turn task; `answer` is the calls that each of the user's turns wants."""
    question = row.parse(_MultiTurn)
    functions = [
        function for name in question.involved_classes for function in documents.of(name, row)
    ]
    _check_names(functions, row)
    turns = [_only_message(turn, row) for turn in question.question]
    held_back = [question.missed_function.get(index, []) for index in range(len(turns))]
    if turns[0] is None or any(
        (turn is None) != bool(held) for turn, held in zip(turns, held_back, strict=True)
    ):
        raise DataError(f"{row.where}: a turn without a message must be in missed_function")
    parameters = {f["name"]: list(f["parameters"].get("properties", ())) for f in functions}
    for name in (name for names in held_back for name in names):
        if name not in parameters:
            raise DataError(f"{row.where}: missed_function: no function {name!r}")
    sources = answer.parse(_Truth).ground_truth
    if len(sources) != len(turns):
        raise DataError(f"{answer.where}: {len(sources)} turns, and {len(turns)} in {row.where}")
    truth = []
    for source in sources:
        try:
            calls = [parse_call(text, parameters) for text in source]
        except ValueError as error:
            raise DataError(f"{answer.where}: ground_truth: {error}") from None
        truth.append([{"name": call.name, "arguments": call.arguments} for call in calls])
    metadata = {
        "row": row.where,
        "category": category,
        "functions": functions,
        "calls": [call for calls in truth for call in calls],
        "turns": turns,
        "held_back": held_back,
        "classes": question.involved_classes,
        "initial_config": question.initial_config,
    }
    return Task(question.id, "bfcl", turns[0], truth, split, metadata)


class _Documents:
    """The functions of multi-turn classes, read once a class."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[str, list[dict[str, Any]]] = {}

    def of(self, name: str, asked: Row) -> list[dict[str, Any]]:
        """The functions of a class.

        Raises:
            DataError: bfcl-eval does not know the class, or its file is missing or broken.
        """
        if name not in self._read:
            files = class_files()
            if name not in files:
                raise DataError(f"{asked.where}: unknown class {name!r}{nearest(name, files)}")
            rows = read_rows(self.folder / files[name], '{"name": …, "parameters": …}')
            self._read[name] = []
            for row in rows:
                function = row.parse(_Function).model_dump()
                _check_functions([function], row)
                self._read[name].append(function)
        return self._read[name]


def _find(folder: Path, category: str) -> Path:
    """The category's file, of the latest version that there is.

    Raises:
        DataError: there is no such file; names the categories that have one.
    """
    found = sorted(folder.glob(f"BFCL_v*_{category}.json"))
    found = [path for path in found if path.stem.split("_", 2)[2] == category]
    if not found:
        there = {path.stem.split("_", 2)[2] for path in folder.glob("BFCL_v*_*.json")}
        raise DataError(f"{folder}: no file BFCL_v4_{category}.json{nearest(category, there)}")
    return found[-1]


def _check_functions(functions: Sequence[Mapping[str, Any]], row: Row) -> None:
    for function in functions:
        try:
            schema = json_schema(function["parameters"])
        except ValueError as error:
            raise DataError(f"{row.where}: function {function['name']}: {error}") from None
        if schema.get("type") != "object":
            raise DataError(f"{row.where}: function {function['name']}: parameters are no dict")


def _check_names(functions: Sequence[Mapping[str, Any]], row: Row) -> None:
    (name, times), *_ = [*Counter(f["name"] for f in functions).most_common(1), ("", 0)]
    if times > 1:
        raise DataError(f"{row.where}: two functions are named {name!r}")


def _only_message(turn: Sequence[_Message], row: Row) -> str | None:
    if len(turn) > 1 or any(message.role != "user" for message in turn):
        raise DataError(f"{row.where}: a turn of a dialogue must be one message of the user")
    return turn[0].content if turn else None
