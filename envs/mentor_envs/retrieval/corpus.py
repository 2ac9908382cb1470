"""Corpus: documents, and BM25 search over their titles and texts (bm25s)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

__all__ = ["Corpus", "Document", "words"]

_WORD = re.compile(r"\w+")
_TITLE = 3
_SMALL = """
a an and are as at be but by did do does for from had has have he her his how in is it its of on or
she that the their they this to was were what when where which who whom whose with
"""
_STOP = frozenset(_SMALL.split())


class Document(NamedTuple):
    """A text with a title; `read` takes the id."""

    id: str
    title: str
    text: str


class Corpus:
    """An index that is built once and then only read: threads and instances share it.

    Scores are Lucene's BM25 with k1 = 1.5 and b = 0.75; the words of a title count three times.

    Args:
        documents: (title, text) of each document; their ids are d1, d2, …
    """

    def __init__(self, documents: Sequence[tuple[str, str]]) -> None:
        import bm25s

        self.documents = tuple(
            Document(f"d{number}", title, text) for number, (title, text) in enumerate(documents, 1)
        )
        self._index = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
        texts = [
            _WORD.findall(f"{f'{title} ' * _TITLE} {text}".casefold()) for title, text in documents
        ]
        # bm25s takes no corpus without any word; for the empty one nobody can search.
        self._index.index([found or [""] for found in texts], show_progress=False)

    def search(self, query: str, most: int) -> list[Document]:
        """The documents with words of the query, best first; equal ones in their order."""
        wanted = words(query)
        if not wanted:
            return []
        scores = np.asarray(self._index.get_scores(wanted))
        most = min(most, len(scores))
        least = np.partition(scores, -most)[-most]
        found = np.flatnonzero((scores > 0) & (scores >= least))
        best = found[np.argsort(-scores[found], kind="stable")][:most]
        return [self.documents[index] for index in best]

    def find(self, identity: str) -> Document | None:
        """The document of an id; None if there is none."""
        number = re.fullmatch(r"\s*[dD]([1-9][0-9]{0,8})\s*", identity)
        index = int(number[1]) - 1 if number else len(self.documents)
        return self.documents[index] if index < len(self.documents) else None


def words(query: str) -> list[str]:
    """The search words of a query: without stop words, unless there are no others."""
    found = _WORD.findall(query.casefold())
    return [word for word in found if word not in _STOP] or found
