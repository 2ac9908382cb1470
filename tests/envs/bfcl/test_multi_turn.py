"""Multi-turn questions: the user speaks again, and state and results are checked."""

from __future__ import annotations

import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mentor_core.contracts.trajectory import Call
from mentor_core.support.errors import ConfigError
from mentor_envs.bfcl.env import Bfcl
from mentor_lab.testing import json_values

from .playing import play, play_script


def named(env, name):
    return next(task for task in env.tasks("train") if task.id == name)


def calls_of(task):
    return [[Call(c["name"], c["arguments"]) for c in calls] for calls in task.answer]


def test_ground_truth_of_every_dialogue_is_valid(installed, category):
    # A task whose own answer is wrong would punish whoever is right.
    env = Bfcl(data=installed, categories=category, eval_share=0, max_turns=40)
    tasks = env.tasks("train")
    wrong = [task.id for task in tasks if play(env, task)["outcome"] != 1.0]
    env.close()
    assert len(tasks) == 200
    # In this one the ground truth calls a function before upstream shows it.
    assert wrong == (["multi_turn_miss_func_49"] if category == "multi_turn_miss_func" else [])


def test_ground_truth_of_the_shared_files_is_valid(installed, shared_data):
    data = str(shared_data / "bfcl")
    env = Bfcl(data=data, categories="multi_turn_base", eval_share=0, max_turns=40)
    outcomes = [play(env, task)["outcome"] for task in env.tasks("train")]
    env.close()
    assert outcomes == [1.0] * 200


def test_the_user_speaks_again_and_the_last_turn_ends_it(dialogues):
    task = named(dialogues, "multi_turn_base_1")
    opening, _ = dialogues.reset(options={"task": task})
    assert opening[-1] == {"role": "user", "content": task.metadata["turns"][0]}
    for wanted, message in zip(calls_of(task), [*task.metadata["turns"][1:], None], strict=True):
        if wanted:
            observation, *_ = dialogues.step(dialogues.parser.render("", wanted))
            assert [m["role"] for m in observation] == ["tool"] * len(wanted)
        observation, _, terminated, _, info = dialogues.step("Done.")
        assert list(observation) == (
            [] if message is None else [{"role": "user", "content": message}]
        )
        assert terminated is (message is None)
    assert (info["end"], info["outcome"], info["answer"]) == ("answered", 1.0, "Done.")


def test_what_went_wrong_first_is_said(dialogues):
    task = named(dialogues, "multi_turn_base_0")
    truth = calls_of(task)

    def verdict(changed):
        script = [
            turn for calls in changed for turn in ([("", calls)] if calls else []) + [("", [])]
        ]
        assert play_script(dialogues, task, script)["outcome"] == 0.0
        return dialogues.verdict().reason

    assert verdict([[], *truth[1:]]) == "turn 1 of the user: nothing is called"
    assert verdict([truth[0][:1], *truth[1:]]).startswith(
        "turn 1 of the user: not as it should be: GorillaFileSystem."
    )
    assert verdict([truth[0], truth[1][:1], *truth[2:]]).startswith(
        "turn 2 of the user: no call had the result"
    )


def test_functions_that_are_held_back_come_later(installed):
    env = Bfcl(data=installed, categories="multi_turn_miss_func", eval_share=0, max_turns=40)
    task = named(env, "multi_turn_miss_func_0")
    (turn,) = [index for index, names in enumerate(task.metadata["held_back"]) if names]
    (name,) = task.metadata["held_back"][turn]
    _, info = env.reset(options={"task": task})
    assert name not in [tool["function"]["name"] for tool in info["tools"]]
    for _ in range(turn):
        assert name not in env.tools
        early = env.snapshot()
        observation, *_ = env.step("I cannot do that.")
    assert name in env.tools
    assert f'"name": "{name}"' in observation[0]["content"]
    env.restore(early)
    assert name not in env.tools
    env.close()


def test_a_snapshot_is_as_good_as_a_replay(dialogues):
    task = named(dialogues, "multi_turn_base_0")
    first, *rest = calls_of(task)
    dialogues.reset(seed=0, options={"task": task})
    dialogues.step(dialogues.parser.render("", first))
    snapshot = dialogues.snapshot()
    other = Bfcl(data="installed", categories="multi_turn_base", eval_share=0, max_turns=40)
    for env in (other, dialogues, other):
        env.restore(snapshot)
        env.step("Done.")
        for calls in rest:
            env.step(env.parser.render("", calls))
            *_, info = env.step("Done.")
        assert info["outcome"] == 1.0
    other.close()


def test_two_environments_share_no_state(dialogues):
    task = named(dialogues, "multi_turn_base_0")
    other = Bfcl(data="installed", categories="multi_turn_base", eval_share=0)
    for env in (dialogues, other):
        env.reset(options={"task": task})
    for _ in range(2):  # the second time, the directory is there
        dialogues.step(dialogues.parser.render("", calls_of(task)[0]))
    *_, info = other.step(other.parser.render("", calls_of(task)[0]))
    assert "error" not in "".join(call.result for call in info["calls"])
    other.close()


def test_a_call_that_a_function_cannot_take_is_explained(dialogues):
    dialogues.reset(options={"task": "multi_turn_base_0"})
    calls = [Call("cd", {"directory": "x"}), Call("cd", {}), Call("reboot", {})]
    *_, info = dialogues.step(dialogues.parser.render("", calls))
    assert [call.failure for call in info["calls"]] == ["tool_error", "tool_error", "unknown_tool"]
    assert "unexpected keyword argument 'directory'" in info["calls"][0].result
    assert "missing" in info["calls"][1].result


def test_endless_work_on_one_message_ends_the_episode(dialogues):
    # Upstream gives up after 20 steps; a loop would spend all tokens.
    task = named(dialogues, "multi_turn_base_0")
    ls = ("", [Call("ls", {})])
    info = play_script(dialogues, task, [ls] * 30)
    assert (info["end"], info["outcome"], len(dialogues.turns)) == ("finished", 0.0, 21)


def test_an_expert_that_needs_more_turns_than_there_are_is_none(dialogues):
    task = named(dialogues, "multi_turn_base_0")
    short = Bfcl(data="installed", categories="multi_turn_base", eval_share=0, max_turns=7)
    assert dialogues.expert(task) is not None
    assert short.expert(task) is None


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("power", {"base": 9, "exponent": 10**12}),
        ("power", {"base": 10**9, "exponent": -(10**9)}),
        ("multiply", {"a": "ab", "b": 10**12}),
        ("logarithm", {"value": 2, "base": 10, "precision": 10**9}),
        ("square_root", {"number": 2, "precision": 10**8}),
    ],
)
def test_no_call_holds_the_interpreter(dialogues, name, arguments):
    # No time limit reaches into one operation on whole numbers: the run would hang.
    task = next(t for t in dialogues.tasks("train") if "MathAPI" in t.metadata["classes"])
    dialogues.reset(options={"task": task})
    started = time.perf_counter()
    *_, info = dialogues.step(dialogues.parser.render("", [Call(name, arguments)]))
    assert info["calls"][0].failure == "tool_error"
    assert "too large" in info["calls"][0].result
    assert time.perf_counter() - started < 1


def test_precision_is_given_back(dialogues):
    import mpmath

    before = mpmath.mp.dps
    task = next(t for t in dialogues.tasks("train") if "MathAPI" in t.metadata["classes"])
    dialogues.reset(options={"task": task})
    call = Call("logarithm", {"value": 20, "base": 10, "precision": 3})
    *_, info = dialogues.step(dialogues.parser.render("", [call]))
    assert info["calls"][0].failure is None
    assert mpmath.mp.dps == before


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_calls_of_any_kind_never_raise(dialogues, data):
    # What a model calls is not ours to choose; an exception would cost the whole batch.
    task = data.draw(st.sampled_from(dialogues.tasks("train")[::9]))
    dialogues.reset(options={"task": task})
    for _ in range(3):
        name = data.draw(st.sampled_from(sorted(dialogues.tools)))
        keys = [*dialogues.tools[name].parameters["properties"], "unheard_of"]
        arguments = data.draw(st.dictionaries(st.sampled_from(keys), json_values()))
        *_, info = dialogues.step(dialogues.parser.render("", [Call(name, arguments)]))
        assert info["calls"][0].result
    while dialogues.end is None:
        *_, info = dialogues.step("Done.")
    assert info["outcome"] in (0.0, 1.0)


@pytest.mark.parametrize("options", [{"data": "."}, {"data": "installed"}])
def test_without_bfcl_eval_it_says_what_to_install(monkeypatch, options):
    for name in [*sys.modules, "bfcl_eval"]:
        if name.partition(".")[0] == "bfcl_eval":
            monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigError, match="pip install --no-deps bfcl-eval"):
        Bfcl(categories="multi_turn_base", **options).tasks("train")
