"""BFCL: each question with its own functions, scored as the leaderboard scores."""

from __future__ import annotations

import warnings
from copy import deepcopy

import gymnasium
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.trajectory import Call
from mentor_core.support.errors import ConfigError
from mentor_envs.bfcl import embedded
from mentor_envs.bfcl.env import Bfcl
from mentor_envs.bfcl.skills import SKILLS
from mentor_lab.testing import json_values
from mentor_toolkit.call_check import check_calls

from .playing import play

SPLITS = ("train", "eval", "phrasing", "tools")
env = Bfcl(categories=embedded.CATEGORIES, ood_categories=[])
TASKS = env.tasks("train")
CALLING = [task for task in TASKS if task.answer]


def outcome_of(task, calls, content=""):
    env.reset(options={"task": task})
    *_, info = env.step(env.turn_text(content, calls))
    assert info["end"] is not None
    return info["outcome"]


def right_calls(task):
    ((_, calls),) = env.expert(task)
    return calls


def test_gymnasium_finds_nothing_to_complain_about():
    # Other people's wrappers rely on what check_env checks.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(Bfcl(), skip_render_check=True)


def test_gymnasium_makes_it():
    made = gymnasium.make("mentor_core.gym:mentor/bfcl-v0", categories="parallel")
    observation, info = made.reset(seed=0)
    assert [message["role"] for message in observation] == ["system", "user"]
    assert len(info["tools"]) == 1
    made.close()


@pytest.mark.parametrize("split", SPLITS)
def test_the_expert_solves_every_task(split):
    # Without references there is no teacher to learn from.
    made = Bfcl()
    assert len(made.tasks(split)) >= 100
    assert [task.id for task in made.tasks(split) if play(made, task)["outcome"] != 1.0] == []
    made.close()


def test_each_task_shows_its_own_functions():
    # A policy that is shown another question's functions cannot answer.
    made = Bfcl()
    for task in made.tasks("train")[::40]:
        _, info = made.reset(options={"task": task})
        functions = [function["name"] for function in task.metadata["functions"]]
        assert [tool["function"]["name"] for tool in info["tools"]] == functions
        for tool in info["tools"]:
            assert tool["function"]["parameters"]["type"] == "object"


def test_a_question_is_over_after_one_turn():
    task = CALLING[0]
    for turn in (env.parser.render("", right_calls(task)), "No tool fits.", "<tool_call>oops"):
        env.reset(options={"task": task})
        _, reward, terminated, truncated, info = env.step(turn)
        assert terminated and not truncated
        assert reward == info["outcome"] == env.verify()
        assert env.verdict().valid is not bool(env.verdict().reason)


def test_irrelevance_rewards_calling_nothing():
    tasks = [task for task in TASKS if task.metadata["category"] == "irrelevance"]
    assert len(tasks) > 50
    for task in tasks[::10]:
        assert outcome_of(task, [], "No tool can do that.") == 1.0
        assert outcome_of(task, [Call(next(iter(env.tools)), {})]) == 0.0
        env.reset(options={"task": task})
        # A call that went wrong is not a decision to call nothing.
        assert env.step("<tool_call>{")[4]["outcome"] == 0.0


def test_an_episode_cut_short_earns_nothing():
    # Rambling on until the tokens are spent is no refusal to call.
    task = next(task for task in TASKS if task.answer == [])
    env.reset(options={"task": task})
    assert env.stop("token_limit") == 0.0


@given(st.sampled_from(CALLING), st.data())
def test_mutated_ground_truth_is_not_valid(task, data):
    calls = deepcopy(right_calls(task))
    kind = data.draw(st.sampled_from(["drop", "repeat", "rename", "add", "change"]))
    index = data.draw(st.integers(0, len(calls) - 1))
    call = calls[index]
    if kind == "drop":
        calls.pop(index)
    elif kind == "repeat":
        calls.append(call)
    elif kind == "rename":
        call.name += "s"
    elif kind == "add":
        call.arguments["unheard_of"] = 1
    else:
        key = data.draw(st.sampled_from(sorted(call.arguments)))
        call.arguments[key] = data.draw(
            st.sampled_from([None, 1.5, True, [], {}, "unheard of", [["a"]]]).filter(
                lambda value: value != call.arguments[key]
            )
        )
    assert outcome_of(task, calls) == 0.0


@given(st.sampled_from(CALLING), st.randoms())
def test_calls_may_come_in_any_order(task, random):
    calls = right_calls(task)
    random.shuffle(calls)
    assert outcome_of(task, calls) == 1.0


@given(st.sampled_from(TASKS), st.data())
def test_calls_of_any_kind_are_scored_and_never_raise(task, data):
    # What a model calls is not ours to choose; an exception would cost the whole batch.
    env.reset(options={"task": task})
    calls = data.draw(
        st.lists(
            st.builds(
                Call,
                name=st.sampled_from([*env.tools, "unheard_of", ""]),
                arguments=st.dictionaries(
                    st.sampled_from(["city", "minutes", "self", "function"]), json_values()
                ),
            ),
            max_size=3,
        )
    )
    outcome = outcome_of(task, calls)
    assert outcome == float(check_calls(calls, task.metadata["functions"], task.answer).valid)


@given(st.sampled_from(TASKS), st.text())
def test_text_of_any_kind_never_raises(task, text):
    env.reset(options={"task": task})
    assert env.step(text)[4]["outcome"] in (0.0, 1.0)


def test_splits_are_the_same_everywhere_and_share_nothing():
    # Evaluation would measure memory.
    made = Bfcl()
    names, prompts = (
        {split: {getattr(task, key) for task in made.tasks(split)} for split in SPLITS}
        for key in ("id", "prompt")
    )
    for found in (names, prompts):
        assert not found["train"] & found["eval"]
        assert not found["phrasing"] & (found["train"] | found["eval"])
    assert not prompts["tools"] & prompts["train"]
    assert {"embedded_simple_python_0", "embedded_simple_python_1"} <= names["train"]
    assert {task.split for task in made.tasks("ood")} == {"phrasing", "tools"}
    other = Bfcl(categories="simple_python", eval_share=1)
    assert (len(other.tasks("train")), len(other.tasks("eval"))) == (0, 240)


def test_categories_can_be_put_into_ood():
    made = Bfcl(ood_categories="multiple", categories="parallel")
    own = [task for task in made.tasks("ood") if task.split == "ood"]
    assert {task.metadata["category"] for task in own} == {"multiple"}
    assert len(own) == 240


def test_every_function_is_asked_for_in_every_way():
    # A function or an argument that no question needs is never learnt.
    made = Bfcl()
    asked = {}
    for task in made.tasks("train"):
        for call in task.metadata["calls"]:
            given = frozenset(k for k, v in call["acceptable"].items() if "" not in v)
            asked.setdefault(call["name"], set()).add(given)
    assert set(asked) == {skill.name for skill in SKILLS}
    for skill in SKILLS:
        assert set().union(*asked[skill.name]) == set(skill.slots), skill.name


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"categories": "paralel"}, "unknown category 'paralel'; did you mean parallel"),
        ({"categories": "simple_java"}, "simple_java is not supported: .* Java"),
        ({"categories": ["memory"]}, "memory is not supported"),
        ({"categories": "multi_turn_base"}, "set data .* pip install --no-deps bfcl-eval"),
        ({"categories": "live_simple"}, "own files only: set data"),
        ({"ood_categories": "multiple"}, "multiple in categories and in ood_categories"),
        ({"categories": []}, "categories"),
        ({"eval_share": 2}, "eval_share"),
        ({"category": "multiple"}, "unknown option 'category'; did you mean categories"),
    ],
)
def test_a_wrong_setting_is_explained(options, expected):
    with pytest.raises(ConfigError, match=expected):
        Bfcl(**options)
