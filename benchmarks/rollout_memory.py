"""Memory of many batches of rollouts: `python benchmarks/rollout_memory.py [--batches 1000]`.

The embedded student plays batches on the calculator, each with other tasks and lengths. One episode
in each batch has a tool that exceeds its time limit, so that a thread is given up. Prints the
resident memory, the threads and the open files after every tenth of the batches.
"""

from __future__ import annotations

import argparse
import os
import threading
import time
from pathlib import Path
from typing import Any

from mentor_core.contracts.execution import ToolExecutor
from mentor_core.contracts.policy import Limits, Sampling
from mentor_core.door.registry import ENVIRONMENTS, POLICIES, create, load
from mentor_core.play.rollout import Rollout, Start, episode_seed
from mentor_plugins.models.loading import load_student

EPISODES = 8


def resident() -> float:
    """Memory of this process, in MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=1000)
    options = parser.parse_args()
    calculator = load(ENVIRONMENTS, "calculator")
    slow: set[str] = set()

    class Hanging(calculator):  # type: ignore[misc, valid-type]
        def make_tools(self) -> Any:
            tools = list(super().make_tools())
            for tool in tools:
                tool.call = self._hanging(tool.call)
            return tools

        def _hanging(self, call: Any) -> Any:
            def hang(arguments: dict[str, Any]) -> Any:
                if self.task is not None and self.task.id in slow:
                    time.sleep(0.3)
                return call(arguments)

            return hang

    student = load_student("embedded/calculator")
    policy = create(POLICIES, "transformers", {})
    rollout = Rollout(Hanging, policy, ToolExecutor(limit_seconds=0.1))
    tasks = calculator().tasks("train")
    hung = 0
    began = time.perf_counter()
    for batch in range(options.batches):
        policy.prepare(student, Sampling(), Limits(24 + batch % 17, 64 + batch % 97))
        chosen = [tasks[(batch * EPISODES + n) % len(tasks)] for n in range(EPISODES)]
        slow.clear()
        slow.add(chosen[0].id)
        played = rollout.run([Start(task, episode_seed(batch, task.id)) for task in chosen])
        hung += any(call.failure == "timeout" for t in played for call in t.calls)
        if (batch + 1) % max(options.batches // 10, 1) == 0:
            time.sleep(0.5)  # what was given up has ended by then
            files = len(list(Path("/proc/self/fd").iterdir()))
            print(
                f"{batch + 1:5} batches, {hung} with a hung tool: {resident():.0f} MiB, "
                f"{threading.active_count()} threads, {files} files, "
                f"{time.perf_counter() - began:.0f} s",
                flush=True,
            )
    rollout.close()


if __name__ == "__main__":
    main()
