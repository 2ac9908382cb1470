"""Rollout: plays episodes of a policy in environments, many at a time.

    policy.poll → env.begin → tools → env.finish → policy.observe → policy.submit → …

Generation and tools overlap: while one episode waits for its tools, the policy goes on with the
others. An episode that breaks becomes a trajectory with end "error", and stops no other episode. If
all of the first episodes break in the same way, the rollout stops.
"""

from __future__ import annotations

import hashlib
import math
import re
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from mentor_core.contracts.env import Pending, ToolEnv
from mentor_core.contracts.episode import begun, checked_outcome, reset_seed
from mentor_core.contracts.execution import ToolExecutor, ToolJobs
from mentor_core.contracts.plan import Start
from mentor_core.contracts.policy import Generation, Policy, Session
from mentor_core.contracts.provenance import Provenance
from mentor_core.contracts.trajectory import EndReason, Message, Tokens, Trajectory, Turn
from mentor_core.play.rewriting import rewritten
from mentor_core.support.errors import DataError, RunError, bounded
from mentor_core.support.redaction import hide

__all__ = ["Rollout", "Start", "episode_seed"]


_FIRST = 8
"""Number of first episodes that stop a rollout if all break in the same way."""
_VARYING = re.compile(r"\w*\d\w*")
"""Parts of an error that differ from episode to episode: ids, times, numbers."""


@dataclass(slots=True, eq=False)
class _Episode:
    """An episode that is being played; `deadline` in seconds of `time.perf_counter`.

    Attributes:
        given: turns that are still to be replayed.
        record: token ids of the given turns, if this student wrote them.
        replayed: the recorded turn that is being replayed; None while the policy generates.
    """

    index: int
    env: ToolEnv
    trajectory: Trajectory
    deadline: float = math.inf
    session: Session | None = None
    generation: Generation | None = None
    pending: Pending | None = None
    record: Tokens | None = None
    given: deque[Turn] = field(default_factory=deque)
    replayed: Turn | None = None


class Rollout:
    """Plays episodes; keeps its environments and threads for the next batch.

    Args:
        make_env: makes one environment; called as often as episodes run at a time. With tasks of
            several environments: `Task.env` → such a function.
        policy: see `Policy`; prepared by the caller.
        executor: runs the tools; by default a new one with default limits.
        max_error_share: `run` raises if a larger share of a batch ends in errors. `run` raises at
            once if the first episodes all end in the same error. 1: never.
        episode_seconds: limit on the wall time of an episode, from the start of its first turn; 0:
            no limit. The limit is checked between turns, and while tools run.
        episodes: most open episodes at a time.
        played_by: provenance of every trajectory; time, usage and seconds are added.
    """

    def __init__(
        self,
        make_env: Callable[[], ToolEnv] | Mapping[str, Callable[[], ToolEnv]],
        policy: Policy,
        executor: ToolExecutor | None = None,
        max_error_share: float = 0.5,
        episode_seconds: float = 0.0,
        episodes: int = 256,
        played_by: Provenance | None = None,
    ) -> None:
        self.make_env, self.policy, self.max_error_share = make_env, policy, max_error_share
        self.executor = executor or ToolExecutor()
        self.episode_seconds = episode_seconds or math.inf
        self.episodes, self.played_by = episodes, played_by
        self._free: defaultdict[str, list[ToolEnv]] = defaultdict(list)
        self._first: list[Trajectory] = []
        self._ready: list[Generation] = []

    def run(
        self,
        starts: Sequence[Start],
        on_end: Callable[[Trajectory], None] | None = None,
    ) -> list[Trajectory]:
        """Play the episodes; trajectories come back in the order of `starts`.

        Args:
            starts: the episodes to play.
            on_end: called with each trajectory as it ends.

        Raises:
            RunError: more than `max_error_share` of the episodes broke, or all of the first ones in
                the same way; quotes the first error.
        """
        left = deque(enumerate(starts))
        playing: dict[int, _Episode] = {}
        ended: dict[int, Trajectory] = {}
        waiting: dict[ToolJobs, _Episode] = {}

        def begin() -> None:
            while left and len(playing) < self.episodes:
                index, start = left.popleft()
                playing[index] = episode = self._open(index, start)
                if episode.trajectory.end is not None:
                    end(episode)

        def end(episode: _Episode) -> None:
            ended[episode.index] = episode.trajectory
            del playing[episode.index]
            if episode.session is not None:
                self.policy.close(episode.session)
            self._give_back(episode)
            if self.played_by is not None:
                episode.trajectory.provenance = _now(self.played_by, episode.trajectory)
            if on_end is not None:
                on_end(episode.trajectory)
            self._check_first(episode.trajectory)

        try:
            begin()
            while playing:
                generations, self._ready = self._ready, []
                if not generations:
                    generations = self.policy.poll(lambda: bool(waiting) and self.executor.ready)
                for generation in generations:
                    episode = generation.session.context
                    self._begin(episode, generation)
                    if episode.pending is not None and episode.pending.jobs.calls:
                        waiting[episode.pending.jobs] = episode
                        self.executor.submit(episode.pending.jobs)
                    elif self._finish(episode):
                        end(episode)
                if not generations and not waiting:
                    raise RuntimeError("the policy has nothing to do, and episodes are not over")
                # Wait for tools only if the policy has nothing else to do.
                for jobs in self.executor.collect(timeout=0.0 if generations else None):
                    waited = waiting.pop(jobs, None)  # None: of a run that was interrupted
                    if waited is not None and self._finish(waited):
                        end(waited)
                begin()
        finally:
            self._ready = []
            for episode in playing.values():  # something was raised: they are given up
                if episode.session is not None:
                    self.policy.close(episode.session)
                episode.env.close()
        trajectories = [ended[index] for index in range(len(starts))]
        self._check_errors(trajectories)
        return trajectories

    def close(self) -> None:
        """Close the environments and the executor."""
        for envs in self._free.values():
            for env in envs:
                env.close()
        self._free.clear()
        self.executor.close()

    def _take(self, name: str) -> ToolEnv:
        """A free environment of that name, or a new one."""
        free = self._free[name]
        if free:
            return free.pop()
        return self.make_env[name]() if isinstance(self.make_env, Mapping) else self.make_env()

    def _give_back(self, episode: _Episode) -> None:
        if any(call.failure == "timeout" for call in episode.trajectory.calls):
            episode.env.close()  # the call may still run, and change another episode's state
        else:
            self._free[episode.trajectory.env].append(episode.env)

    def _open(self, index: int, start: Start) -> _Episode:
        env = self._take(start.task.env)
        episode = _Episode(index, env, begun(start.task), given=deque(start.given))
        episode.record = start.prefix.tokens if start.prefix is not None else None
        try:
            messages, _ = env.reset(seed=reset_seed(start.seed), options={"task": start.task})
            episode.trajectory = env.trajectory
            session = self.policy.open(messages, env.schemas, start.seed)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a broken episode is data
            _break(episode, error)
        else:
            session.context, episode.session = episode, session
            episode.trajectory.tokens = session.tokens
            self._next(episode, session)
        episode.trajectory.seed, episode.trajectory.group = start.seed, start.group
        return episode

    def _begin(self, episode: _Episode, generation: Generation) -> None:
        """Take the policy's turn; `episode.pending` is set if the turn goes to the environment."""
        episode.generation, episode.pending = generation, None
        if not episode.trajectory.turns:  # the policy may have let it wait for its first turn
            begun = time.perf_counter() - generation.seconds
            episode.deadline = begun + self.episode_seconds
        if generation.error is not None or not generation.complete:
            return
        try:
            episode.pending = episode.env.begin(generation.text)
            episode.pending.jobs.deadline = episode.deadline
            _note(episode.pending.turn, generation)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a broken episode is data
            _break(episode, error)

    def _finish(self, episode: _Episode) -> bool:
        """Let the environment observe; True if the episode has ended."""
        trajectory, generation = episode.trajectory, episode.generation
        if trajectory.end is not None:
            return True
        if generation is None or episode.session is None:
            raise RuntimeError("an episode finished a turn that it never began")
        try:
            if episode.pending is None:
                self._cut_short(episode, generation)
                return True
            observation, *_ = episode.env.finish(episode.pending)
            if episode.replayed is not None:
                trajectory.replayed += 1
                _check_replay(episode.replayed, trajectory)
            if trajectory.end is not None:
                trajectory.outcome = checked_outcome(trajectory.outcome)
                trajectory.error = hide(trajectory.error) if trajectory.error else None
            elif time.perf_counter() >= episode.deadline:
                trajectory.outcome = checked_outcome(episode.env.stop("time_limit"))
            elif not self._go_on(episode, episode.session, observation):
                trajectory.outcome = checked_outcome(episode.env.stop("token_limit"))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a broken episode is data
            _break(episode, error)
        return trajectory.end is not None

    def _go_on(self, episode: _Episode, session: Session, observation: Sequence[Message]) -> bool:
        if not self.policy.observe(session, observation):
            return False
        self._next(episode, session)
        return True

    def _next(self, episode: _Episode, session: Session) -> None:
        """Start the next turn: a given one, or else the policy's.

        Raises:
            DataError: a given turn cannot be written in the policy's format.
        """
        episode.replayed = None
        if not episode.given:
            self.policy.submit(session)
            return
        turn = episode.replayed = episode.given.popleft()
        if episode.record is not None and turn.span is not None:
            text, ids = turn.text, episode.record.completion[slice(*turn.span)]
        else:
            where = f"turn {len(episode.trajectory.turns) + 1} to begin with"
            text, ids = rewritten(turn, episode.env.parser, where), None
        self._ready.append(self.policy.replay(session, text, turn.calls, ids))

    @staticmethod
    def _cut_short(episode: _Episode, generation: Generation) -> None:
        """End an episode whose policy could not end its turn."""
        trajectory = episode.trajectory
        end: EndReason = "token_limit"
        if generation.error is not None:
            end, trajectory.error = "error", hide(generation.error)
        try:
            trajectory.outcome = checked_outcome(episode.env.stop(end))
        finally:  # the environment sees whole turns only
            if generation.text or generation.span is not None:
                turn = Turn(generation.text, complete=False)
                _note(turn, generation)
                trajectory.turns.append(turn)

    def _check_first(self, ended: Trajectory) -> None:
        """Give up if all of the first episodes have broken in the same way."""
        if len(self._first) >= _FIRST or self.max_error_share == 1:
            return
        self._first.append(ended)
        kinds = {_VARYING.sub("", t.error or "") if t.end == "error" else None for t in self._first}
        if len(kinds) > 1 or None in kinds:
            self._first = [ended] * _FIRST  # not all break
        elif len(self._first) == _FIRST:
            raise RunError(
                f"the first {_FIRST} episodes all broke in the same way; the one on task "
                f"{ended.task_id!r}: {ended.error}"
            )

    def _check_errors(self, trajectories: Sequence[Trajectory]) -> None:
        broken = [t for t in trajectories if t.end == "error"]
        if trajectories and len(broken) > self.max_error_share * len(trajectories):
            raise RunError(
                f"{len(broken)} of {len(trajectories)} episodes broke; the first, on task "
                f"{broken[0].task_id!r}: {broken[0].error}"
            )


def episode_seed(*parts: int | str) -> int:
    """A seed in [0, 2⁶³) that depends on all parts and on nothing else."""
    digest = hashlib.blake2b("\0".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def _check_replay(recorded: Turn, trajectory: Trajectory) -> None:
    """Check that a replayed turn had its recorded results; otherwise later turns are meaningless.

    Raises:
        DataError: the results differ; names turn and difference.
    """
    made = trajectory.turns[-1]
    before, now = (
        [(call.name, call.arguments, call.result, call.failure) for call in turn.calls]
        for turn in (recorded, made)
    )
    if before != now:
        raise DataError(
            f"the replay differs at turn {len(trajectory.turns)}: {bounded(repr(now), 200)} "
            f"and not {bounded(repr(before), 200)}"
        )


def _now(played_by: Provenance, trajectory: Trajectory) -> Provenance:
    return replace(
        played_by,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        usage=trajectory.usage,
        seconds=trajectory.seconds,
    )


def _note(turn: Turn, generation: Generation) -> None:
    turn.complete = generation.complete
    turn.span, turn.seconds = generation.span, generation.seconds
    turn.usage = generation.usage


def _break(episode: _Episode, error: BaseException) -> None:
    trajectory = episode.trajectory
    trajectory.end, trajectory.outcome = "error", None
    trajectory.error = hide(f"{type(error).__name__}: {error}")
