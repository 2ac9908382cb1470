"""Rollouts against TRL's own tool loop: `python benchmarks/rollout_speed.py [--model FILE]`.

The same model, tasks, tools, chat template and sampling settings, in turns in one process:

- TRL: `GRPOTrainer(environment_factory=…)`, the time of its `_generate`, which tokenizes prompts,
  generates, runs the tools and puts the turns together;
- mentor: `Rollout.run` with the `transformers` policy, which does the same.

Prints sampled tokens per second of both, and the ratio for each pair of batches. Without --model
the student is the embedded one.
"""

from __future__ import annotations

import argparse
import inspect
import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")

import torch
from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer
from trl.chat_template_utils import qwen3_template

from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.policy import Limits, Policy, Sampling, Student
from mentor_core.contracts.task import Task
from mentor_core.door.registry import ENVIRONMENTS, POLICIES, create, load
from mentor_core.play.rollout import Rollout, Start, episode_seed
from mentor_plugins.models.chat import ChatFormat
from mentor_plugins.models.loading import load_student

GROUP = 8
TOKENS = 512  # of an episode


@dataclass(frozen=True, slots=True)
class Batch:
    """The cost of one batch of rollouts."""

    tokens: int
    turns: int
    seconds: float

    @property
    def speed(self) -> float:
        """Sampled tokens per second."""
        return self.tokens / self.seconds


def tool_class(env: ToolEnv) -> type:
    """The environment's tools as TRL wants them: documented methods of a class with `reset`."""
    members: dict[str, Any] = {"reset": lambda _, **__: None}
    for name, tool in env.tools.items():
        members[name] = _method(name, tool.function, tool.description)
    return type("Environment", (), members)


def _method(name: str, function: Callable[..., Any], description: str) -> Callable[..., Any]:
    signature = inspect.signature(function, eval_str=True)

    def method(_: Any, *args: Any, **kwargs: Any) -> str:
        return str(function(*args, **kwargs))

    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = [own, *signature.parameters.values()]
    method.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    method.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
    method.__name__ = name
    documented = "\n".join(f"    {parameter}: a value" for parameter in signature.parameters)
    method.__doc__ = f"{description}\n\nArgs:\n{documented}"
    return method


class Peer(GRPOTrainer):
    """TRL's trainer, with a clock on its rollouts."""

    def _generate(self, prompts: list[Any]) -> Any:
        began = time.perf_counter()
        made = super()._generate(prompts)
        seconds = time.perf_counter() - began
        completion_ids, masks, completions = made[1], made[2], made[3]
        sampled = sum(map(sum, masks)) if masks else sum(map(len, completion_ids))
        turns = sum(m["role"] == "assistant" for messages in completions for m in messages)
        self.batch = Batch(sampled, turns, seconds)
        return made


def make_peer(student: Student, env: ToolEnv, episodes: int, turns: int, directory: str) -> Peer:
    """TRL's trainer with its native tool loop."""
    student.tokenizer.response_template = qwen3_template
    rows = [{"prompt": [{"role": "user", "content": "?"}]} for _ in range(episodes)]
    args = GRPOConfig(
        output_dir=directory,
        per_device_train_batch_size=episodes,
        num_generations=GROUP,
        max_completion_length=TOKENS,
        max_tool_calling_iterations=turns - 1,
        temperature=1.0,
        top_k=0,
        use_cpu=not torch.cuda.is_available(),
        bf16=False,
        report_to=[],
        disable_tqdm=True,
    )
    return Peer(
        model=student.model,
        reward_funcs=[lambda completions, **_: [0.0] * len(completions)],
        args=args,
        processing_class=student.tokenizer,
        train_dataset=Dataset.from_list(rows),
        environment_factory=tool_class(env),
    )


def peer_batch(peer: Peer, env: ToolEnv, tasks: Sequence[Task]) -> Batch:
    """Play one batch with TRL."""
    inputs = []
    for task in tasks:
        messages, _ = env.reset(seed=0, options={"task": task})
        inputs.append({"prompt": list(messages)})
    peer.model.train()
    peer._generate_and_score_completions(inputs)
    return peer.batch


def own_batch(
    rollout: Rollout, policy: Policy, student: Student, tasks: Sequence[Task], number: int
) -> Batch:
    """Play one batch with mentor."""
    student.model.eval()
    began = time.perf_counter()
    policy.prepare(student, Sampling(), Limits(TOKENS, TOKENS))
    starts = [
        Start(task, episode_seed("bench", number, index), index // GROUP)
        for index, task in enumerate(tasks)
    ]
    trajectories = rollout.run(starts)
    seconds = time.perf_counter() - began
    sampled = sum(sum(t.tokens.mask) for t in trajectories if t.tokens)
    return Batch(sampled, sum(len(t.turns) for t in trajectories), seconds)


def with_template(student: Student) -> Student:
    """The student with a template that knows tools: the embedded student's, if its own does not."""
    tokenizer = student.tokenizer
    if "tool" not in (tokenizer.chat_template or ""):
        source = files("mentor_core") / "student" / "chat_template.jinja"
        tokenizer.chat_template = source.read_text(encoding="utf-8")
    return replace(student, chat=ChatFormat(tokenizer, list(student.chat.end_ids)))


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="embedded/calculator")
    parser.add_argument("--episodes", type=int, default=64)
    parser.add_argument("--turns", type=int, default=6)
    parser.add_argument("--batches", type=int, default=5)
    parser.add_argument("--dtype", default="float32")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    student = with_template(load_student(options.model, {"dtype": options.dtype}))
    environment = load(ENVIRONMENTS, "calculator")
    env = environment(max_turns=options.turns)
    policy = create(POLICIES, "transformers", {})
    rollout = Rollout(lambda: environment(max_turns=options.turns), policy)
    train = env.tasks("train")
    with tempfile.TemporaryDirectory() as directory:
        peer = make_peer(student, env, options.episodes, options.turns, directory)
        pairs = []
        for number in range(-1, options.batches):  # the first is not counted
            groups = options.episodes // GROUP
            first = (number + 1) * groups
            tasks = [task for task in train[first : first + groups] for _ in range(GROUP)]
            runs: list[Callable[[], Batch]] = [
                lambda tasks=tasks: peer_batch(peer, env, tasks),  # type: ignore[misc]
                lambda tasks=tasks, number=number: own_batch(  # type: ignore[misc]
                    rollout, policy, student, tasks, number
                ),
            ]
            order = (0, 1) if number % 2 else (1, 0)
            made = {which: runs[which]() for which in order}
            if number >= 0:
                pairs.append((made[0], made[1]))
                theirs, ours = pairs[-1]
                print(
                    f"batch {number + 1}: TRL {theirs.speed:6.0f} tokens/s "
                    f"({theirs.tokens} tokens, {theirs.turns} turns, {theirs.seconds:.2f} s), "
                    f"mentor {ours.speed:6.0f} tokens/s "
                    f"({ours.tokens} tokens, {ours.turns} turns, {ours.seconds:.2f} s), "
                    f"ratio {ours.speed / theirs.speed:.2f}",
                    flush=True,
                )
    ratios = [ours.speed / theirs.speed for theirs, ours in pairs]
    print(
        f"{options.episodes} episodes of up to {options.turns} turns, {len(pairs)} batches each, "
        f"{torch.get_num_threads()} threads on {student.model.device}: ratio of tokens per second "
        f"{statistics.median(ratios):.2f} (median; {min(ratios):.2f} to {max(ratios):.2f})"
    )


if __name__ == "__main__":
    main()
