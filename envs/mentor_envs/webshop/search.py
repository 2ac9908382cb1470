"""The search engine: BM25 over the products' contents.

The variant is Lucene's with k1 0.9 and b 0.4, as in pyserini. The terms of a query count as often
as they occur, and only documents with a term are found. Equal scores keep the catalogue's order.
Unlike Lucene's, lengths of documents are exact (Lucene keeps them in one byte).
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from mentor_envs.webshop.analysis import VERSION, term, terms, words

__all__ = ["SearchIndex", "cache_folder", "open_index"]

MOST_HITS = 50
_K1, _B = 0.9, 0.4
_DENSE = 50  # a term of more than one in so many documents is added as a whole column
_BLOCK = 64
_log = logging.getLogger(__name__)


class SearchIndex:
    """A built index; read-only, so that instances and threads can share it.

    Args:
        retriever: a `bm25s.BM25` that has indexed the documents.
    """

    def __init__(self, retriever: Any) -> None:
        arrays = retriever.scores
        self._vocabulary: dict[str, int] = retriever.vocab_dict
        # Plain views: slices of memory-mapped arrays are slow to make.
        self._data, self._documents, self._starts = (
            np.asarray(arrays[name]).view(np.ndarray) for name in ("data", "indices", "indptr")
        )
        self._size = int(arrays["num_docs"])
        self._padded = -(-self._size // _BLOCK) * _BLOCK
        self.search = lru_cache(maxsize=4096)(self._search)
        self._dense = lru_cache(maxsize=128)(self._make_dense)

    def _search(self, query: str) -> tuple[int, ...]:
        """Numbers of the documents found, best first, 50 at most."""
        scores = np.zeros(self._padded, dtype=np.float32)
        for word, count in Counter(terms(query)).items():
            number = self._vocabulary.get(word)
            if number is not None:
                self._add(scores, number, count)
        found = np.flatnonzero((scores >= self._threshold(scores)) & (scores > 0))
        order = np.argsort(-scores[found], kind="stable")[:MOST_HITS]
        return tuple(found[order].tolist())

    def _threshold(self, scores: np.ndarray) -> float:
        """A lower bound on the score of the 50th best document, from the best of each block.

        Selection among all scores takes ten times as long, as most are equal (0).
        """
        best = scores.reshape(-1, _BLOCK).max(axis=1)
        return float(np.sort(best)[-MOST_HITS]) if len(best) > MOST_HITS else 0.0

    def _add(self, scores: np.ndarray, number: int, count: int) -> None:
        """Add a term's scores: as a whole column if many documents have the term."""
        part = slice(int(self._starts[number]), int(self._starts[number + 1]))
        if part.stop - part.start > self._size // _DENSE:
            column = self._dense(number)
            scores += column if count == 1 else count * column
        else:
            scores[self._documents[part]] += count * self._data[part]

    def _make_dense(self, number: int) -> np.ndarray:
        part = slice(int(self._starts[number]), int(self._starts[number + 1]))
        column = np.zeros(self._padded, dtype=np.float32)
        column[self._documents[part]] = self._data[part]
        return column


def open_index(documents: Sequence[str], folder: Path | None = None) -> SearchIndex:
    """The index of these documents: from the cache, or built and cached.

    Args:
        documents: the texts.
        folder: folder of the indexes; the user's cache if not given.
    """
    import bm25s

    kept = (folder or cache_folder()) / _fingerprint(documents, bm25s.__version__)
    if kept.is_dir():
        try:
            return SearchIndex(bm25s.BM25.load(kept, mmap=True))
        except Exception as error:  # noqa: BLE001 - whatever a damaged file makes it raise
            _log.warning("%s: the search index is damaged (%s): building it again", kept, error)
            shutil.rmtree(kept, ignore_errors=True)
    retriever = build_index(documents)
    try:
        _keep(retriever, kept)
    except OSError as error:
        _log.warning("%s: the search index could not be kept: %s", kept, error)
    return SearchIndex(retriever)


def build_index(documents: Iterable[str]) -> Any:
    """A `bm25s.BM25` of the documents' terms."""
    import bm25s

    numbers: dict[str, int] = {}  # of words: many words share a term
    vocabulary: dict[str, int] = {}
    coded = []
    for document in documents:
        row = []
        for word in words(document):
            number = numbers.get(word)
            if number is None:
                found = term(word)
                number = vocabulary.setdefault(found, len(vocabulary)) if found else -1
                numbers[word] = number
            if number >= 0:
                row.append(number)
        coded.append(row)
    retriever = bm25s.BM25(k1=_K1, b=_B, method="lucene")
    if not vocabulary:  # nobody can search for the empty term
        vocabulary, coded = {"": 0}, [[0] for _ in coded]
    retriever.index((coded, vocabulary), show_progress=False)
    return retriever


def cache_folder() -> Path:
    """The folder of the indexes: `mentor/webshop` in the user's cache directory."""
    named = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(named) if named else Path.home() / ".cache") / "mentor" / "webshop"


def _keep(retriever: Any, kept: Path) -> None:
    """Write the index beside its final place, and move it there when it is whole."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent, ignore_cleanup_errors=True) as draft:
        written = Path(draft) / kept.name
        retriever.save(written, show_progress=False)
        try:
            written.rename(kept)
        except OSError:
            if not kept.is_dir():  # another process was faster: the same content
                raise


def _fingerprint(documents: Iterable[str], library: str) -> str:
    digest = hashlib.sha256(f"{VERSION} {library} {_K1} {_B}".encode())
    for document in documents:
        text = document.encode("utf-8", "surrogatepass")
        digest.update(len(text).to_bytes(8, "big"))
        digest.update(text)
    return digest.hexdigest()[:32]
