"""TransformersPolicy: rollouts with a `transformers` model, batched continuously.

The key-value cache lives as long as the episode: what a tool returns is appended as a chunk.
A prompt that several episodes share is encoded once, and so is the beginning that all prompts
share (system message and tools). Finished episodes give their row to waiting ones. Every
episode draws from its own random numbers, so that the same seed gives the same episode
whatever else is in the batch, up to floating-point ties.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from pydantic import Field, PrivateAttr

from mentor_core.errors import ModelError
from mentor_core.policy import Generation, Limits, Sampling, Session, Student
from mentor_plugins.policies.cache import EpisodeCache
from mentor_plugins.policies.sampling import sample
from mentor_plugins.policies.tokens import TokenPolicy, tokens

__all__ = ["TransformersPolicy"]


@dataclass(slots=True, eq=False)
class _Row:
    """An episode's row of the cache.

    Attributes:
        cached: number of tokens whose keys and values are in the cache.
        ids, logprobs: the turn as sampled so far.
        limit: most tokens of the turn; 0 while the row is idle.
        uniforms: random numbers in [0, 1) of the turn.
    """

    session: Session
    index: int
    cached: int = 0
    ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    limit: int = 0
    uniforms: list[float] = field(default_factory=list)
    generator: torch.Generator = field(default_factory=torch.Generator)
    started: float = 0.0


class TransformersPolicy(TokenPolicy):
    """Continuously batched sampling from a decoder with full attention."""

    rows: int = Field(128, ge=1, description="most episodes in the batch at a time")
    refill: float = Field(
        0.25, ge=0, le=1, description="share of idle rows at which waiting ones are let in"
    )
    prefill_tokens: int = Field(16_384, ge=1, description="most tokens encoded in one forward pass")

    _cache: EpisodeCache = PrivateAttr(default_factory=EpisodeCache)
    _live: list[_Row] = PrivateAttr(default_factory=list)  # index = row of the cache
    _queue: list[Session] = PrivateAttr(default_factory=list)

    def prepare(self, student: Student | None, sampling: Sampling, limits: Limits) -> None:
        super().prepare(student, sampling, limits)
        unsupported = _unsupported(self._student.model.config)
        if unsupported:
            raise ModelError(
                f"the transformers policy cannot keep the cache of a model with {unsupported}; "
                "use --set policy=generate"
            )
        self._cache, self._live, self._queue = EpisodeCache(), [], []

    def submit(self, session: Session) -> None:
        self._queue.append(session)

    def close(self, session: Session) -> None:
        row = session.handle
        if row is None:
            return
        moved = self._live.pop()
        if moved is not row:  # rows in use stay next to each other: the last one moves here
            target = torch.tensor([row.index], device=self._device)
            self._cache.copy(moved.index, target, moved.cached)
            moved.index, self._live[row.index] = row.index, moved
        session.handle = None

    @torch.no_grad()
    def poll(self) -> list[Generation]:
        while True:
            finished = self._admit() if self._should_admit() else []
            running = [i for i, row in enumerate(self._live) if row.limit]
            if running and not finished:
                finished = self._decode(running)
            if finished or not running:  # sessions may still wait for a row to become free
                return finished

    @property
    def _device(self) -> torch.device:
        device: torch.device = self._student.model.device
        return device

    def _should_admit(self) -> bool:
        idle = sum(not row.limit for row in self._live)
        free = self.rows - len(self._live)
        ready = sum(s.handle is not None for s in self._queue)
        fresh = min(len(self._queue) - ready, free)
        if not ready and not fresh:
            return False
        running = len(self._live) - idle
        return running == 0 or ready + fresh >= self.refill * (len(self._live) + fresh)

    # Letting turns in ----------------------------------------------------------------------

    def _admit(self) -> list[Generation]:
        """Encode what the waiting sessions have that the cache has not, and start their turns."""
        refused, starting, waiting = [], [], []
        for session in self._queue:
            limit = self.turn_limit(session)
            if limit <= 0:
                refused.append(self.overlong(session))
            elif session.handle is None and len(self._live) >= self.rows:
                waiting.append(session)
            else:
                starting.append(self._start(session, limit))
        self._queue = waiting
        self._share_prompts([row for row in starting if row.cached == 0])
        finished = []
        for batch in self._batches(starting):
            logits = self._extend(batch)
            finished += self._take(batch, logits)
        return refused + finished

    def _start(self, session: Session, limit: int) -> _Row:
        row: _Row | None = session.handle
        if row is None:
            generator = torch.Generator().manual_seed(session.seed)
            row = _Row(session, len(self._live), generator=generator)
            session.handle = row
            self._live.append(row)
        row.ids, row.logprobs, row.limit = [], [], limit
        # The same numbers whatever the limit: a turn draws in blocks of a fixed size.
        row.uniforms = torch.rand(self._limits.turn_tokens, generator=row.generator).tolist()
        row.started = time.perf_counter()
        return row

    def _share_prompts(self, rows: Sequence[_Row]) -> None:
        """Encode what prompts have in common once: all of it within a group, the start else.

        The last token is left for `_extend`, which needs its logits.
        """
        if len(rows) < 2:
            return
        groups: dict[tuple[int, ...], list[_Row]] = {}
        for row in rows:
            groups.setdefault(tuple(tokens(row.session).prompt[:-1]), []).append(row)
        prompts = list(groups)
        shared = _shared_length(prompts)
        first = groups[prompts[0]][0]
        if len(prompts) > 1 and shared:
            self._forward([first], [list(prompts[0][:shared])], keep_logits=False)
            self._copy(first, [members[0] for members in groups.values()], shared)
        leaders = [members[0] for members in groups.values()]
        for batch in self._batches(leaders, spare=1):
            self._forward(batch, [self._missing(row)[:-1] for row in batch], keep_logits=False)
        for leader, *others in groups.values():
            self._copy(leader, others, leader.cached)

    def _copy(self, source: _Row, targets: Sequence[_Row], length: int) -> None:
        indices = [row.index for row in targets if row is not source]
        if indices and length:
            self._cache.copy(source.index, torch.tensor(indices, device=self._device), length)
        for row in targets:
            row.cached = length

    def _missing(self, row: _Row) -> list[int]:
        record = tokens(row.session)
        if row.cached < len(record.prompt):
            return record.prompt[row.cached :] + record.completion
        return record.completion[row.cached - len(record.prompt) :]

    def _batches(self, rows: Sequence[_Row], spare: int = 0) -> list[list[_Row]]:
        """Rows in batches of similar length, of at most `prefill_tokens` padded tokens."""
        batches: list[list[_Row]] = []
        width = 0
        sized = [(len(self._missing(row)) - spare, row) for row in rows]
        for size, row in sorted((pair for pair in sized if pair[0] > 0), key=lambda p: p[0]):
            width = max(width, size)
            if not batches or (len(batches[-1]) + 1) * width > self.prefill_tokens:
                batches.append([])
                width = size
            batches[-1].append(row)
        return batches

    def _extend(self, rows: Sequence[_Row]) -> torch.Tensor:
        """Encode what is missing; the logits after the last token, [b, V]."""
        logits = self._forward(rows, [self._missing(row) for row in rows])
        if logits is None:
            raise RuntimeError("no logits were kept")
        return logits

    def _forward(
        self, rows: Sequence[_Row], chunks: Sequence[list[int]], keep_logits: bool = True
    ) -> torch.Tensor | None:
        device, width = self._device, max(map(len, chunks))
        if not width:
            return None
        self._cache.reserve(len(self._live), 0)
        padded = [chunk + [0] * (width - len(chunk)) for chunk in chunks]
        starts_b = torch.tensor([row.cached for row in rows], device=device)
        indices_b = torch.tensor([row.index for row in rows], device=device)
        positions, mask = self._cache.plan(indices_b, starts_b, width, len(rows))
        lasts_b = torch.tensor([max(len(chunk) - 1, 0) for chunk in chunks], device=device)
        kept, which_b = torch.unique(lasts_b, return_inverse=True)
        output = self._student.model(
            input_ids=torch.tensor(padded, device=device),
            attention_mask=mask,
            position_ids=positions,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=kept if keep_logits else kept[:1],
        )
        for row, chunk in zip(rows, chunks, strict=True):
            row.cached += len(chunk)
        if not keep_logits:
            return None
        logits: torch.Tensor = output.logits[torch.arange(len(rows), device=device), which_b]
        return logits

    # Decoding ------------------------------------------------------------------------------

    def _decode(self, running: Sequence[int]) -> list[Generation]:
        """One token for every running row.

        Idle rows in between are computed along, which costs less than moving the cache: what
        they write lies behind their last token and is written over when they go on.
        """
        device = self._device
        count = running[-1] + 1
        last_b = [row.ids[-1] if row.limit else 0 for row in self._live[:count]]
        starts_b = torch.tensor([row.cached for row in self._live[:count]], device=device)
        positions, mask = self._cache.plan(None, starts_b, 1, count)
        output = self._student.model(
            input_ids=torch.tensor(last_b, device=device)[:, None],
            attention_mask=mask,
            position_ids=positions,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        )
        rows = [self._live[i] for i in running]
        for row in rows:
            row.cached += 1
        logits = output.logits[:, -1]
        if len(running) < count:
            logits = logits[torch.tensor(running, device=device)]
        return self._take(rows, logits)

    def _take(self, rows: Sequence[_Row], logits_bV: torch.Tensor) -> list[Generation]:
        """Sample the next token of each row; the turns that end with it."""
        uniforms = [row.uniforms[len(row.ids)] for row in rows]
        uniforms_b = torch.tensor(uniforms, device=logits_bV.device)
        ids_b, logprobs_b = sample(logits_bV, uniforms_b, self._sampling)
        finished = []
        for row, token, logprob in zip(rows, ids_b.tolist(), logprobs_b.tolist(), strict=True):
            row.ids.append(token)
            row.logprobs.append(logprob)
            if token in self._chat.end_ids or len(row.ids) >= row.limit:
                row.limit = 0
                seconds = time.perf_counter() - row.started
                finished.append(self.finish(row.session, row.ids, row.logprobs, seconds))
        return finished


def _shared_length(prompts: Sequence[tuple[int, ...]]) -> int:
    """How many tokens all prompts begin with: as many as the first and the last in order."""
    first, last = min(prompts), max(prompts)
    pairs = enumerate(zip(first, last, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(first), len(last)))


def _unsupported(config: object) -> str | None:
    """What of a model's architecture the cache cannot hold; None where it can."""
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    if kinds != {"full_attention"}:
        return ", ".join(sorted(kinds - {"full_attention"})).replace("_", " ")
    if getattr(config, "layer_types", None) is None and getattr(config, "sliding_window", None):
        return "sliding attention"
    if getattr(config, "is_encoder_decoder", False):
        return "an encoder"
    return None
