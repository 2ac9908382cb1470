"""Cost of slow tools: `python benchmarks/slow_tools.py`.

1. 32 calls of 50 ms in one turn: by one episode and by 32 episodes, in mentor and in TRL's own
   tool loop. The turns are scripted on both sides, so that only tools and bookkeeping take time.
2. 64 episodes of the embedded student on the calculator; in one of them every call takes 2 s. The
   times are the ends of the other 63, with and without the delay.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")

import torch
from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer
from trl.chat_template_utils import qwen3_template

from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.parsing import HermesParser
from mentor_core.contracts.policy import Limits, Sampling, Student
from mentor_core.contracts.task import Split, Task
from mentor_core.contracts.trajectory import Call, Trajectory
from mentor_core.door.registry import ENVIRONMENTS, POLICIES, create, load
from mentor_core.play.rollout import Rollout, Start
from mentor_core.tools.tool import Tool
from mentor_plugins.models.loading import load_student

CALLS, SECONDS = 32, 0.05


def wait(number: int) -> str:
    """Wait for a moment.

    Args:
        number: a number
    """
    time.sleep(SECONDS)
    return str(number)


class Waiting(ToolEnv):
    """A domain whose only tool waits."""

    name = "waiting"
    parallel_calls = True

    def make_tools(self) -> Iterable[Tool]:
        return [Tool(wait)]

    def load_tasks(self, split: Split) -> list[Task]:
        return [Task("wait", self.name, "Wait.", "done", split)]

    def verify(self) -> float:
        return float(self.answer == "done")


def turn(calls: int) -> str:
    """An assistant's turn with so many calls."""
    return HermesParser().render("", [Call("wait", {"number": n}) for n in range(calls)])


def own_seconds(episodes: int, calls: int, repeat: int) -> list[float]:
    """Seconds of mentor's rollouts; the first one also makes environments and threads."""
    policy = create(POLICIES, "scripted", {"turns": [turn(calls), "done"]})
    policy.prepare(None, Sampling(), Limits())
    rollout = Rollout(Waiting, policy)
    task = Waiting().tasks("train")[0]
    seconds = []
    for _ in range(repeat):
        began = time.perf_counter()
        played = rollout.run([Start(task, seed) for seed in range(episodes)])
        seconds.append(time.perf_counter() - began)
        results = [call.result for trajectory in played for call in trajectory.calls]
        assert results == [str(n) for _ in range(episodes) for n in range(calls)]
    rollout.close()
    return seconds


class Scripted(GRPOTrainer):
    """TRL's trainer with its own tool loop; turns are given instead of generated."""

    turns: list[str]

    def _generate_single_turn(self, prompt_ids: list[list[int]], *_: Any, **__: Any) -> Any:
        ids = self.processing_class.encode(self.turns.pop(0) + "<|im_end|>")
        return [list(ids) for _ in prompt_ids], None


def peer_seconds(student: Student, episodes: int, calls: int) -> float:
    """Seconds of TRL's rollout."""
    tokenizer = student.tokenizer
    tokenizer.response_template = qwen3_template

    def method(self, number: int) -> str:  # type: ignore[no-untyped-def]  # noqa: ANN001, ARG001
        return wait(number)

    method.__name__, method.__doc__ = "wait", wait.__doc__
    members = {"reset": lambda _, **__: None, "wait": method}
    environment = type("Environment", (), members)
    prompt = [{"role": "user", "content": "Wait."}]
    with tempfile.TemporaryDirectory() as directory:
        trainer = Scripted(
            model=student.model,
            reward_funcs=[lambda completions, **_: [0.0] * len(completions)],
            args=GRPOConfig(
                output_dir=directory,
                per_device_train_batch_size=max(episodes, 2),
                num_generations=max(episodes, 2),
                max_completion_length=4096,
                use_cpu=not torch.cuda.is_available(),
                bf16=False,
                report_to=[],
            ),
            processing_class=tokenizer,
            train_dataset=Dataset.from_list([{"prompt": prompt}] * max(episodes, 2)),
            environment_factory=environment,
        )
        trainer.turns = [turn(calls), "done"]
        seconds: list[float] = []
        generate = trainer._generate

        def timed(prompts: list[Any]) -> Any:
            began = time.perf_counter()
            made = generate(prompts)
            seconds.append(time.perf_counter() - began)
            return made

        trainer._generate = timed
        with suppress(RuntimeError):  # there are no advantages in a group of one
            trainer._generate_and_score_completions([{"prompt": prompt}] * episodes)
    return seconds[0]


def straggler(student: Student, delay: float) -> tuple[float, float]:
    """Seconds until the 63 quick episodes, and until all 64, were done."""
    calculator = load(ENVIRONMENTS, "calculator")

    class Delayed(calculator):  # type: ignore[misc, valid-type]
        def make_tools(self) -> Iterable[Tool]:
            return [self._slow(tool) for tool in super().make_tools()]

        def _slow(self, tool: Tool) -> Tool:
            function = tool.call

            def call(arguments: Mapping[str, Any]) -> Any:
                if self.task is not None and self.task.id == tasks[0].id:
                    time.sleep(delay)
                return function(arguments)

            tool.call = call  # type: ignore[method-assign]
            return tool

    tasks = calculator().tasks("train")[:64]
    policy = create(POLICIES, "transformers", {})
    policy.prepare(student, Sampling(), Limits())
    rollout = Rollout(Delayed, policy)
    ends: dict[str, float] = {}
    began = time.perf_counter()

    def ended(trajectory: Trajectory) -> None:
        ends.setdefault(trajectory.task_id, time.perf_counter() - began)

    rollout.run([Start(task, seed) for seed, task in enumerate(tasks)], ended)
    rollout.close()
    return max(ends[task.id] for task in tasks[1:]), max(ends.values())


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    student = load_student("embedded/calculator")
    for episodes, calls in ((1, CALLS), (CALLS, 1)):
        first, *ours = own_seconds(episodes, calls, options.repeat + 1)
        theirs = peer_seconds(student, episodes, calls)
        median = statistics.median(ours)
        print(
            f"{episodes} episodes, {calls} calls each of {1000 * SECONDS:.0f} ms: mentor "
            f"{first:.3f} s in the first batch, then {median:.3f} s (worst {max(ours):.3f} s); "
            f"TRL {theirs:.2f} s, ratio {theirs / median:.1f}"
        )
    pairs = []
    straggler(student, 0.0)  # warms up
    for _ in range(options.repeat):
        (without, _), (quick, last) = straggler(student, 0.0), straggler(student, 2.0)
        pairs.append((without, quick, last))
    without, quick, last = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(
        f"one episode with calls of 2 s among 64: the other 63 done after {quick:.2f} s, without "
        f"it {without:.2f} s (ratio {quick / without:.2f}); all done after {last:.2f} s"
    )


if __name__ == "__main__":
    main()
