"""TransformersPolicy: rollouts with a `transformers` model, batched continuously.

The key-value cache is kept during the whole episode: a tool's result is appended as a chunk. A
prompt that several episodes share is encoded once, and so is the beginning that all prompts share
(system message and tools). Finished episodes give their row to waiting ones. Every episode has its
own random numbers. So the same seed gives the same episode, independent of the batch, up to
floating-point ties.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from pydantic import Field, PrivateAttr

from mentor_core.contracts.policy import (
    Generation,
    Interrupted,
    Limits,
    Sampling,
    Session,
    Student,
    never,
)
from mentor_core.support.errors import ModelError
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

    ways: ClassVar[frozenset[str]] = frozenset(
        {"max_batch_size", "refill", "prefill_tokens", "block"}
    )

    max_batch_size: int = Field(128, ge=1, description="most episodes in the batch at a time")
    refill: float = Field(
        0.25, ge=0, le=1, description="share of idle rows at which waiting ones are let in"
    )
    prefill_tokens: int = Field(16_384, ge=1, description="most tokens encoded in one forward pass")
    block: int | None = Field(
        None,
        ge=1,
        description="tokens decoded between two looks at them; unset: 1 on a CPU, 8 on a GPU, "
        "which need not wait for the host in between",
    )

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
    def poll(self, interrupted: Interrupted = never) -> list[Generation]:
        while True:
            finished = self._admit() if self._should_admit() else []
            running = [i for i, row in enumerate(self._live) if row.limit]
            if running and not finished:
                finished = self._decode(running)
            # If nothing is running, sessions may still wait for a row to become free.
            if finished or not running or interrupted():
                return finished

    @property
    def _steps(self) -> int:
        return self.block or (1 if self._device.type == "cpu" else 8)

    @property
    def _device(self) -> torch.device:
        device: torch.device = self._student.model.device
        return device

    def _should_admit(self) -> bool:
        idle = sum(not row.limit for row in self._live)
        free = self.max_batch_size - len(self._live)
        ready = sum(s.handle is not None for s in self._queue)
        fresh = min(len(self._queue) - ready, free)
        if not ready and not fresh:
            return False
        running = len(self._live) - idle
        return running == 0 or ready + fresh >= self.refill * (len(self._live) + fresh)

    # Letting turns in ----------------------------------------------------------------------

    def _admit(self) -> list[Generation]:
        """Encode the tokens of waiting sessions that the cache lacks, and start their turns."""
        refused, starting, waiting = [], [], []
        for session in self._queue:
            limit = self.turn_limit(session)
            if limit <= 0:
                refused.append(self.overlong(session))
            elif session.handle is None and len(self._live) >= self.max_batch_size:
                waiting.append(session)
            else:
                starting.append(self._start(session, limit))
        self._queue = waiting
        self._share_prompts([row for row in starting if row.cached == 0])
        finished = []
        for batch in self._batches(starting):
            logits = self._extend(batch)
            finished += self._first(batch, logits)
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
        row.uniforms = torch.rand(self._limits.max_turn_tokens, generator=row.generator).tolist()
        row.started = time.perf_counter()
        return row

    def _share_prompts(self, rows: Sequence[_Row]) -> None:
        """Encode shared tokens once: the whole record within a group, else the shared start.

        A record is more than a prompt if an episode begins with replayed turns. The last token is
        left for `_extend`, which needs its logits.
        """
        if len(rows) < 2:
            return
        groups: dict[tuple[int, ...], list[_Row]] = {}
        for row in rows:
            record = tokens(row.session)
            groups.setdefault(tuple((record.prompt + record.completion)[:-1]), []).append(row)
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
        """Encode the missing tokens; returns the logits after the last token, [b, V]."""
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
        longest = max(row.cached for row in rows) + width
        positions, mask = self._cache.plan(indices_b, starts_b, width, len(rows), longest)
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
        """The next `block` tokens of every running row.

        Ids stay on the device in between. Tokens sampled after the end of a turn are dropped. Idle
        rows in between are computed too, which costs less than moving the cache. Surplus entries
        lie after a row's last token, and are overwritten when the row goes on.
        """
        device, count = self._device, running[-1] + 1
        live = self._live[:count]
        rows = [live[i] for i in running]
        longest = max(row.cached for row in live)
        steps = max(row.limit - len(row.ids) for row in rows)
        steps = max(1, min(steps, self._steps, self.context_tokens - longest))
        last_b = torch.tensor([row.ids[-1] if row.limit else 0 for row in live], device=device)
        starts_b = torch.tensor([row.cached for row in live], device=device)
        every = None if len(rows) == count else torch.tensor(running, device=device)
        uniforms_sb = torch.tensor(_next_uniforms(rows, steps), device=device)
        sampled = []
        for step, uniforms_b in enumerate(uniforms_sb):
            positions, mask = self._cache.plan(None, starts_b, 1, count, longest + step + 1)
            output = self._student.model(
                input_ids=last_b[:, None],
                attention_mask=mask,
                position_ids=positions,
                past_key_values=self._cache,
                use_cache=True,
                logits_to_keep=1,
            )
            logits = output.logits[:, -1] if every is None else output.logits[every, -1]
            ids_b, logprobs_b = sample(logits, uniforms_b, self._sampling)
            sampled.append((ids_b, logprobs_b))
            last_b = ids_b if every is None else last_b.index_copy(0, every, ids_b)
            starts_b = starts_b + 1
        ids_bs = torch.stack([ids for ids, _ in sampled], dim=1).tolist()
        logprobs_bs = torch.stack([logprobs for _, logprobs in sampled], dim=1).tolist()
        finished = []
        for row, ids, logprobs in zip(rows, ids_bs, logprobs_bs, strict=True):
            before = len(row.ids)
            finished += self._take(row, ids, logprobs)
            row.cached += len(row.ids) - before
        return finished

    def _first(self, rows: Sequence[_Row], logits_bV: torch.Tensor) -> list[Generation]:
        """Sample the first token of each row's turn; returns the turns that end with this token."""
        (uniforms,) = _next_uniforms(rows, 1)
        uniforms_b = torch.tensor(uniforms, device=logits_bV.device)
        ids_b, logprobs_b = sample(logits_bV, uniforms_b, self._sampling)
        sampled = zip(rows, ids_b.tolist(), logprobs_b.tolist(), strict=True)
        return [turn for row, id_, logprob in sampled for turn in self._take(row, [id_], [logprob])]

    def _take(self, row: _Row, ids: Sequence[int], logprobs: Sequence[float]) -> list[Generation]:
        """Add sampled tokens to a turn, up to its end; returns the turn if the end is reached."""
        for token, logprob in zip(ids, logprobs, strict=True):
            row.ids.append(token)
            row.logprobs.append(logprob)
            if token in self._chat.end_ids or len(row.ids) >= row.limit:
                row.limit = 0
                seconds = time.perf_counter() - row.started
                return [self.finish(row.session, row.ids, row.logprobs, seconds)]
        return []


def _next_uniforms(rows: Sequence[_Row], steps: int) -> list[list[float]]:
    """The next random numbers of each row, [s, b]; 0 after the last number of a turn."""
    return [
        [
            row.uniforms[at] if (at := len(row.ids) + step) < len(row.uniforms) else 0.0
            for row in rows
        ]
        for step in range(steps)
    ]


def _shared_length(prompts: Sequence[tuple[int, ...]]) -> int:
    """How many tokens all prompts begin with: as many as the first and the last in order."""
    first, last = min(prompts), max(prompts)
    pairs = enumerate(zip(first, last, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(first), len(last)))


def _unsupported(config: object) -> str | None:
    """The part of a model's architecture that the cache does not support; None if there is none."""
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    if kinds != {"full_attention"}:
        return ", ".join(sorted(kinds - {"full_attention"})).replace("_", " ")
    if getattr(config, "layer_types", None) is None and getattr(config, "sliding_window", None):
        return "sliding attention"
    if getattr(config, "is_encoder_decoder", False):
        return "an encoder"
    return None
