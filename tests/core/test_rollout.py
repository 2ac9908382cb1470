"""Rollout: every episode ends with a reason, in its own place, and stops nobody else."""

from __future__ import annotations

import pytest

from mentor_core.env import ToolEnv
from mentor_core.errors import RunError
from mentor_core.rollout import Rollout, Start, episode_seed
from mentor_core.task import Task
from mentor_core.tool import Tool
from mentor_plugins.policies.scripted import ScriptedPolicy

CALL = '<tool_call>{"name": "double", "arguments": {"x": %d}}</tool_call>'


class Doubler(ToolEnv):
    """Doubles numbers; breaks where it is told to."""

    name = "doubler"

    def make_tools(self):
        def double(x: int) -> int:
            """Twice x."""
            return 2 * x

        return [Tool(double)]

    def load_tasks(self, split):
        return [Task("t", "doubler", "double 2", "4", split)]

    def start(self, task):
        if task.metadata.get("breaks") == "start":
            raise OSError("no room")

    def verify(self):
        if self.task.metadata.get("breaks") == "verify":
            raise KeyError("gone")
        return float(self.answer == self.task.answer)


def play(turns, tasks=None, max_turns=4, **options):
    tasks = tasks or [Task("t", "doubler", "double 2", "4")]
    rollout = Rollout(lambda: Doubler(max_turns=max_turns), ScriptedPolicy(turns=turns), **options)
    try:
        return rollout.run([Start(task, seed, seed) for seed, task in enumerate(tasks)])
    finally:
        rollout.close()


def test_an_answer_ends_the_episode_and_is_verified():
    [trajectory] = play([CALL % 2, "4"])
    assert (trajectory.end, trajectory.answer, trajectory.outcome) == ("answered", "4", 1.0)
    assert [call.result for call in trajectory.calls] == ["4"]
    assert trajectory.turns[0].observation == [{"role": "tool", "name": "double", "content": "4"}]


@pytest.mark.parametrize(
    ("turns", "end"),
    [
        ([CALL % 1] * 9, "turn_limit"),
        ([], "policy_stopped"),
        (["   "], "policy_stopped"),
        (["<tool_call>{", "4"], "answered"),
        (['<tool_call>{"name": "triple", "arguments": {}}</tool_call>', "5"], "answered"),
    ],
)
def test_end_reasons(turns, end):
    [trajectory] = play(turns)
    assert trajectory.end == end
    assert trajectory.outcome in (0.0, 1.0)


def test_trajectories_come_back_in_the_order_asked_for():
    tasks = [Task(f"t{i}", "doubler", "", str(i)) for i in range(20)]
    played = play([CALL % 1, "7"], tasks)
    assert [t.task_id for t in played] == [t.id for t in tasks]
    assert [t.group for t in played] == list(range(20))
    assert sum(t.outcome for t in played) == 1.0


def test_a_policy_that_forgets_an_episode_is_found_out():
    class Forgetful(ScriptedPolicy):
        def poll(self):
            return []

    rollout = Rollout(Doubler, Forgetful())
    with pytest.raises(RuntimeError, match="nothing to do"):
        rollout.run([Start(Task("t", "doubler", ""), 0)])
    rollout.close()


@pytest.mark.parametrize("where", ["start", "verify"])
def test_a_broken_episode_is_data_and_costs_nobody_else_anything(where):
    broken = Task("bad", "doubler", "", "4", metadata={"breaks": where})
    good = Task("good", "doubler", "", "4")
    played = play(["4"], [good, broken, good])
    assert [t.end for t in played] == ["answered", "error", "answered"]
    assert played[1].outcome is None
    assert ("no room" if where == "start" else "gone") in played[1].error


def test_too_many_broken_episodes_stop_the_run_and_say_why():
    broken = Task("bad", "doubler", "", "4", metadata={"breaks": "start"})
    with pytest.raises(RunError, match=r"2 of 2 episodes broke.*'bad'.*no room"):
        play(["4"], [broken, broken])


def test_seeds_depend_on_every_part():
    seeds = {episode_seed("a", i, j) for i in range(20) for j in range(20)}
    assert len(seeds) == 400
    assert episode_seed("a", 1, 2) == episode_seed("a", 1, 2)
    assert episode_seed("a", 12) != episode_seed("a", 1, 2)
    assert all(0 <= seed < 2**63 for seed in seeds)
