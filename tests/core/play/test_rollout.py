"""Rollout: every episode ends with a reason, in its own place, and stops nobody else."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.execution import ToolExecutor, ToolJobs
from mentor_core.contracts.provenance import Provenance
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call
from mentor_core.play.rollout import Rollout, Start, episode_seed
from mentor_core.support.errors import RunError
from mentor_core.tools.tool import Tool
from mentor_plugins.policies.scripted import ScriptedPolicy
from mentor_plugins.trainers.grpo.batch import is_truncated

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
            raise OSError(f"no room on shelf {task.id}")

    def is_over(self):
        if self.task.metadata.get("breaks") == "is_over":
            raise OSError("no end in sight")
        return False

    def verify(self):
        if self.task.metadata.get("breaks") == "verify":
            raise SystemExit("gone")  # a user's code may try to end the program
        if "outcome" in self.task.metadata:
            return self.task.metadata["outcome"]
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


def test_every_trajectory_says_who_played_and_when():
    """Without that, a file of episodes cannot be trusted later: a broken one is no exception."""
    who = Provenance("scripted", "m", sampling={"temperature": 0.5})
    tasks = [Task("t", "doubler", "double 2", "4", metadata=m) for m in ({}, {"breaks": "start"})]
    played = play([CALL % 2, "4"], tasks, played_by=who, max_error_share=1)
    assert [trajectory.end for trajectory in played] == ["answered", "error"]
    for trajectory in played:
        made = trajectory.provenance
        assert replace(made, made_at=None, seconds=None) == who
        assert abs(datetime.fromisoformat(made.made_at) - datetime.now(UTC)) < timedelta(minutes=1)
        assert made.usage is None  # no server counted anything


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


class Counted(Doubler):
    """Knows how many of it are open."""

    now, most, closed = 0, 0, 0

    def start(self, task):
        Counted.now += 1
        Counted.most = max(Counted.most, Counted.now)

    def verify(self):
        Counted.now -= 1
        return super().verify()

    def close(self):
        Counted.closed += 1
        super().close()


@pytest.fixture
def counted():
    Counted.now = Counted.most = Counted.closed = 0
    return Counted


def test_no_more_episodes_are_open_than_allowed(counted):
    """An environment may be a server: hundreds of them would take the machine down."""
    rollout = Rollout(counted, ScriptedPolicy(turns=[CALL % 1, "4"]), episodes=3)
    starts = [Start(Task(str(n), "doubler", "double 2", "4"), n) for n in range(10)]
    played = rollout.run(starts)
    rollout.close()
    assert [t.task_id for t in played] == [str(n) for n in range(10)]
    assert (counted.most, counted.now) == (3, 0)


def test_what_is_given_up_is_closed(counted):
    """Ctrl-C would leave servers and requests behind."""

    class Interrupting(ScriptedPolicy):
        closed: list = []

        def poll(self, interrupted):
            raise KeyboardInterrupt

        def close(self, session):
            self.closed.append(session)

    policy = Interrupting()
    rollout = Rollout(counted, policy)
    with pytest.raises(KeyboardInterrupt):
        rollout.run([Start(Task(str(n), "doubler", "double 2", "4"), n) for n in range(4)])
    assert len(policy.closed) == counted.closed == 4


class Cut(ScriptedPolicy):
    """Runs out of tokens in a turn (`turn`), or once it has observed something (`episode`)."""

    turn: bool = False
    episode: bool = False

    def poll(self, interrupted):
        return [
            replace(generation, complete=not self.turn) for generation in super().poll(interrupted)
        ]

    def observe(self, session, messages):
        return super().observe(session, messages) and not self.episode


@pytest.mark.parametrize(
    ("policy", "settings", "end", "turns"),
    [
        (ScriptedPolicy(turns=[CALL % 1] * 9), {}, "turn_limit", 4),
        (Cut(turns=[CALL % 1] * 9, turn=True), {}, "token_limit", 1),
        (Cut(turns=[CALL % 1] * 9, episode=True), {}, "token_limit", 1),
        (ScriptedPolicy(turns=[CALL % 1] * 9), {"episode_seconds": 1e-9}, "time_limit", 1),
    ],
    ids=["turns", "tokens of a turn", "tokens of the episode", "wall time"],
)
def test_each_limit_has_its_end_reason_keeps_what_was_played_and_is_a_truncation(
    policy, settings, end, turns
):
    rollout = Rollout(lambda: Doubler(max_turns=4), policy, **settings)
    [trajectory] = rollout.run([Start(Task("t", "doubler", "double 2", "4"), 0)])
    rollout.close()
    assert (trajectory.end, trajectory.outcome) == (end, 0.0)
    assert [turn.text for turn in trajectory.turns] == [CALL % 1] * turns
    assert is_truncated(trajectory)


# Wall time -------------------------------------------------------------------------------------


class Sleeper(ToolEnv):
    """Tools that take as long as they are told, and say so in the state."""

    name = "sleeper"
    parallel_calls = False

    def make_tools(self):
        return [Tool(self.sleep), Tool(self.sleep_async)]

    def sleep(self, seconds: float) -> str:
        """Sleep."""
        self.state.append("begun")
        time.sleep(seconds)
        self.state.append("done")
        return "slept"

    async def sleep_async(self, seconds: float) -> str:
        """Sleep elsewhere."""
        await asyncio.sleep(seconds)
        return "slept"

    def start(self, task):
        return []

    def load_tasks(self, split):
        return []

    def verify(self):
        return float(self.answer == "rested")


def sleep(*seconds, tool="sleep"):
    calls = (f'{{"name": "{tool}", "arguments": {{"seconds": {s}}}}}' for s in seconds)
    return "".join(f"<tool_call>{call}</tool_call>" for call in calls)


def rest(turns, seconds, count=1, **executor):
    """The trajectories, and how long they took."""
    policy = ScriptedPolicy(turns=turns)
    rollout = Rollout(Sleeper, policy, ToolExecutor(**executor), episode_seconds=seconds)
    began = time.perf_counter()
    try:
        played = rollout.run([Start(Task("t", "sleeper", "rest"), i, i) for i in range(count)])
    finally:
        took = time.perf_counter() - began
        rollout.close()
    return played, took


@pytest.mark.parametrize("tool", ["sleep", "sleep_async"])
def test_an_episode_that_waits_for_a_tool_is_cut_when_its_time_is_up(tool):
    """Its tool would have been given 30 s."""
    [trajectory], took = rest([sleep(5, tool=tool), "rested"], 0.2)
    assert took < 2
    assert (trajectory.end, trajectory.outcome, len(trajectory.turns)) == ("time_limit", 0.0, 1)
    [call] = trajectory.calls
    assert (call.failure, call.seconds) == ("timeout", pytest.approx(0.2, abs=0.2))
    assert [m["content"] for m in trajectory.turns[0].observation] == [call.result]


def test_calls_that_had_no_time_left_do_not_begin():
    [trajectory], took = rest([sleep(5, 5, 5), "rested"], 0.2)
    assert took < 2
    assert [call.failure for call in trajectory.calls] == ["timeout"] * 3
    assert [call.seconds > 0.1 for call in trajectory.calls] == [True, False, False]


def test_an_episode_that_waits_for_a_free_worker_is_cut_in_time_too():
    played, took = rest([sleep(1), "rested"], 0.3, count=6, workers=1)
    assert took < 2
    assert [t.end for t in played] == ["time_limit"] * 6
    assert sum(call.seconds > 0.01 for t in played for call in t.calls) == 1


def test_what_ended_in_time_counts_and_time_is_each_episodes_own():
    played, _ = rest([sleep(0.05), sleep(0.05), "rested"], 5, count=4)
    assert [(t.end, t.outcome) for t in played] == [("answered", 1.0)] * 4


def test_an_answer_counts_though_it_came_late():
    """The episode is over: cutting it would throw away what it ends with."""
    [trajectory], _ = rest(["rested"], 1e-9)
    assert (trajectory.end, trajectory.outcome) == ("answered", 1.0)


def test_time_in_the_policys_queue_does_not_count():
    """Else of many episodes those that are begun last would be cut before they say anything."""

    class Busy(ScriptedPolicy):
        def poll(self, interrupted):
            found = [replace(generation, seconds=0.01) for generation in super().poll(interrupted)]
            time.sleep(0.3 * (found != [] and len(found[0].session.messages) == 2))
            return found

    rollout = Rollout(Sleeper, Busy(turns=[sleep(0.01), "rested"]), episode_seconds=0.2)
    [trajectory] = rollout.run([Start(Task("t", "sleeper", "rest"), 0)])
    assert len(trajectory.turns) == 2
    rollout.close()


def test_a_call_that_outlives_its_limit_cannot_touch_another_episodes_state():
    """Its thread goes on; the environment it belongs to must not be played in again."""
    threads = threading.active_count()
    policy = ScriptedPolicy(turns=[sleep(0.4), "rested"])
    rollout = Rollout(Sleeper, policy, ToolExecutor(limit_seconds=0.1))
    start = Start(Task("t", "sleeper", "rest"), 0)
    [first] = rollout.run([start])
    policy.turns = ["rested"]
    rollout.run([start])
    [free] = rollout._free["sleeper"]
    time.sleep(0.5)
    assert first.calls[0].failure == "timeout"
    assert free.state == []
    rollout.close()
    time.sleep(0.1)
    assert threading.active_count() <= threads


# Several environments --------------------------------------------------------------------------


def test_each_task_is_played_in_its_own_environment_with_its_own_tools():
    shown = {}

    class Looking(ScriptedPolicy):
        def open(self, messages, tools, seed):
            shown[seed] = [tool["function"]["name"] for tool in tools]
            return super().open(messages, tools, seed)

    makers = {"doubler": Doubler, "sleeper": Sleeper}
    rollout = Rollout(makers, Looking(turns=[CALL % 2, "4"]))
    tasks = [Task(f"t{i}", name, "?", "4") for i, name in enumerate([*makers, *makers])]
    for _ in range(2):  # the second time in the environments of the first
        played = rollout.run([Start(task, i, i) for i, task in enumerate(tasks)])
        assert [t.task_key for t in played] == [task.key for task in tasks]
        assert [t.outcome for t in played] == [1.0, 0.0, 1.0, 0.0]
        assert [t.calls[0].failure for t in played] == [None, "unknown_tool"] * 2
        assert [t.tools for t in played] == [["double"], ["sleep", "sleep_async"]] * 2
        assert shown == {i: t.tools for i, t in enumerate(played)}
    assert {name: len(free) for name, free in rollout._free.items()} == dict.fromkeys(makers, 2)
    rollout.close()


def test_trajectories_come_back_in_the_order_asked_for():
    tasks = [Task(f"t{i}", "doubler", "", str(i)) for i in range(20)]
    played = play([CALL % 1, "7"], tasks)
    assert [t.task_id for t in played] == [t.id for t in tasks]
    assert [t.group for t in played] == list(range(20))
    assert sum(t.outcome for t in played) == 1.0


def test_a_policy_that_forgets_an_episode_is_found_out():
    class Forgetful(ScriptedPolicy):
        def poll(self, interrupted):
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


def test_the_turn_that_broke_an_episode_is_in_its_record():
    """Whoever mends the environment needs it."""
    broken = Task("bad", "doubler", "", "4", metadata={"breaks": "is_over"})
    good = Task("good", "doubler", "", "4")
    played, _ = play([CALL % 2, "4"], [broken, good])
    assert (played.end, played.outcome) == ("error", None)
    assert [call.result for call in played.calls] == ["4"]


def test_too_many_broken_episodes_stop_the_run_and_say_why():
    broken = Task("bad", "doubler", "", "4", metadata={"breaks": "start"})
    with pytest.raises(RunError, match=r"2 of 2 episodes broke.*'bad'.*no room"):
        play(["4"], [broken, broken])


@pytest.mark.parametrize("outcome", [float("nan"), 1.5, -0.1, "1"])
def test_an_outcome_that_is_none_breaks_the_episode(outcome):
    """It would become a success, or a NaN in the reward of its whole group."""
    broken = Task("bad", "doubler", "", "4", metadata={"outcome": outcome})
    good = Task("good", "doubler", "", "4", metadata={"outcome": np.float32(1)})
    played = play(["4"], [broken, good])
    assert [(t.end, t.outcome) for t in played] == [("error", None), ("answered", 1.0)]
    assert "expected a number in [0, 1]" in played[0].error
    assert type(played[1].outcome) is float


def test_if_the_first_episodes_all_break_in_the_same_way_the_others_are_not_played():
    """A wrong key should not cost the time of a whole evaluation."""
    broken = [Task(f"t{n}", "doubler", "", metadata={"breaks": "start"}) for n in range(20)]
    good = Task("good", "doubler", "", "4")
    ended = []
    rollout = Rollout(Doubler, ScriptedPolicy(turns=["4"]), episodes=2)
    with pytest.raises(RunError, match=r"first 8 episodes all broke.*no room on shelf"):
        rollout.run([Start(task, 0) for task in broken], ended.append)
    assert len(ended) == 8
    late = Rollout(Doubler, ScriptedPolicy(turns=["4"]), episodes=1, max_error_share=0.97)
    assert len(late.run([Start(task, 0) for task in [good, *broken]])) == 21
    every = Rollout(Doubler, ScriptedPolicy(turns=["4"]), max_error_share=1)
    assert len(every.run([Start(task, 0) for task in broken])) == 20


def test_seeds_depend_on_every_part():
    seeds = {episode_seed("a", i, j) for i in range(20) for j in range(20)}
    assert len(seeds) == 400
    assert episode_seed("a", 1, 2) == episode_seed("a", 1, 2)
    assert episode_seed("a", 12) != episode_seed("a", 1, 2)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_what_an_interrupted_run_left_does_not_stop_the_next():
    """Its tools may end after Ctrl-C: the next batch must not take that for nothing left to do."""

    class Polite(ScriptedPolicy):
        def poll(self, interrupted):
            return [] if interrupted() else super().poll(interrupted)

    rollout = Rollout(Doubler, Polite(turns=[CALL % 1, "4"]))
    (double,) = Doubler().make_tools()
    rollout.executor.submit(ToolJobs([(Call("double", {"x": 1}), double)]))
    while not rollout.executor.ready:
        time.sleep(0.01)
    (played,) = rollout.run([Start(Task("t", "doubler", "double 2", "4"), 0)])
    rollout.close()
    assert (played.end, played.answer) == ("answered", "4")
