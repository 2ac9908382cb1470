"""Speed of rewards: `python benchmarks/reward_speed.py [--rows 3000] [--memory-rows 100000]`.

1. The reward of the paper, computed for the same rows in the same process, on one core, in two
   ways. The reference procedure is Math-Verify's metric and, if the metric says wrong, its parse
   and verify. mentor's way is `equal_answers` for the outcome, then the preset `mentor-paper`.
   Prints rows, agreement and the ratio of the times. The answers are numbers, written in many ways;
   a second set has 3 % of expressions in x, which mentor leaves to Math-Verify, too.
2. Memory while `score_files` scores 100,000 trajectories.
"""

from __future__ import annotations

import argparse
import logging
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from mentor_core.contracts.reward import Example
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Trajectory, Turn, format_trajectory
from mentor_envs.mathematics import equal_answers, time_limits_hit
from mentor_lab.scoring import Inputs, Row, score_files
from mentor_runs.assembly.assemble import make_reward
from mentor_runs.assembly.reward import Reward
from mentor_runs.settings.resolve import resolve

BATCH = 64
TOOLS = ("add", "subtract", "multiply", "divide")


KINDS = {"integer": 58, "decimal": 17, "fraction": 15, "root": 10}
WITH_SYMBOLS = {**KINDS, "integer": 55, "symbolic": 3}


def answers(rng: random.Random, shares: dict[str, int]) -> tuple[str, str, str]:
    """(kind, gold answer, given answer); about half are right, often written differently."""
    right = rng.random() < 0.5
    (kind,) = rng.choices([*shares], [*shares.values()])
    n, m, k = rng.randint(2, 99_999), rng.randint(2, 60), rng.randint(2, 12)
    if kind == "integer":
        same = rng.choice([str(n), f"{n:,}", f"{n}.0", f"${n}$", rf"\${n}"])
        return kind, str(n), same if right else str(n + rng.choice((-10, -1, 1, 7, n)))
    if kind == "decimal":
        gold = f"{n / 100:.2f}"
        return kind, gold, rng.choice([gold, gold + "0"]) if right else f"{n / 100 + 0.5:.2f}"
    if kind == "fraction":
        gold = rf"\frac{{{m}}}{{{k}}}"
        same = rng.choice([gold, f"{m}/{k}", rf"\frac{{{2 * m}}}{{{2 * k}}}"])
        return kind, gold, same if right else rng.choice([rf"\frac{{{m}}}{{{k + 1}}}", str(m)])
    if kind == "root":
        gold = rf"{k}\sqrt{{{m}}}"
        same = rng.choice([gold, rf"\sqrt{{{k * k * m}}}"])
        return kind, gold, same if right else rng.choice([rf"{k + 1}\sqrt{{{m}}}", str(k * m)])
    gold = f"x^2+{k}x+{m}"
    return kind, gold, f"{m}+{k}x+x^2" if right else f"x^2+{k}x-{m}"


def episode(rng: random.Random, answer: str, source: str, step: int = 0) -> Trajectory:
    """Two or three calls and an answer."""
    calls = [
        Call(rng.choice(TOOLS), {"a": rng.randint(1, 99), "b": rng.randint(1, 99)}, "7")
        for _ in range(rng.randint(2, 3))
    ]
    turns = [*(Turn("", [call]) for call in calls), Turn(rf"Answer: \boxed{{{answer}}}")]
    return Trajectory(
        "task-1",
        "calculator",
        "teacher" if source == "teacher" else "student",
        turns=turns,
        end="answered",
        answer=answer,
        tools=list(TOOLS),
        policy_version=step,
    )


def make_rows(count: int, shares: dict[str, int]) -> list[tuple[str, Example]]:
    """Kind of answer, and the example to score."""
    rng = random.Random(0)
    rows = []
    for index in range(count):
        kind, gold, given = answers(rng, shares)
        task = Task(f"task-{index}", "calculator", "?", gold)
        teacher = episode(rng, gold, "teacher")
        rows.append((kind, Example(episode(rng, given, "student"), task, [teacher])))
    return rows


def reference_procedure() -> Callable[[Example], float]:
    """The paper's reward, as its reference implementation computes it."""
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse, verify
    from math_verify.metric import math_metric

    logging.getLogger("math_verify").setLevel(logging.CRITICAL)
    metric = math_metric(
        gold_extraction_target=(LatexExtractionConfig(),),
        pred_extraction_target=(ExprExtractionConfig(), LatexExtractionConfig()),
    )

    def correct(gold: str, given: str) -> bool:
        gold, given = rf"\boxed{{{gold}}}", rf"\boxed{{{given}}}"
        try:
            if metric([gold], [given])[0] == 1:
                return True
        except Exception:  # noqa: BLE001 - as there: what cannot be read is wrong
            return False
        return bool(verify(parse(gold), parse(given)))

    def reward(example: Example) -> float:
        trajectory = example.trajectory
        if not trajectory.turns[-1].complete:
            return 0.0
        if not (trajectory.answer or "").strip():
            return 0.1
        wanted = {call.name for call in example.references[0].calls}
        called = {call.name for call in trajectory.calls}
        if not wanted:
            return 0.1
        match, valid = wanted == called, called <= set(trajectory.tools)
        if correct(str(example.task.answer), trajectory.answer or ""):
            return 0.7 + 0.3 * match + 0.1 * valid
        return 0.06 * match + 0.1 * valid

    return reward


def mentor_rewards(reward: Reward, batch: list[Example]) -> list[float]:
    """The paper's reward by mentor, the verification of the answers included."""
    for example in batch:
        equal = equal_answers(example.trajectory.answer, str(example.task.answer))
        example.trajectory.outcome = None if equal is None else float(equal)
    rewards: list[float] = reward.composer.compose(reward.score(batch), 1.0).rewards_B.tolist()
    return rewards


def speed(count: int, shares: dict[str, int]) -> None:
    """Part 1."""
    rows = make_rows(count, shares)
    examples = [example for _, example in rows]
    peer = reference_procedure()
    peer(examples[0])  # imports
    equal_answers("1+x", "x+1")
    reward = make_reward(resolve({"reward": {"preset": "mentor-paper"}}).reward)
    theirs, ours = [], []
    their_seconds = our_seconds = 0.0
    for start in range(0, count, BATCH):  # in turns, so that both see the same load
        batch = examples[start : start + BATCH]
        started = time.perf_counter()
        theirs += [peer(example) for example in batch]
        middle = time.perf_counter()
        ours += mentor_rewards(reward, batch)
        their_seconds += middle - started
        our_seconds += time.perf_counter() - middle
    agree = [abs(a - b) < 1e-9 for a, b in zip(theirs, ours, strict=True)]
    apart = Counter(kind for (kind, _), same in zip(rows, agree, strict=True) if not same)
    kinds = Counter(kind for kind, _ in rows)
    right = sum(value > 0.5 for value in theirs)
    print(f"rows: {count} ({', '.join(f'{n} {kind}' for kind, n in kinds.items())}); {right} right")
    print(f"reference procedure: {count / their_seconds:.0f} trajectories/s on one core")
    print(f"mentor-paper:        {count / our_seconds:.0f} trajectories/s on one core")
    print(f"ratio: {their_seconds / our_seconds:.1f}")
    print(
        f"the same reward: {sum(agree)} of {count} ({sum(agree) / count:.2%}); not: {dict(apart)}"
    )
    for (_, example), a, b in zip(rows, theirs, ours, strict=True):
        if abs(a - b) > 1e-9:
            gold, given = example.task.answer, example.trajectory.answer
            print(f"  gold {gold!r}, given {given!r}: reference {a:.2f}, mentor {b:.2f}")
    print(f"time limits hit by mentor: {time_limits_hit()}")


def memory(count: int) -> None:
    """Part 2."""
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "trajectories.jsonl"
        with file.open("w", encoding="utf-8") as stream:
            for index in range(count):
                trajectory = episode(rng, "7", "student", index // BATCH)
                trajectory.outcome = float(index % 2)
                stream.write(format_trajectory(trajectory))
        teacher = episode(rng, "7", "teacher")
        inputs = Inputs(resolve({}).reward, {}, {teacher.task_key: [teacher]})
        print(f"\nscoring {count} trajectories, {file.stat().st_size / 2**20:.0f} MiB, one process")
        started = time.perf_counter()
        scored = 0
        for number, item in enumerate(score_files([file], inputs), 1):
            scored += isinstance(item, Row) and item.reward == item.reward
            if number % max(1, count // 10) == 0:
                print(f"  {number}: {resident():.0f} MiB resident")
        print(f"scored {scored}: {count / (time.perf_counter() - started):.0f} trajectories/s")


def resident() -> float:
    """Memory of this process, in MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--memory-rows", type=int, default=100_000)
    options = parser.parse_args()
    speed(options.rows, KINDS)
    print()
    speed(options.rows, WITH_SYMBOLS)
    memory(options.memory_rows)


if __name__ == "__main__":
    main()
