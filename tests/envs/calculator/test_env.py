"""Calculator: the environment that gymnasium, experts and policies see."""

from __future__ import annotations

import warnings
from itertools import permutations

import gymnasium
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call
from mentor_core.support.errors import ConfigError
from mentor_envs.calculator.env import Calculator
from mentor_envs.calculator.tools import FUNCTIONS
from mentor_lab.testing import json_values

SMALL = {"train_size": 20, "eval_size": 128, "ood_size": 64}
env = Calculator(**SMALL)


def make():
    return Calculator(train_size=5)


def play(env, task):
    env.reset(seed=0, options={"task": task})
    expert, calls, observations = env.expert(task), None, []
    while env.end is None:
        text, wanted = next(expert) if calls is None else expert.send(calls)
        observation, *_, info = env.step(env.turn_text(text, wanted))
        calls = info["calls"]
        observations.append(observation)
    return info, observations


def test_gymnasium_finds_nothing_to_complain_about():
    # Other people's wrappers rely on what check_env checks.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(make(), skip_render_check=True)


def test_gymnasium_makes_it():
    made = gymnasium.make("mentor_core.gym:mentor/calculator-v0", train_size=3)
    observation, info = made.reset(seed=0)
    assert observation[0]["role"] == "system"
    assert len(info["tools"]) == 12
    made.close()


@pytest.mark.parametrize(
    "vector", [SyncVectorEnv, lambda makers: AsyncVectorEnv(makers, shared_memory=False)]
)
def test_vector_environments_run_it(vector):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        envs = vector([make, make])
    observations, _ = envs.reset(seed=0)
    assert len(observations) == 2
    _, rewards, terminated, truncated, _ = envs.step(("Answer: no", "<tool_call>"))
    assert rewards.tolist() == [0.0, 0.0]
    assert terminated.tolist() == [True, False]
    assert not truncated.any()
    envs.close()


@pytest.mark.parametrize("split", ["eval", *Calculator.shifts])
def test_the_expert_solves_every_task(split):
    # A reference that fails would teach a wrong solution.
    for task in env.tasks(split):
        info, observations = play(env, task)
        assert (info["outcome"], info["end"]) == (1.0, "answered"), task
        assert len(observations) == task.metadata["n_steps"] + 1


def test_without_a_reference_there_is_no_expert():
    assert env.expert(Task("x", "calculator", "1+1?", "2")) is None


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Answer: 14", "14"),
        ("I think it is 14. ANSWER:  14 ", "14"),
        ("Answer: 13\nno, Answer: 14", "14"),
        (r"so \boxed{14}", "14"),
        (r"\boxed{13} and \boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"Answer: \boxed{14}", "14"),
        ("14", "14"),
        ("it is 14", "it is 14"),
        ("a long speech about numbers that ends with 14", None),
        ("Answer:  ", None),
        (r"Answer: \boxed{}", None),
    ],
)
def test_the_answer_is_found(text, answer):
    # A right answer that is not found would be punished.
    assert env.read_answer(text) == answer


@pytest.mark.parametrize(
    ("turn", "outcome"),
    [
        ("Answer: 14", 1.0),
        ("Answer: 14.0 apples", 1.0),
        ("14", 1.0),
        ("Answer: 15", 0.0),
        ("Answer: 14 or 15", 0.0),
        ("Answer: 14\nAnswer: 15", 0.0),
        ("", 0.0),
        ("Answer:", 0.0),
    ],
)
def test_the_outcome(turn, outcome):
    env.reset(options={"task": Task("x", "calculator", "?", "14")})
    info = env.step(turn)[4]
    assert info["outcome"] == outcome


def test_a_task_without_an_answer_is_not_scored():
    env.reset(options={"task": Task("x", "calculator", "?")})
    assert env.step("Answer: 14")[4]["outcome"] is None


def test_an_episode_without_an_answer_has_failed():
    short = Calculator(max_turns=1, **SMALL)
    short.reset(seed=0)
    info = short.step('<tool_call>{"name": "add", "arguments": {"a": 1, "b": 2}}</tool_call>')[4]
    assert (info["end"], info["outcome"]) == ("turn_limit", 0.0)
    short.close()


def key(name, **arguments):
    return env.canonical(Call(name, arguments))


numbers = st.integers(-99, 99) | st.floats(-99, 99)


@given(st.lists(numbers, min_size=2, max_size=4))
def test_order_does_not_matter_where_it_does_not(values):
    # An order-tolerant reward would punish add(2, 1) where the teacher wrote add(1, 2).
    a, b, *_ = values
    assert key("add", a=a, b=b) == key("add", b=a, a=b) == key("sum_numbers", numbers=[b, a])
    assert key("multiply", a=a, b=b) == key("multiply", a=b, b=a)
    keys = {key("sum_numbers", numbers=list(order)) for order in permutations(values)}
    assert len(keys) == 1
    assert (key("subtract", a=a, b=b) == key("subtract", a=b, b=a)) is (a == b)
    assert (key("divide", a=a, b=b) == key("divide", a=b, b=a)) is (a == b)


def test_equal_calls_have_equal_keys_and_others_do_not():
    assert key("add", a=1, b=2) == key("add", a=1.0, b=2.0)
    assert key("add", a=0, b=2) == key("add", a=-0.0, b=2)
    assert key("round_number", x=2.5) == key("round_number", x=2.5, digits=0)
    assert key("add", a=1, b=2) != key("multiply", a=1, b=2)
    assert key("add", a=1, b=2) != key("add", a=1, b=3)
    assert key("sqrt", x=4) != key("floor", x=4)
    assert key("round_number", x=2.5, digits=10**400) is None  # no float can be that


names = st.sampled_from([*FUNCTIONS, "unknown"])
arguments = st.dictionaries(
    st.sampled_from(["a", "b", "numbers", "x", "digits", "base", "exponent", "y"]),
    json_values() | numbers | st.integers() | st.lists(numbers, max_size=3),
)


@given(names, arguments)
def test_keys_of_arbitrary_calls_never_raise(name, arguments):
    # Calls come from a model.
    assert isinstance(env.canonical(Call(name, arguments)), str | None)


def test_random_actions_never_raise():
    # What a policy writes at the start of training is little better than this.
    played = Calculator(max_turns=3, **SMALL)
    played.reset(seed=1)
    played.action_space.seed(1)
    for _ in range(500):
        observation, reward, terminated, truncated, _ = played.step(played.action_space.sample())
        assert played.observation_space.contains(observation)
        assert reward in (0.0, 1.0)
        if terminated or truncated:
            played.reset()
    played.close()


def test_a_snapshot_is_as_good_as_a_replay():
    # Branching from the middle of an episode would give another episode.
    task = env.tasks("ood")[0]
    _, whole = play(env, task)
    env.reset(seed=0, options={"task": task})
    expert = env.expert(task)
    text, calls = next(expert)
    first, *_, info = env.step(env.parser.render(text, calls))
    other = make()
    other.restore(env.snapshot())
    observations = [first]
    while other.end is None:
        text, calls = expert.send(info["calls"])
        observation, *_, info = other.step(other.parser.render(text, calls))
        observations.append(observation)
    assert (observations, info["outcome"]) == (whole, 1.0)
    other.close()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"tasks_fil": "x"}, "did you mean tasks_file?"),
        ({"train_size": -1}, "train_size"),
        ({"min_steps": 4}, r"min_steps \(4\) > max_steps \(3\)"),
        ({"max_steps": 99}, "max_steps"),
    ],
)
def test_a_wrong_option_is_explained(options, expected):
    with pytest.raises(ConfigError, match=expected.replace("?", r"\?")):
        Calculator(**options)
