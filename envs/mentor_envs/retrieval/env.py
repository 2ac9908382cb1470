"""The retrieval environment: questions over several documents, `search` and `read`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from mentor_core.contracts.domain import Expert
from mentor_core.contracts.task import Split, Task
from mentor_core.contracts.trajectory import Call
from mentor_core.tools.tool import Tool, ToolError
from mentor_envs.calls import valid_arguments
from mentor_envs.generated import GeneratedEnv, read_aliases
from mentor_envs.retrieval.corpus import Corpus, words
from mentor_envs.retrieval.hotpot import QuestionFile, read_file
from mentor_envs.retrieval.matching import exact_match, token_f1
from mentor_envs.retrieval.questions import generate
from mentor_envs.retrieval.world import make_corpus

__all__ = ["Retrieval"]

_SENTENCE_END = re.compile(r"(?<=[.!?])\s")
_LONGEST = 500  # characters of a query


class Retrieval(GeneratedEnv):
    """Questions over several documents, to be searched for and read; HotpotQA's files load.

    The outcome is the exact match of the answer after the usual normalisation, or its token F1.
    """

    class Options(GeneratedEnv.Options):
        """Sizes and seed are for generated questions only."""

        metric: Literal["exact", "f1"] = Field(
            "exact", description="the outcome: exact match, or token F1"
        )
        results: int = Field(5, ge=1, le=50, description="documents that a search shows")
        snippet_chars: int = Field(
            60, ge=0, description="characters of its first sentence that a search shows"
        )
        read_chars: int = Field(
            2000, ge=1, description="characters of a document that `read` shows"
        )

    name: ClassVar[str] = "retrieval"
    system_prompt: ClassVar[str] = (
        "Find the answer with the tools, one call at a time: search for a name, read what is "
        "found, go on from there. When you know it, write: Answer: <answer>"
    )
    parallel_calls: ClassVar[bool] = True
    shifts = {
        "length": "three documents, one more than train's questions need",
        "relations": "two documents, with a relation that train never asks for",
        "tools": "eval's tasks, one of the tools renamed and described anew",
    }
    aliases = read_aliases(__package__)
    options: Options

    def make_tools(self) -> Iterable[Tool]:
        return [Tool(self.search), Tool(self.read)]

    @cached_property
    def corpus(self) -> Corpus:
        """The documents; all instances with the same seed or file share them."""
        return self._file.corpus if self._file else make_corpus(self.options.seed)

    @cached_property
    def _file(self) -> QuestionFile | None:
        """The file as it is now: later changes do not affect this instance."""
        path = self.options.tasks_file
        return None if path is None else read_file(path)

    def generate(self, split: Split, size: int) -> Sequence[Task]:
        return generate(split, size, self.options.seed)

    def read_tasks(self, path: Path) -> Sequence[Task]:
        """See `mentor_envs.retrieval.hotpot`."""
        return self._file.tasks if self._file else read_file(path).tasks

    def search(self, query: str) -> str:
        """Search the documents; shows id, title and beginning of the best ones.

        Args:
            query: words to look for, such as a name.
        """
        if not query.strip():
            raise ToolError("search: the query is empty")
        if len(query) > _LONGEST:
            raise ToolError(
                f"search: the query has {len(query)} characters; at most {_LONGEST} are allowed"
            )
        options = self.options
        found = self.corpus.search(query, options.results)
        shown = (
            f"{document.id} | {document.title} | {_opening(document.text, options.snippet_chars)}"
            for document in found
        )
        return "\n".join(shown) or "(no document has these words)"

    def read(self, id: str) -> str:  # noqa: A002
        """Read a document.

        Args:
            id: as a search shows it, such as d12.
        """
        document = self.corpus.find(id)
        if document is None:
            raise ToolError(f"read: no document {id[:40]!r}; take an id from a search, such as d12")
        return f"{document.title}: {_cut(document.text, self.options.read_chars)}"

    def verify(self) -> float | None:
        """The metric of the answer, 0.0 without one; None if the task has no answer."""
        if self.task is None or self.task.answer is None:
            return None
        measure = exact_match if self.options.metric == "exact" else token_f1
        return measure(self.answer or "", str(self.task.answer))

    def expert(self, task: Task) -> Expert | None:
        """Searches for each document and reads it; None if the documents are not known.

        Also None if the searches and readings take more than `max_turns`.
        """
        hops = task.metadata.get("hops")
        return _play(hops, str(task.answer)) if hops and 2 * len(hops) < self.max_turns else None

    def canonical(self, call: Call) -> str | None:
        """Equal for searches of the same words in any order, and for ids written differently.

        None if the arguments are not the tool's.
        """
        arguments = valid_arguments(self.tools, call)
        if arguments is None:
            return None
        if call.name == "search":
            return f"search {' '.join(sorted(words(arguments['query'])))}"
        return f"read {arguments['id'].strip().lower()}"


def _play(hops: Sequence[dict[str, str]], answer: str) -> Expert:
    """Search and read, hop by hop, then answer: "unknown" if a search misses the document."""
    for hop in hops:
        (call,) = yield "", [Call("search", {"query": hop["query"]})]
        if hop["id"] not in [line.partition(" | ")[0] for line in call.result.split("\n")]:
            yield "Answer: unknown", []
            return
        yield "", [Call("read", {"id": hop["id"]})]
    yield f"Answer: {answer}", []


def _opening(text: str, most: int) -> str:
    """The first sentence."""
    return _cut(_SENTENCE_END.split(text, maxsplit=1)[0], most)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most].rstrip()}…"
