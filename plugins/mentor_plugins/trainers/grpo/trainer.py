"""MentorTrainer: TRL's GRPOTrainer with mentor's rollouts, rewards and credit.

Seven private methods of TRL 1.16 are overridden, and `test_trl_contract.py` fails when one of them
changes:

- `_calculate_rewards` scores trajectories and composes the whole batch;
- `_generate_and_score_completions` replaces the advantages by the credit's, of shape (B, T);
- `_prepare_inputs` leaves out rows without an advantage, if they have no gradient, and sorts the
  rest by length;
- `_get_per_token_logps_and_entropies` computes the common beginning of the rows once;
- `_compute_loss` drops columns that hold only padding, uses the run's objective in place of TRL's
  loss if there is one, and adds imitation;
- `_save_checkpoint` adds the state of sampler, plan, composer, credit, objective and lessons;
- `_send_telemetry` sends nothing.

Beside them, the public `create_model_card` writes nothing.

The rest is TRL's: loss, optimizer, LoRA, mixed precision, several processes.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import gather_object

from mentor_core.contracts.component import Stateful
from mentor_core.contracts.lessons import Lessons
from mentor_core.contracts.plan import Group, Start
from mentor_core.contracts.policy import Student
from mentor_core.contracts.rows import uses_of
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.play.rollout import episode_seed
from mentor_core.support.errors import PluginError
from mentor_plugins.models.loading import load_student
from mentor_plugins.trainers.grpo.batch import (
    Metrics,
    Scored,
    join,
    measure,
    score_part,
)
from mentor_plugins.trainers.grpo.groups import failures_of, played_groups
from mentor_plugins.trainers.grpo.imitation import Imitation
from mentor_plugins.trainers.grpo.learners import (
    learners_of,
    outcomes_by_task,
    rewards_by_task,
    teach,
)
from mentor_plugins.trainers.grpo.micro_batches import arranged, as_rows, is_free, trimmed
from mentor_plugins.trainers.grpo.objective import ObjectiveLoss
from mentor_plugins.trainers.grpo.shared_beginning import can_share, shared_logps
from mentor_plugins.trainers.grpo.steps import Steps
from mentor_plugins.trainers.sealed import save_sealed
from mentor_runs.directory.checkpoint import CHECKPOINT_STATE
from mentor_runs.training import Training

os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")  # rollout_func: the contract test watches

from trl import GRPOConfig, GRPOTrainer
from trl.models import unwrap_model_for_generation

__all__ = ["MentorTrainer"]

ROW = "row"
"""Column of a batch: index of a row's episode among this process's episodes."""


class MentorTrainer(GRPOTrainer):
    """One GRPO trainer for every environment, reward and credit.

    Args:
        training: the parts of the run; see `Training`.
        args: TRL's settings; `scale_rewards` and `mask_truncated_completions` have no effect.
        lessons: choose the rows that are imitated beside reinforcement.
        imitation: weight of these rows; 0: none are imitated.
        **kwargs: for GRPOTrainer.
    """

    def __init__(
        self,
        training: Training,
        *,
        args: GRPOConfig,
        lessons: Lessons,
        imitation: float = 0.0,
        **kwargs: Any,
    ) -> None:
        self.training, self.parts = training, training.parts
        self.imitation, self._micro_batches = Imitation(training, lessons, imitation), 0
        self.learners, self._steps = learners_of(self.parts), Steps.of(training)
        super().__init__(
            model=training.student.model,
            reward_funcs=[_composed],
            args=args,
            processing_class=training.student.tokenizer,
            rollout_func=self._play,
            **kwargs,
        )
        self.parts.plan.start({task.key: task for task in training.tasks})
        self._objective: ObjectiveLoss | None = None
        if self.parts.objective.replaces:
            self.parts.objective.start(training.student, load_student)
            self._objective = ObjectiveLoss(self.parts.objective, self)
        self._tasks: list[Task] = []
        self._trajectories: list[Trajectory] = []
        self._scored: Scored | None = None
        self._learnt: Metrics = {}
        self._seconds = dict.fromkeys(("rollout", "reward"), 0.0)

    def _send_telemetry(self) -> None:
        """Send nothing: a run's data stays on its machine.

        TRL's method looks up a host in a thread, which reads the C environment while Accelerate
        writes to it. A segmentation fault can follow.
        """

    # Rollout -------------------------------------------------------------------------------

    def _play(self, prompts: Sequence[Any], _: Any = None) -> dict[str, Any]:
        """TRL's `rollout_func`: play this process's share of the batch.

        The rows of the data set only count episodes. The sampler chooses the tasks for the whole
        batch, the same in every process.
        """
        began = time.perf_counter()
        step, processes = self.state.global_step, self.accelerator.num_processes
        total = len(prompts) * processes
        groups = total // self.num_generations
        tasks = self.parts.sampler.choose(self._generation(step) * groups, groups)
        first = self.accelerator.process_index * len(prompts)
        starts = self._planned(tasks, step)[first : first + len(prompts)]
        with self._model_for_generation() as model, self._precision():
            engine = getattr(self, "vllm_generation", None)
            student = replace(self.training.student, model=model, engine=engine)
            self.training.policy.prepare(student, self.parts.sampling, self.parts.limits)
            trajectories = self.training.rollout.run(starts)
        for trajectory in trajectories:
            trajectory.policy_version = step
        self._tasks, self._trajectories = [start.task for start in starts], trajectories
        self._seconds["rollout"] = time.perf_counter() - began
        pad = self.training.student.tokenizer.pad_token_id
        return as_rows(trajectories, pad, self.training.policy.gives, self._mask_truncated)

    def _planned(self, tasks: Sequence[Task], step: int) -> list[Start]:
        """The episodes of the whole batch, group by group.

        Raises:
            PluginError: the plan gives a group more or fewer episodes than it has seeds.
        """
        starts: list[Start] = []
        size = self.num_generations
        for index, task in enumerate(tasks):
            numbers = range(index * size, (index + 1) * size)
            seeds = [episode_seed("train", self.parts.config.seed, step, n) for n in numbers]
            references = self.training.references.get(task)
            planned = self.parts.plan.starts(Group(task, index, seeds, references))
            if [start.seed for start in planned] != seeds:
                raise PluginError(
                    f"plan {self.parts.config.plan!r} gave {len(planned)} episodes to a group of "
                    f"{size}; expected one for each of its seeds, in their order"
                )
            if "continued" not in self.parts.plan.gives and any(start.given for start in planned):
                raise PluginError(
                    f"plan {self.parts.config.plan!r} gave an episode that begins with replayed "
                    "turns; its `gives` must name rows of kind 'continued'"
                )
            starts += planned
        return starts

    @property
    def _mask_truncated(self) -> bool:
        return self.parts.config.train.mask_truncated

    def _generation(self, step: int) -> int:
        """Number of the generation batch of `step`: one batch may serve several optimizer steps."""
        every = self.args.steps_per_generation * self.num_iterations
        return int(step * self.args.gradient_accumulation_steps // every)

    def _model_for_generation(self) -> AbstractContextManager[Any]:
        model: AbstractContextManager[Any] = unwrap_model_for_generation(
            self.model_wrapped,
            self.accelerator,
            gather_deepspeed3_params=self.args.ds3_gather_for_generation,
            gradient_checkpointing_kwargs=self.args.gradient_checkpointing_kwargs,
        )
        return model

    def _precision(self) -> AbstractContextManager[Any]:
        if not self.args.bf16:
            return nullcontext()
        return torch.autocast(self.accelerator.device.type, torch.bfloat16)

    # Rewards and advantages ----------------------------------------------------------------

    def _calculate_rewards(
        self, inputs: Any, prompts: Any, completions: Any, completion_ids_list: Any
    ) -> torch.Tensor:
        """The composed reward of the whole batch, [B, 1]; NaN if not scored."""
        began = time.perf_counter()
        part = score_part(
            self._trajectories,
            self._tasks,
            self.training.references,
            self.parts.reward,
            self._mask_truncated,
            self.learners,
            self.training.policy.gives,
            self._steps,
        )
        training_progress = self.state.global_step / max(self.state.max_steps, 1)
        self._scored = join(
            gather_object([part]),
            self.parts.reward,
            self.parts.credit,
            training_progress,
            self.parts.critic,
        )
        self._learnt = teach(self._scored, self.learners)
        for trajectory, reward in zip(
            self._trajectories, self._local(self._scored.rewards_B), strict=True
        ):
            trajectory.reward = None if reward != reward else float(reward)  # NaN: not scored
        for trajectory, advantages_T in zip(
            self._trajectories, self._local(self._scored.advantages_T), strict=True
        ):
            if trajectory.tokens is not None:
                trajectory.tokens.advantages = advantages_T.round(4).tolist()
        self._seconds["reward"] = time.perf_counter() - began
        self.parts.sampler.observe(rewards_by_task(self._scored))
        if self.parts.plan.hears:
            self.parts.plan.hear(gather_object(self._trajectories))
        if self.parts.objective.hears:
            self._tell_objective()
        self.parts.plan.observe(outcomes_by_task(self._scored))
        self.training.on_rollout(self._trajectories, self.state.global_step)
        rewards = torch.as_tensor(self._scored.rewards_B, dtype=torch.float32)
        return rewards[:, None].to(self.accelerator.device)

    def _tell_objective(self) -> None:
        """Give the objective the batch's groups, whole even if they span processes."""
        played = gather_object(list(zip(self._tasks, self._trajectories, strict=True)))
        tasks, trajectories = [task for task, _ in played], [own for _, own in played]
        gives, step = self.training.policy.gives, self.state.global_step
        alone = [own for own in trajectories if "success" in uses_of(own, gives)]
        failures = failures_of((own.group or 0, own.outcome) for own in alone)
        groups = played_groups(self.training, tasks, trajectories, failures, step)
        self.parts.objective.hear(groups)

    def _generate_and_score_completions(self, inputs: Any) -> dict[str, Any]:
        output: dict[str, Any] = super()._generate_and_score_completions(inputs)
        scored = self._scored
        if scored is None:
            raise RuntimeError("TRL scored a batch without calling _calculate_rewards")
        advantages_BT = torch.zeros(output["completion_ids"].shape, dtype=torch.float32)
        for row, advantages_T in zip(advantages_BT, self._local(scored.advantages_T), strict=True):
            row[: len(advantages_T)] = torch.as_tensor(advantages_T, dtype=torch.float32)
        output["advantages"] = advantages_BT.to(output["completion_ids"].device)
        if self._objective is not None:  # TRL shuffles the rows: each says which one it was
            output[ROW] = torch.arange(len(advantages_BT))
        step = self.state.global_step
        self.imitation.choose(self._tasks, self._trajectories, step, self.model)
        measured = measure(scored, [*self.parts.sampler.samplers])
        self._note(measured | self._learnt | self.imitation.metrics())
        return output

    def _prepare_inputs(self, generation_batch: Any) -> dict[str, Any]:
        before: Any = self._buffered_inputs
        inputs: dict[str, Any] = super()._prepare_inputs(generation_batch)
        if self._buffered_inputs is not before and self._objective is None and is_free(self):
            self._buffered_inputs: Any = arranged(self._buffered_inputs)
            inputs = self._buffered_inputs[self._step % len(self._buffered_inputs)]
        return inputs

    def _get_per_token_logps_and_entropies(
        self,
        model: Any,
        input_ids: Any,
        attention_mask: Any,
        logits_to_keep: int,
        *args: Any,
        **more: Any,
    ) -> Any:
        asked = {name for name, value in more.items() if value is not None and value is not False}
        if args or asked - {"compute_entropy"} or not can_share(model):
            return super()._get_per_token_logps_and_entropies(
                model, input_ids, attention_mask, logits_to_keep, *args, **more
            )
        with self.accelerator.autocast():
            return *shared_logps(model, input_ids, attention_mask, logits_to_keep), None

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        if self._objective is None:
            entropy = self._metrics["train"].get("entropy", [])[:1]
            loss: torch.Tensor = super()._compute_loss(model, trimmed(inputs))
            if entropy:  # of all sampled tokens; TRL's is of the rows in the micro batches
                self._metrics["train"]["entropy"] = entropy
        else:
            played = [self._trajectories[row] for row in inputs[ROW].tolist()]
            loss = self._objective(model, trimmed(inputs), played)
        taught = self.imitation.loss(
            model, self._micro_batches, self.args.gradient_accumulation_steps
        )
        self._micro_batches += 1
        return loss if taught is None else loss + taught

    def _local(self, whole: Any) -> Any:
        """This process's share of a sequence for the whole batch."""
        count = len(self._trajectories)
        first = self.accelerator.process_index * count
        return whole[first : first + count]

    def _note(self, metrics: Metrics) -> None:
        """Put mentor's metrics into TRL's log, in place of misleading ones.

        TRL judges truncation by the last token, and the zero-variance share by batch scale.
        """
        log = self._metrics["train"]
        for name in [n for n in log if n.startswith(("completions/", "rewards/", "frac_reward"))]:
            del log[name]
        log.pop("reward_std", None)
        for name, value in metrics.items():
            log[name] = [] if value is None else [value]
        for name, seconds in self._seconds.items():
            log[f"seconds/{name}"] = [seconds]

    # Checkpoints ---------------------------------------------------------------------------

    def _stateful(self) -> dict[str, Stateful]:
        return {
            "sampler": self.parts.sampler,
            "plan": self.parts.plan,
            "composer": self.parts.reward.composer,
            "credit": self.parts.credit,
            "objective": self.parts.objective,
            "lessons": self.imitation.lessons,
            **self.learners,
        }

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        states = json.dumps({name: part.state() for name, part in self._stateful().items()})
        keep = self.parts.config.train.keep_checkpoints
        save_sealed(self, partial(super()._save_checkpoint, model, trial), states, keep)

    def restore(self, checkpoint: Path) -> None:
        """Restore the run's stateful parts from a checkpoint."""
        states = json.loads((checkpoint / CHECKPOINT_STATE).read_text(encoding="utf-8"))
        for name, part in self._stateful().items():
            part.restore(states.get(name, {}))

    def trained(self) -> Student:
        """The student with the current weights, adapters merged."""
        model = self.accelerator.unwrap_model(self.model)
        if self.parts.config.train.lora is not None:
            model = model.merge_and_unload()
        return replace(self.training.student, model=model)

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """Write no model card: the run directory says more, and TRL's card names no environment."""


def _composed(**_: Any) -> list[float]:
    """TRL wants a reward function; `_calculate_rewards` is overridden and never calls it."""
    raise RuntimeError("MentorTrainer composes rewards itself")
