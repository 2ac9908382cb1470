"""ExpertIteration: imitate the teacher, play, imitate verified episodes, and play again.

    references ──▶ imitate ──▶ play ──▶ verified episodes + references ──▶ imitate ──▶ play ──▶ …

Reinforcement learns one small step from an episode and forgets the episode. Here an episode that
solves its task becomes a reference of that task, and is imitated again and again. So success on
tasks that have no reference of the teacher's is learnt from few episodes. A rare success, which
pass@k shows and pass@1 does not, is used in full.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from pydantic import Field

from mentor_core.contracts.policy import Student
from mentor_core.contracts.task import TaskKey
from mentor_core.contracts.trainer import Trained
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.play.rollout import Start, episode_seed
from mentor_core.support.errors import ConfigError
from mentor_plugins.trainers.sft.plugin import Sft
from mentor_plugins.trainers.taught import Row, as_row
from mentor_runs.directory.checkpoint import CHECKPOINT_STATE
from mentor_runs.training import Training

__all__ = ["ExpertIteration"]


class ExpertIteration(Sft):
    """Sft in rounds; before each round but the first, the student plays and its successes join.

    The steps are divided: `first` of all before the student plays, the rest evenly among the
    rounds. The sampler chooses the tasks that are played. Episodes verified with outcome 1 are
    kept, at most `keep` different ones a task and round. One episode each of many tasks teaches
    more than many of few: the successes of a group are mostly of the same tasks.

    Source: expert iteration (Anthony et al., arXiv 1705.08439, section 3). STaR (arXiv 2203.14465,
    section 3.1) and ReST-EM (arXiv 2312.06585, section 3) use the method for language models.
    Different from ReST-EM, each round goes on from the last one's weights, and the teacher's
    references stay among the rows. Outcomes alone choose: other reward terms do not count.
    """

    rounds: int = Field(4, ge=1, description="how often the student plays")
    first: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="share of the steps before the student first plays; not set: as in a round",
    )
    episodes: int = Field(2560, ge=1, description="episodes that the student plays in all")
    samples: int = Field(1, ge=1, description="episodes of a task in a round")
    keep: int = Field(2, ge=1, description="most verified episodes of a task to keep in a round")

    def check(self, config: Any, processes: int) -> None:
        super().check(config, processes)
        if self.episodes // self.rounds < self.samples * processes:
            raise ConfigError(
                f"trainer expert_iteration: {self.episodes} episodes in {self.rounds} rounds are "
                f"fewer than {self.samples} for each of {processes} process(es); set more episodes "
                "or fewer rounds"
            )
        if config.rollout.temperature == 0 and self.samples > 1:
            raise ConfigError(
                "trainer expert_iteration: rollout.temperature=0 is greedy, and plays a task's "
                "episodes all alike; set rollout.temperature above 0"
            )

    def train(self, training: Training) -> Trained:
        """Imitate, then play and imitate in each round.

        Raises:
            ConfigError: fewer steps than rounds, or no reference that the format can hold.
        """
        bounds = self.bounds(training.steps)
        references = self.rows(training)
        own: list[Row] = []
        trainer = self.trainer(training, references)
        trainer.state_json = lambda: json.dumps({"own": own})
        done, folder = training.done, training.checkpoint[0] if training.checkpoint else None
        if folder:
            state = json.loads((folder / CHECKPOINT_STATE).read_text(encoding="utf-8"))
            own += state["own"]
            trainer.load(folder)
        for number, (first, last) in enumerate(pairwise(bounds)):
            if last <= done:
                continue
            going_on = first < done
            if number and not going_on:
                own += self._play(training, trainer, number, first)
            trainer.imitate(references + own, first, last, folder if going_on else None)
            done = int(trainer.state.global_step)
            if done < last:
                break
        return Trained(self.trained(training, trainer), done)

    def bounds(self, steps: int) -> list[int]:
        """The first step of each imitation, and the end of the last one: [rounds + 2].

        Raises:
            ConfigError: an imitation would have no steps.
        """
        first = round(steps * (self.first or 1 / (self.rounds + 1)))
        bounds = [0, *(first + (steps - first) * n // self.rounds for n in range(self.rounds + 1))]
        if any(last <= begin for begin, last in pairwise(bounds)):
            raise ConfigError(
                f"trainer expert_iteration: {steps} steps are too few for an imitation and "
                f"{self.rounds} rounds; set more steps, or fewer trainer_options.rounds"
            )
        return bounds

    def _play(self, training: Training, trainer: Any, number: int, step: int) -> list[Row]:
        """Play one round's episodes; returns the rows of the kept episodes of all processes."""
        from accelerate.utils import gather_object

        config, accelerator = training.parts.config, trainer.accelerator
        processes = accelerator.num_processes
        tasks_N = self.episodes // self.rounds // self.samples // processes * processes
        tasks = training.parts.sampler.choose((number - 1) * tasks_N, tasks_N)
        share = tasks_N // processes
        first = accelerator.process_index * share
        starts = [
            Start(task, episode_seed("play", config.seed, number, index, sample), index)
            for index, task in enumerate(tasks[first : first + share], first)
            for sample in range(self.samples)
        ]
        with trainer.for_generation() as model:
            student: Student = replace(training.student, model=model)
            training.policy.prepare(student, training.parts.sampling, training.parts.limits)
            played = training.rollout.run(starts)
        for trajectory in played:
            trajectory.policy_version = step
        training.on_rollout(played, step)
        kept = self.chosen(played, random.Random(f"{config.seed} {number}"))
        solved, found = gather_object([(len(played), _solved(played), len(kept))]), []
        episodes, successes, rows = (sum(column) for column in zip(*solved, strict=True))
        share_solved = successes / episodes
        training.shown.say(
            f"round {number}: {successes} of {episodes} episodes solved their task "
            f"({share_solved:.1%}), {rows} kept"
        )
        training.parts.trackers.log(step, {"success": share_solved, "kept_episodes": float(rows)})
        found += gather_object([_row(trajectory) for trajectory in kept])
        return found

    def chosen(self, played: Sequence[Trajectory], draw: random.Random) -> list[Trajectory]:
        """The episodes that are imitated: verified, different, at most `keep` of a task.

        Args:
            played: with token records.
            draw: source of random choices between several episodes.
        """
        solved: dict[TaskKey, dict[tuple[int, ...], Trajectory]] = {}
        for trajectory in played:
            if (trajectory.outcome or 0.0) >= 1.0 and trajectory.tokens and trajectory.turns:
                by_ids = solved.setdefault(trajectory.task_key, {})
                by_ids.setdefault(tuple(trajectory.tokens.completion), trajectory)
        return [
            trajectory
            for different in solved.values()
            for trajectory in draw.sample([*different.values()], min(self.keep, len(different)))
        ]


def _solved(played: Sequence[Trajectory]) -> int:
    return sum((trajectory.outcome or 0.0) >= 1.0 for trajectory in played)


def _row(trajectory: Trajectory) -> Row:
    record = trajectory.tokens
    if record is None:
        raise ValueError("an episode without a token record cannot be imitated")
    return as_row(record, 1)
