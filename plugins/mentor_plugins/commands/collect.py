"""Collector: lets a teacher attempt tasks, round by round, and stores each attempt.

    tasks ──▶ attempts that the store lacks ──▶ teacher ──▶ replay ──▶ store ──▶ next round

A round has at most one attempt a task. The next attempt is made only if the task still needs one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime

from rich.console import Console

from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.policy import Policy, Sampling, Student
from mentor_core.contracts.provenance import Provenance
from mentor_core.contracts.task import Split, Task, TaskKey
from mentor_core.contracts.teacher import Attempt, Teacher
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.play.rollout import Start, episode_seed
from mentor_core.support.errors import MentorError
from mentor_plugins.models.formats import match_player
from mentor_plugins.teacher_store.ledger import Ledger
from mentor_plugins.teacher_store.store import Stored, TeacherStore, Verdict, fingerprint, task_hash
from mentor_runs.assembly.parts import Parts
from mentor_runs.assembly.references import replayed_in, verified
from mentor_toolkit.progress_bar import Bar, bar

__all__ = ["Collector", "Wanted", "verdict_on"]


_AT_ONCE = 1024  # episodes of one rollout


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much is to be collected.

    Attributes:
        samples: verified attempts that end the work on a task.
        attempts: most attempts at a task.
        temperatures: one for the first attempt, one for the second and so on; the last one repeats.
        shard, shards: every `shards`-th task is taken, beginning with number `shard`, from 0.
    """

    split: Split = "train"
    count: int | None = None
    samples: int = 1
    attempts: int = 4
    temperatures: tuple[float, ...] = (0.0, 0.7, 1.0)
    shard: int = 0
    shards: int = 1


@dataclass(slots=True)
class _Course:
    """A task that is worked on.

    Attributes:
        hashed: hash of the task's content.
        asked: hash of the opening messages and the tools.
        verified: attempts that count.
    """

    task: Task
    hashed: str
    asked: str
    verified: int = 0


@dataclass(slots=True)
class Tally:
    """The result of a collection.

    Attributes:
        tasks, complete: tasks worked on; tasks with all the attempts that were wanted.
        before: attempts that the store had.
        verdicts: verdict → attempts made now.
        reasons: why attempts were refused or broke → how many; `examples`: the first of each.
    """

    tasks: int = 0
    complete: int = 0
    before: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    broken: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)


class Collector:
    """Fills a store with one teacher's attempts; the teacher's `Classroom`.

    Args:
        parts: the run's parts, for their environments and limits.
        name: the teacher's registered name.
        log: the ledger of the requests.

    Attributes:
        tally: the result so far.
    """

    def __init__(
        self,
        parts: Parts,
        teacher: Teacher,
        name: str,
        store: TeacherStore,
        log: Ledger,
        wanted: Wanted,
        console: Console,
    ) -> None:
        self.parts, self.teacher, self.name, self.store = parts, teacher, name, store
        self.log, self.wanted, self.console = log, wanted, console
        self.tally = Tally()
        self._courses: dict[TaskKey, _Course] = {}
        self._keys: dict[tuple[TaskKey, int], str] = {}
        self._envs: dict[str, ToolEnv] = {}
        self._noted = False
        self._bar: Bar

    def collect(self) -> Tally:
        """Do all the work that the budget allows.

        Raises:
            MentorError: the teacher cannot be asked, or the store cannot be written.
        """
        self._begin()
        console = Console(quiet=True) if self.teacher.interactive else self.console
        with bar(console, self.name, len(self._courses), self.tally.complete) as self._bar:
            try:
                for number in range(self.wanted.attempts if self.teacher.repeats else 1):
                    self.log.check()
                    attempts = self._round(number)
                    if attempts:
                        self.teacher.attempt(attempts, self)
            except MentorError:
                if self.log.stopped is None:
                    raise
        return self.tally

    def env(self, name: str) -> ToolEnv:
        if name not in self._envs:
            self._envs[name] = self.parts.domains[name].make_env()
        return self._envs[name]

    def keep(self, attempt: Attempt, trajectory: Trajectory) -> None:
        course = self._courses[attempt.task.key]
        if trajectory.end == "error":
            self._broke(attempt, trajectory)
            return
        made = self._provided(trajectory, course)
        verdict, why, example = verdict_on(made, attempt.task, self.parts.domains[made.env].env)
        self.store.add(
            [
                Stored(
                    self._keys[attempt.task.key, attempt.number],
                    course.hashed,
                    attempt.task.split,
                    self.log.teacher,
                    attempt.number,
                    verdict,
                    why,
                    example,
                    made,
                )
            ]
        )
        self.tally.verdicts[verdict] += 1
        if verdict == "refused":
            self.tally.reasons[why] += 1
            self.tally.examples.setdefault(why, example)
        else:
            course.verified += 1
        complete = verdict != "refused" and course.verified == self.wanted.samples
        self.tally.complete += complete
        self._show(steps=int(complete))
        if self.teacher.provenance().server is None:  # servers' episodes end by themselves
            self.log.check()

    def play(
        self, policy: Policy, attempts: Sequence[Attempt], student: Student | None = None
    ) -> None:
        for note in match_player(self.parts.envs, policy, student) if not self._noted else ():
            self._bar.say(f"note: {note}")
        self._noted = True
        sampling = Sampling(attempts[0].temperature)
        policy.prepare(student, sampling, self.parts.limits)
        who = self.teacher.provenance()
        who = replace(who, player=self.name, sampling=asdict(sampling) | who.sampling)
        rollout = self.parts.rollout(policy, self.parts.executor(), who)
        by_seed = {attempt.seed: attempt for attempt in attempts}

        def ended(trajectory: Trajectory) -> None:
            played = replace(trajectory, tokens=None, group=None)
            self.keep(by_seed[trajectory.seed or 0], played)

        starts = [Start(attempt.task, attempt.seed) for attempt in attempts]
        try:
            for first in range(0, len(starts), _AT_ONCE):  # a rollout keeps all until it ends
                rollout.run(starts[first : first + _AT_ONCE], ended)
        finally:
            rollout.close()

    def _begin(self) -> None:
        """Find the tasks, and the attempts that the store has already."""
        self.parts.check_splits([self.wanted.split])
        for domain in self.parts.domains.values():
            tasks = domain.tasks(self.wanted.split)[: self.wanted.count]
            for task in tasks[self.wanted.shard :: self.wanted.shards]:
                env = self.env(domain.name)
                messages, _ = env.reset(seed=0, options={"task": task})
                asked = fingerprint(messages, env.schemas)
                self._courses[task.key] = _Course(task, task_hash(task), asked)
        for number in range(self.wanted.attempts if self.teacher.repeats else 1):
            for key, course in self._courses.items():
                self._keys[key, number] = self._key(course, number)
        found = self.store.verdicts(list(self._keys.values()))
        for (key, _), hashed in self._keys.items():
            if hashed in found:
                self.tally.before += 1
                self._courses[key].verified += found[hashed] != "refused"
        self._stored = set(found)
        self.tally.tasks = len(self._courses)
        self.tally.complete = sum(
            course.verified >= self.wanted.samples for course in self._courses.values()
        )

    def _round(self, number: int) -> list[Attempt]:
        return [
            Attempt(course.task, number, self._seed(course, number), self._temperature(number))
            for key, course in self._courses.items()
            if course.verified < self.wanted.samples and self._keys[key, number] not in self._stored
        ]

    def _key(self, course: _Course, number: int) -> str:
        rollout = self.parts.config.rollout
        return fingerprint(
            course.hashed,
            course.asked,
            self.log.teacher,
            self._temperature(number) if self.teacher.repeats else 0.0,
            self._seed(course, number),
            [rollout.max_turns, rollout.max_turn_tokens, rollout.max_episode_tokens],
        )

    def _seed(self, course: _Course, number: int) -> int:
        return episode_seed("teach", self.parts.config.seed, *course.task.key, number)

    def _temperature(self, number: int) -> float:
        schedule = self.wanted.temperatures
        return schedule[min(number, len(schedule) - 1)]

    def _provided(self, played: Trajectory, course: _Course) -> Trajectory:
        """The trajectory with its provenance; an imported trajectory keeps its own."""
        made = played.provenance
        if made is None:  # no policy played it
            now = datetime.now(UTC).isoformat(timespec="seconds")
            made = Provenance(self.name, made_at=now, seconds=played.seconds)
        elif played.usage is not None:
            cost = self.log.prices.cost(played.usage)
            made = replace(made, model=played.usage.model or made.model, cost=cost)
        made = replace(made, prompt_version=made.prompt_version or course.asked[:16])
        source = played.source if played.source == "expert" else "teacher"
        return replace(played, source=source, provenance=made)

    def _broke(self, attempt: Attempt, trajectory: Trajectory) -> None:
        if self.log.stopped is None:  # else it broke because nothing more may be asked
            self.tally.broken += 1
            self.tally.reasons["the episode broke"] += 1
            self.tally.examples.setdefault(
                "the episode broke", f"task {attempt.task.id!r}: {trajectory.error}"
            )
        self._show(steps=0)

    def _show(self, steps: int) -> None:
        requests, cost = self.log.spent
        made = sum(self.tally.verdicts.values())
        facts = {
            "verified": str(made - self.tally.verdicts["refused"]),
            "tried": str(made + self.tally.broken),
        }
        if requests:
            facts["requests"] = str(requests)
        if cost is not None:
            facts["spent"] = f"${cost:.4f}"
        self._bar.advance(facts, steps)


def verdict_on(trajectory: Trajectory, task: Task, env: ToolEnv) -> tuple[Verdict, str, str]:
    """The result of an attempt's replay: the verdict, the reason if refused, and an example."""
    found = verified({task.key: [trajectory]}, replayed_in(env, [task]))
    if found.refused:
        (why,) = found.refused
        return "refused", why, found.examples.get(why, "")
    return ("trusted" if found.trusted else "verified"), "", ""
