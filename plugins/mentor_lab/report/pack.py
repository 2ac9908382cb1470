"""The data of a page: figures and chosen episodes, packed for the page's script."""

from __future__ import annotations

import base64
import json
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mentor_core.contracts.task import TaskKey
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.support.errors import DataError
from mentor_core.support.user_code import reason
from mentor_lab.imitation import imitation_gap
from mentor_lab.report.choose import choose
from mentor_lab.report.episodes import decoder, facts_of, played
from mentor_lab.report.explain import Explainer
from mentor_lab.report.figures import Figure
from mentor_lab.report.read import Run, read_episodes

__all__ = ["MOST_BYTES", "Packed", "Source", "pack", "read_source"]

MOST_BYTES = 11_000_000
"""Most bytes of packed data. A page has 4/3 of that size and 2 MB for plotly.js: below 20 MB."""

_EXPLAINED = 300  # episodes whose scores are explained
_EXPLAIN_SECONDS = 20.0
_NO_TOKENIZER = "The run has no tokenizer on disk yet, so that tokens cannot be shown."


@dataclass(slots=True)
class Source:
    """A run, with the explainer and notes for its episodes."""

    run: Run
    explainer: Explainer | None
    notes: list[str] = field(default_factory=list)


def read_source(run: Run, advance: Callable[[], None] = lambda: None) -> Source:
    """Read the episodes of an opened run, and make the run's terms if possible.

    Args:
        advance: called after each megabyte that is read.
    """
    explainer = None
    notes = []
    try:
        explainer = Explainer(run.path, run.references)
    except Exception as error:  # noqa: BLE001 - code of an environment or a term, told on the page
        notes.append(f"Scores are not explained: {reason(error)}.")
    else:
        if explainer.asks:
            terms = ", ".join(explainer.asks)
            notes.append(f"Not scored again, as the term asks a server: {terms}.")
    read_episodes(run, explainer.scores if explainer is not None else None, advance=advance)
    return Source(run, explainer, notes)


@dataclass(frozen=True, slots=True)
class Packed:
    """The data of a page.

    Attributes:
        text: gzip as base64, of a JSON object with runs, figures, episodes and teachers.
        shown: number of the page's episodes, in words.
        notes: a sentence for each missing part.
    """

    text: str
    shown: str
    notes: list[str]


def pack(sources: Sequence[Source], drawn: Sequence[Figure], most: int, most_bytes: int) -> Packed:
    """Pack the figures and the chosen episodes.

    Args:
        most: largest number of episodes, all runs together.
        most_bytes: largest size of the packed data; each run has the same share.
    """
    packer = _Packer()
    explained = 0
    began = time.monotonic()
    teachers: dict[tuple[int, TaskKey], int] = {}
    shown: list[dict[str, Any]] = []
    without_tokens = []
    chosen = choose([source.run for source in sources], most)
    for number, (source, episodes) in enumerate(zip(sources, chosen, strict=True)):
        decode = decoder(source.run.path)
        masked = bool(source.run.settings.get("train", {}).get("mask_truncated"))
        without_tokens.append("" if decode else _NO_TOKENIZER)
        for episode in episodes:
            if packer.size > most_bytes * (number + 1) / len(sources):
                break
            try:
                whole = episode.whole()
            except (DataError, OSError):  # the run goes on, and has rewound the file
                continue
            whole.scores = whole.scores or episode.trajectory.scores
            reasons = None
            in_time = time.monotonic() - began < _EXPLAIN_SECONDS
            if source.explainer is not None and explained < _EXPLAINED and in_time:
                whole.scores = whole.scores or source.explainer.scores(whole)
                reasons = source.explainer.explain(whole)
                explained += 1
            references = source.run.references.get(whole.task_key, [])
            key = number, whole.task_key
            if references and key not in teachers:
                teachers[key] = len(shown)
                shown.append(played(references[0]))
            packer.add(
                facts_of(episode, whole, masked)
                | {
                    "run": number,
                    "teacher": teachers.get(key),
                    "differs": _divergence(whole, references),
                    "played": played(whole, decode, reasons),
                }
            )
    names = [source.run.name for source in sources]
    figures = [
        {"id": f.id, "traces": f.traces, "layout": f.layout, "small": f.small} for f in drawn
    ]
    text = packer.end(runs=names, figures=figures, teachers=shown, withoutTokens=without_tokens)
    return Packed(text, _in_words(packer.count, sources), _notes(sources, explained, packer.count))


class _Packer:
    """A JSON object with the list `episodes` and more, packed row by row."""

    def __init__(self) -> None:
        self.count = 0
        self._packer = zlib.compressobj(9, wbits=31)
        self._packed = bytearray(self._packer.compress(b'{"episodes":['))

    @property
    def size(self) -> int:
        """Bytes that are packed already, without those still in the compressor."""
        return len(self._packed)

    def add(self, row: dict[str, Any]) -> None:
        """Pack one more episode."""
        self._write(("," if self.count else "") + _json(row))
        self.count += 1

    def end(self, **more: Any) -> str:
        """The whole object, with the fields beside the episodes, as base64."""
        self._write("]," + _json(more)[1:])
        self._packed += self._packer.flush()
        return base64.b64encode(bytes(self._packed)).decode()

    def _write(self, text: str) -> None:
        self._packed += self._packer.compress(text.encode("utf-8", "replace"))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _in_words(count: int, sources: Sequence[Source]) -> str:
    every = sum(1 for source in sources for _ in source.run)
    told = f"{count:,} of {every:,} episodes are on the page."
    if count < every:
        told += (
            " Tasks that were won before and lost after come first, then errors, then tasks that "
            "were learned; the others are a sample. All figures count all episodes."
        )
    return told


def _notes(sources: Sequence[Source], explained: int, count: int) -> list[str]:
    several = len(sources) > 1
    notes = [
        f"{source.run.name}: {note}" if several else note
        for source in sources
        for note in source.notes
    ]
    if explained and explained < count:
        notes.append(
            f"Scores of the first {explained} episodes are explained; of any other task: "
            f"mentor score {sources[0].run.path} --explain --task ID."
        )
    return notes


def _divergence(whole: Trajectory, references: Sequence[Trajectory]) -> int | None:
    """The first turn, counted from 1, whose calls differ from the reference's."""
    return next(iter(imitation_gap([whole], references[:1]).first_divergence), None)
