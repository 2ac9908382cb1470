"""References: the teacher's trajectories, verified, by task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.parsing import CallParser, HermesParser
from mentor_core.contracts.source import TrajectorySource
from mentor_core.contracts.task import Task, TaskKey
from mentor_core.contracts.trajectory import Trajectory, Turn
from mentor_core.support.errors import PluginError, bounded
from mentor_toolkit.scripts import replay, said_in

__all__ = ["References", "Refused", "find_references", "replayed_in", "verified"]

Replay = Callable[[Trajectory], Trajectory]
"""Plays a trajectory again; raises `Refused` if the result differs."""


class Refused(Exception):
    """A trajectory is no reference; says why, in the same words for all trajectories of a kind.

    Args:
        example: details of this trajectory.
    """

    def __init__(self, why: str, example: str = "") -> None:
        super().__init__(why)
        self.example = example


@dataclass(frozen=True, slots=True)
class References:
    """Verified reference trajectories.

    Attributes:
        of: task → its references; tasks without references are left out.
        refused: reason → number of references that were not used.
        trusted: environment → number of used references that could not be replayed.
        examples: reason → details of the first reference that was not used.
    """

    of: dict[TaskKey, list[Trajectory]]
    refused: dict[str, int]
    trusted: dict[str, int] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)

    def joined(self, others: References) -> References:
        """These references, and another environment's."""
        return References(
            {**self.of, **others.of},
            dict(Counter(self.refused) + Counter(others.refused)),
            dict(Counter(self.trusted) + Counter(others.trusted)),
            {**others.examples, **self.examples},
        )

    def only(self, tasks: Iterable[Task]) -> References:
        """The references of some tasks."""
        return replace(
            self, of={task.key: self.of[task.key] for task in tasks if task.key in self.of}
        )

    def get(self, task: Task) -> list[Trajectory]:
        """The references of a task; [] if there are none."""
        return self.of.get(task.key, [])

    def notes(self) -> list[str]:
        """Notes for the user; [] if all references were verified and used."""
        return (
            [
                f"{count} reference(s) not used: {self._explained(why)}"
                for why, count in self.refused.items()
            ]
            + [
                f"{count} reference(s) of {env} taken on trust: they cannot be replayed"
                for env, count in self.trusted.items()
            ]
            + self._costs()
        )

    def _costs(self) -> list[str]:
        """The cost of collecting the references, as far as recorded."""
        noted = [
            reference.provenance
            for several in self.of.values()
            for reference in several
            if reference.provenance is not None and reference.provenance.usage is not None
        ]
        if not noted:
            return []
        usages = [provenance.usage for provenance in noted if provenance.usage is not None]
        costs = [provenance.cost for provenance in noted if provenance.cost is not None]
        tokens = sum(usage.prompt_tokens + usage.completion_tokens for usage in usages)
        return [
            f"{len(noted)} references of {len(self.of)} tasks took "
            f"{sum(usage.requests for usage in usages)} requests and {tokens:,} tokens of a "
            "teacher" + (f", ${sum(costs):.4f}" if costs else "")
        ]

    @property
    def reasons(self) -> str:
        """The reasons why references were not used, in one line; empty if all were."""
        return ", ".join(f"{n} {self._explained(why)}" for why, n in self.refused.items())

    def _explained(self, why: str) -> str:
        return f"{why} (the first: {self.examples[why]})" if why in self.examples else why


def find_references(source: TrajectorySource, tasks: Sequence[Task], env: ToolEnv) -> References:
    """Ask a source about one environment, and keep what `verified` keeps."""
    found = source.find(tasks, env)
    offered = {(env.name, task_id): trajectories for task_id, trajectories in found.items()}
    if source.plays:
        return verified(offered, lambda trajectory: trajectory)
    return verified(offered, replayed_in(env, tasks))


def verified(
    found: Mapping[TaskKey, Iterable[Trajectory]], replay: Replay | None = None
) -> References:
    """Keep only references that solve their task, and whose replay has the same result.

    Args:
        found: task → trajectories offered as references.
        replay: plays a trajectory again; None: trajectories are taken on trust, and counted.
    """
    kept: dict[TaskKey, list[Trajectory]] = {}
    refused: Counter[str] = Counter()
    trusted: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for key, trajectories in found.items():
        for trajectory in trajectories:
            try:
                _check_claim(trajectory, key)
                reference = replay(trajectory) if replay else trajectory
            except Refused as error:
                refused[str(error)] += 1
                if error.example:
                    examples.setdefault(str(error), error.example)
            else:
                kept.setdefault(key, []).append(reference)
                trusted[reference.env] += replay is None
    return References(kept, dict(refused), dict(+trusted), examples)


def replayed_in(env: ToolEnv, tasks: Iterable[Task]) -> Replay | None:
    """A function that replays trajectories in an environment; None if the environment cannot.

    Args:
        tasks: the tasks that trajectories may be of.
    """
    known = {task.key: task for task in tasks}

    def check(saved: Trajectory) -> Trajectory:
        task = known.get(saved.task_key)
        if task is None:
            raise Refused("of another task")
        for turn in saved.turns:
            for parser in (env.parser, HermesParser()):
                _check_text(turn, parser, task)
        try:
            played = replay(env, task, saved)
        except PluginError as error:
            raise Refused("the replay failed", str(error)) from error
        _check_same(saved, played)
        return played

    return check if env.replayable else None


def _check_claim(trajectory: Trajectory, key: TaskKey) -> None:
    """Check that a trajectory claims to solve the task.

    Raises:
        Refused: the trajectory does not.
    """
    if trajectory.task_key != key:
        raise Refused("of another task")
    if trajectory.end == "error":
        raise Refused("the episode broke", f"task {trajectory.task_id!r}: {trajectory.error}")
    if trajectory.outcome is None:
        raise Refused("outcome not verified")
    if trajectory.outcome != 1.0:
        raise Refused("outcome wrong")


def _check_text(turn: Turn, parser: CallParser, task: Task) -> None:
    """Check that a turn's text has the turn's calls, if the parser finds any there."""
    read = [(call.name, call.arguments) for call in parser.parse(said_in(turn.text)).calls]
    if read and read != [(call.name, call.arguments) for call in turn.calls]:
        raise Refused("a turn's text has other calls", f"task {task.id!r}: {turn.text!r}")


def _check_same(saved: Trajectory, played: Trajectory) -> None:
    """Check that an episode has the saved results; fields that were not saved cannot differ.

    Raises:
        Refused: a result differs; the example names the difference.
    """

    def compare(what: str, before: object, now: object, where: str = "") -> None:
        if before != now:
            found, expected = (bounded(repr(value), 80) for value in (now, before))
            example = f"task {saved.task_id!r}{where}: {found} and not {expected}"
            raise Refused(f"{what} when replayed", example)

    asked, asks = (
        [message["content"] for message in trajectory.prompt if message["role"] == "user"]
        for trajectory in (saved, played)
    )
    if saved.prompt:
        compare("another prompt", asked, asks)
    if saved.tools:
        compare("other tools", sorted(saved.tools), sorted(played.tools))
    for number, (before, now) in enumerate(zip(saved.turns, played.turns, strict=False), 1):
        where = f", turn {number}"
        for made, again in zip(before.calls, now.calls, strict=False):
            what = f"{where}, {made.name}"
            compare("other results", made.result, again.result, what)
            compare("other results", made.failure, again.failure, what)
        compare("other calls", _without_keys(before), _without_keys(now), where)
        if before.observation:
            compare("other results", _shown(before), _shown(now), where)
    compare("another number of turns", len(saved.turns), len(played.turns))
    compare("another end", saved.end, played.end)
    compare("another answer", saved.answer, played.answer)
    compare("another outcome", saved.outcome, played.outcome)


def _without_keys(turn: Turn) -> list[object]:
    return [replace(call, key=None) for call in turn.calls]


def _shown(turn: Turn) -> list[object]:
    """The messages to the policy, except complaints about unreadable turns."""
    return [message for message in turn.observation if message.get("name", turn) != ""]
