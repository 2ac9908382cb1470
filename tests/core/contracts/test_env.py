"""ToolEnv: the episode's rules, on a small domain that has state."""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium.error import ResetNeeded

from mentor_core.contracts.env import ActionGate, ToolEnv
from mentor_core.contracts.parsing import HermesParser
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call
from mentor_core.support.errors import ConfigError, DataError, PluginError
from mentor_core.tools.tool import Tool


class Counter(ToolEnv):
    """Count up to the answer; `leave` ends the episode by the domain's own rule."""

    class Options(ToolEnv.Options):
        step_size: int = 1

    name = "counter"
    system_prompt = "Count."
    options: Options

    def make_tools(self):
        return [Tool(self.count), Tool(self.leave)]

    def count(self, times: int = 1) -> int:
        """Count."""
        if times < 0:
            raise ValueError("cannot count back")
        self.state["count"] += times * self.options.step_size
        return self.state["count"]

    def leave(self) -> str:
        """Stop."""
        self.state["over"] = True
        return "bye"

    def load_tasks(self, split):
        if split == "ood":
            return []
        return [Task(f"{split}-{n}", "counter", f"Count to {n}.", n, split) for n in range(3)]

    def start(self, task):
        return {"count": 0, "over": False, "luck": int(self.np_random.integers(0, 1000))}

    def is_over(self):
        return self.state["over"]

    def verify(self):
        return float(self.state["count"] == self.task.answer)


class NoCounting(ActionGate):
    def refuse(self, call, task, turns):
        return "no counting" if call.name == "count" else None


def say(*calls, content=""):
    return HermesParser().render(content, [Call(name, args) for name, args in calls])


@pytest.fixture
def env():
    env = Counter()
    yield env
    env.close()


def test_an_episode_from_question_to_answer(env):
    opening, info = env.reset(seed=1, options={"task": "train-2"})
    assert [(m["role"], m["content"]) for m in opening] == [
        ("system", "Count."),
        ("user", "Count to 2."),
    ]
    assert info["task_id"] == "train-2"
    assert [tool["function"]["name"] for tool in info["tools"]] == ["count", "leave"]
    observation, reward, terminated, truncated, info = env.step(say(("count", {}), ("count", {})))
    assert [m["content"] for m in observation] == ["1", "2"]
    assert (reward, terminated, truncated) == (0.0, False, False)
    assert [call.result for call in info["calls"]] == ["1", "2"]
    observation, reward, terminated, truncated, info = env.step("done")
    assert (observation, reward, terminated, truncated) == ((), 1.0, True, False)
    assert (info["end"], info["answer"], info["outcome"]) == ("answered", "done", 1.0)


def test_the_answer_never_reaches_the_policy(env):
    # It would learn to read it.
    opening, info = env.reset(options={"task": Task("x", "counter", "Count.", "secret-42")})
    assert "secret-42" not in str((opening, info))


@pytest.mark.parametrize(
    ("turn", "failure", "said"),
    [
        (say(("cuont", {})), "unknown_tool", "did you mean count?"),
        (say(("count", {"times": "2"})), "bad_arguments", "argument 'times'"),
        (say(("count", {"tims": 2})), "bad_arguments", "did you mean times?"),
        (say(("count", {"times": -1})), "tool_error", "cannot count back"),
    ],
)
def test_a_bad_call_is_an_observation(env, turn, failure, said):
    # An exception would end the run; silence would teach the policy nothing.
    env.reset(options={"task": "train-1"})
    observation, _, terminated, _, info = env.step(turn)
    assert info["calls"][0].failure == failure
    assert said in observation[0]["content"]
    assert not terminated


def test_a_malformed_call_is_no_answer(env):
    env.reset(options={"task": "train-1"})
    observation, _, terminated, _, info = env.step('<tool_call>{"name": "count"')
    assert (terminated, info["answer"], info["calls"]) == (False, None, [])
    assert "valid JSON" in observation[0]["content"]


def test_a_gate_stops_a_call_before_it_runs():
    env = Counter(gate=NoCounting())
    env.reset(options={"task": "train-1"})
    observation, *_, info = env.step(say(("count", {})))
    assert info["calls"][0].failure == "refused"
    assert observation[0]["content"] == "Error: no counting"
    assert env.state["count"] == 0
    env.close()


@pytest.mark.parametrize(
    ("turn", "end", "terminated", "truncated"),
    [
        ("42", "answered", True, False),
        ("  \n", "policy_stopped", True, False),
        (say(("leave", {})), "finished", True, False),
        (say(("count", {})), "turn_limit", False, True),
    ],
)
def test_how_an_episode_ends(turn, end, terminated, truncated):
    env = Counter(max_turns=1)
    env.reset(options={"task": "train-1"})
    *_, ended, cut, info = env.step(turn)
    assert (info["end"], ended, cut) == (end, terminated, truncated)
    with pytest.raises(ResetNeeded):
        env.step("again")
    env.close()


def test_a_step_before_reset_is_refused(env):
    with pytest.raises(ResetNeeded, match="reset"):
        env.step("hello")


def test_a_snapshot_is_as_good_as_a_replay(env):
    # Branching and splicing start episodes in the middle: they must be the same episodes.
    env.reset(seed=3, options={"task": "train-2"})
    env.step(say(("count", {})))
    snapshot = env.snapshot()
    first = env.step(say(("count", {})))[0], env.step("x")[1], dict(env.state)
    draws = env.np_random.integers(0, 100, 5).tolist()
    for other in (env, Counter()):
        other.restore(snapshot)
        assert len(other.turns) == 1
        again = other.step(say(("count", {})))[0], other.step("x")[1], dict(other.state)
        assert again == first
        assert other.np_random.integers(0, 100, 5).tolist() == draws
    other.close()


def test_the_record_has_all_of_the_episode_and_is_nobody_elses(env):
    """Rollouts and experts hand it out: what is played next must not change it."""
    opening, _ = env.reset(options={"task": "train-1"})
    env.step(say(("count", {})))
    *_, info = env.step("done")
    played = env.trajectory
    assert (played.task_key, played.tools) == (("counter", "train-1"), ["count", "leave"])
    assert (played.prompt, len(played.turns)) == (list(opening), 2)
    assert [call.result for call in played.calls] == ["1"]
    assert (played.end, played.answer, played.outcome) == ("answered", "done", 1.0)
    assert (info["end"], info["answer"], info["outcome"]) == ("answered", "done", 1.0)
    env.reset()
    env.step("other")
    assert (len(played.turns), played.answer, env.answer) == (2, "done", "other")


def test_the_seed_decides_the_episode(env):
    one = env.reset(seed=5), dict(env.state)
    env.reset(seed=6)
    assert (env.reset(seed=5), dict(env.state)) == one


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda: Counter(split="trian"), "has no split 'trian'; did you mean train?"),
        (lambda: Counter(step_sise=2), "unknown option 'step_sise'; did you mean step_size?"),
        (lambda: Counter(step_size="many"), "option 'step_size'"),
    ],
)
def test_a_wrong_setting_names_the_right_one(build, expected):
    with pytest.raises(ConfigError) as raised:
        build()
    assert expected in str(raised.value)


def test_a_task_that_is_not_there_is_named(env):
    with pytest.raises(DataError, match="no task 'train-9' in split 'train'"):
        env.reset(options={"task": "train-9"})
    with pytest.raises(DataError, match="no task in split 'ood'"):
        Counter(split="ood").reset()


class Conversation(Counter):
    """Two user messages; `+N` counts, too."""

    name = "conversation"

    def read_calls(self, content):
        return [Call("count", {"times": int(content[1:])})] if content.startswith("+") else []

    def reply(self, content):
        self.state["heard"] = self.state.get("heard", 0) + 1
        return "One more, please." if self.state["heard"] == 1 else None


def test_the_user_speaks_again_after_a_turn_without_calls():
    env = Conversation()
    env.reset(seed=0, options={"task": env.tasks("train")[1]})
    observation, _, terminated, *_ = env.step("Hello.")
    assert observation == ({"role": "user", "content": "One more, please."},)
    assert not terminated
    assert env.answer is None
    *_, info = env.step("Goodbye.")
    assert (info["end"], info["answer"]) == ("answered", "Goodbye.")


def test_a_conversation_keeps_to_its_turn_limit():
    env = Conversation(max_turns=1)
    env.reset(seed=0)
    *_, truncated, info = env.step("Hello.")
    assert truncated
    assert info["answer"] is None


def test_a_domain_reads_calls_in_its_own_notation():
    env = Conversation()
    env.reset(seed=0)
    observation, *_ = env.step("+2")
    assert observation == ({"role": "tool", "name": "count", "content": "2"},)
    env.step(say(("count", {"times": 1}), content="+2"))  # written calls win
    assert env.state["count"] == 3


class Locked(Counter):
    """Only even tasks have `leave`, and counting takes it away."""

    def tools_for(self, task):
        even = task.answer % 2 == 0 and not self.state["count"]
        return self.make_tools()[: 1 + even]


def test_each_task_may_have_its_own_tools(env):
    # A benchmark gives other functions with each question; a snapshot must know which.
    env, other = Locked(), Locked()
    for task, names in (("train-0", ["count", "leave"]), ("train-1", ["count"])):
        _, info = env.reset(options={"task": task})
        assert [tool["function"]["name"] for tool in info["tools"]] == names == list(env.tools)
    *_, info = env.step(say(("leave", {})))
    assert info["calls"][0].failure == "unknown_tool"

    env.reset(options={"task": "train-0"})
    other.restore(env.snapshot())
    assert list(other.tools) == ["count", "leave"]
    env.step(say(("count", {"times": 1})))
    other.restore(env.snapshot())
    assert list(other.tools) == ["count"]
    for each in (env, other):
        each.close()


class Stops(Counter):
    def make_tools(self):
        return [*super().make_tools(), Tool(self.stop)]

    def stop(self, reason: str = "") -> str:
        """Stop."""
        return "stopped"


class Twins(Counter):
    def make_tools(self):
        return [Tool(self.count), Tool(self.leave, name="count")]


def test_a_tool_does_not_hide_what_every_environment_has():
    # A rollout that ran out of tokens would call the tool.
    with pytest.raises(PluginError, match=r"made from the method 'stop', .* Tool\(self.stop_tool"):
        Stops()


def test_two_tools_of_one_name_are_an_error():
    with pytest.raises(PluginError, match="'counter' has two tools named 'count'"):
        Twins()


@pytest.mark.parametrize("given", [True, np.True_, np.float32(1), np.int64(1), np.array(1)])
def test_an_outcome_may_be_any_number(given):
    # Trajectories with a scalar of numpy cannot be saved.
    class Verified(Counter):
        def verify(self):
            return given

    env = Verified()
    env.reset(seed=0)
    outcome = env.step("Done.")[-1]["outcome"]
    assert (outcome, type(outcome), env.stop("error")) == (1.0, float, 1.0)


def test_an_outcome_that_is_no_number_is_named():
    class Verified(Counter):
        def verify(self):
            return "right"

    env = Verified()
    env.reset(seed=0)
    with pytest.raises(PluginError, match="counter: verify returned 'right'; expected a number"):
        env.step("Done.")
