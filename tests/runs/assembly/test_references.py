"""References: only verified ones teach, and what was saved is verified by playing it again."""

import time
from copy import deepcopy
from dataclasses import replace
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.parsing import HermesParser
from mentor_core.contracts.source import TrajectorySource
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Turn
from mentor_core.tools.tool import Tool
from mentor_envs.calculator.env import Calculator
from mentor_envs.files.env import Files
from mentor_lab.testing import json_values, trajectory_of
from mentor_plugins.parsers.llama3 import Llama3Parser
from mentor_runs.assembly.references import References, find_references, replayed_in, verified
from mentor_toolkit.scripts import play_expert

TASKS = [Task(f"task-{n}", "tests", "?") for n in (1, 2)]


class Silent(ToolEnv):
    name = "tests"

    def make_tools(self):
        return []

    def load_tasks(self, split):
        return TASKS

    def verify(self):
        return None


class Given(TrajectorySource):
    plays: ClassVar[bool] = True

    found: dict

    def find(self, tasks, env):
        return self.found


def find(found):
    return find_references(Given(found=found), TASKS, Silent())


def test_every_verified_reference_of_a_task_is_kept_in_order():
    first, second = trajectory_of("3", outcome=1.0), trajectory_of("3.0", outcome=1.0)
    references = find({"task-1": [first, second], "task-2": []})
    assert references.get(TASKS[0]) == [first, second]
    assert references.get(TASKS[1]) == []
    assert references.refused == {}
    assert set(references.of) == {("tests", "task-1")}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"outcome": None}, "outcome not verified"),
        ({"outcome": 0.99}, "outcome wrong"),
        ({"outcome": float("nan")}, "outcome wrong"),
        ({"outcome": 1.5}, "outcome wrong"),
        ({"outcome": None, "end": "error", "error": "down"}, "the episode broke"),
        ({"outcome": 1.0, "end": "error", "error": "down"}, "the episode broke"),
        ({"outcome": 1.0, "task_id": "task-2"}, "of another task"),
        ({"outcome": 1.0, "env": "calculator"}, "of another task"),
    ],
)
def test_a_reference_that_proves_nothing_is_refused_and_counted(wrong, why):
    """A student would be rewarded for doing as a teacher that failed."""
    good = trajectory_of("3", outcome=1.0)
    references = find({"task-1": [trajectory_of("4", **wrong), good, trajectory_of("4", **wrong)]})
    assert references.get(TASKS[0]) == [good]
    assert references.refused == {why: 2}


def test_references_of_two_environments_stand_side_by_side_though_ids_are_the_same():
    good, bad = trajectory_of("3", outcome=1.0), trajectory_of("4", outcome=0.0)
    elsewhere = trajectory_of("5", outcome=1.0, env="dice")
    joined = find({"task-1": [good, bad]}).joined(
        References({("dice", "task-1"): [elsewhere]}, {"outcome wrong": 2})
    )
    assert joined.get(TASKS[0]) == [good]
    assert joined.get(Task("task-1", "dice", "?")) == [elsewhere]
    assert joined.refused == {"outcome wrong": 3}


def test_a_task_nobody_asked_for_has_no_reference():
    assert References({}, {}).get(TASKS[0]) == []


# Saved episodes ----------------------------------------------------------------------------

ENVS = {"calculator": Calculator(train_size=12), "files": Files(train_size=12)}


def check(env, *trajectories):
    found = {}
    for trajectory in trajectories:
        found.setdefault(trajectory.task_key, []).append(trajectory)
    return verified(found, replayed_in(env, env.tasks("train")))


@pytest.mark.parametrize("name", ENVS)
def test_a_genuine_episode_comes_out_as_it_was(name):
    env = ENVS[name]
    genuine = [play_expert(env, task, seed=5) for task in env.tasks("train")]
    references = check(env, *genuine)
    assert references.notes() == []
    assert [r for rs in references.of.values() for r in rs] == genuine


@st.composite
def forged(draw):
    """An environment, a genuine episode in it, and the same with one thing written anew."""
    env = ENVS[draw(st.sampled_from(sorted(ENVS)))]
    task, other = draw(st.permutations(env.tasks("train")))[:2]
    genuine = play_expert(env, task)
    copy = deepcopy(genuine)
    call = draw(st.sampled_from(copy.calls))
    match draw(
        st.sampled_from(["task", "outcome", "name", "argument", "result", "shown", "tools"])
    ):
        case "task":
            copy.task_id = other.id
            copy.prompt = draw(st.sampled_from([copy.prompt, []]))
        case "outcome":  # of an episode that ends with something else
            copy.turns[-1] = Turn(draw(st.text()))
            copy.answer = draw(st.sampled_from([copy.answer, copy.turns[-1].text]))
        case "name":
            call.name = draw(st.sampled_from(sorted(env.tools)) | st.text())
        case "argument":
            key = draw(st.sampled_from(sorted(call.arguments) or ["a"]))
            call.arguments[key] = draw(json_values())
        case "result":
            call.result = draw(st.sampled_from(["3", "Error: no"]) | st.text())
        case "shown":
            turn = next(turn for turn in copy.turns if turn.calls)
            turn.observation[0]["content"] = draw(st.text())
        case "tools":
            copy.tools = [draw(st.text()), *copy.tools[1:]]
    if draw(st.booleans()):  # the text may say the same
        for turn in copy.turns:
            if turn.calls:
                turn.text = HermesParser().render("", turn.calls)
    return env, genuine, copy


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(forged())
def test_what_was_forged_is_no_reference_unless_it_might_have_been_played(example):
    """The reward would be taken for what nobody did, or for what is wrong."""
    env, genuine, copy = example
    assume(copy != genuine)
    for kept in check(env, copy).get(Task(copy.task_id, copy.env, "")):
        task = next(task for task in env.tasks("train") if task.id == copy.task_id)
        env.reset(seed=0, options={"task": task})
        for turn in kept.turns:
            *_, info = env.step(env.parser.render("", turn.calls) if turn.calls else turn.text)
            assert info["calls"] == turn.calls
        assert (info["outcome"], info["answer"]) == (1.0, copy.answer)
        assert [turn.calls for turn in copy.turns] == [turn.calls for turn in kept.turns]


def test_an_episode_made_with_other_tools_is_told_from_a_wrong_one():
    env = ENVS["calculator"]
    saved = play_expert(env, env.tasks("train")[0])
    saved.calls[0].result = "a lie"
    assert check(env, saved).refused == {"other results when replayed": 1}
    (note,) = check(env, saved).notes()
    assert saved.task_id in note and "a lie" in note
    assert check(env, replace(saved, tools=["add"])).refused == {"other tools when replayed": 1}


def test_the_text_of_a_turn_cannot_say_something_else():
    env = ENVS["calculator"]
    saved = play_expert(env, env.tasks("train")[0])
    saved.turns[0].text = HermesParser().render("", [Call("add", {"a": 1, "b": 1})])
    assert check(env, saved).refused == {"a turn's text has other calls": 1}


def test_a_teacher_of_another_format_that_thinks_is_replayed():
    """A large model's episodes are kept in its own format, and its prompt may open the thinking."""
    teacher = Calculator(train_size=12, parser=Llama3Parser())
    saved = play_expert(teacher, teacher.tasks("train")[0])
    saved.turns[-1].text = f"I know it.\n</think>\n\n{saved.turns[-1].text}"
    references = check(ENVS["calculator"], saved)
    assert references.notes() == []
    assert [r.turns for r in references.of[saved.task_key]] == [saved.turns]


class Clock(ToolEnv):
    """Says how late it is, and draws a number."""

    name = "clock"
    replayable = False

    def make_tools(self):
        return [Tool(self.now), Tool(self.draw)]

    def now(self) -> int:
        """How late is it?"""
        return time.perf_counter_ns()

    def draw(self) -> int:
        """A number."""
        return int(self.np_random.integers(10**9))

    def load_tasks(self, split):
        return [Task("t", "clock", "?")]

    def verify(self):
        return 1.0


def played(env, name, seed):
    prompt, _ = env.reset(seed=seed % 2**32, options={"task": "t"})
    for text in (env.parser.render("", [Call(name, {})]), "Done."):
        *_, info = env.step(text)
    fields = {"env": "clock", "task_id": "t", "outcome": info["outcome"], "seed": seed}
    fields |= {"turns": env.turns, "prompt": list(prompt), "tools": list(env.tools)}
    return trajectory_of(**fields, end=env.end, answer=env.answer)


def test_a_call_that_a_teacher_only_thought_of_is_none():
    env = ENVS["calculator"]
    saved = play_expert(env, env.tasks("train")[0])
    thought = HermesParser().render("Perhaps", [Call("add", {"a": 9, "b": 9})])
    saved.turns[0].text = f"{thought}? No.\n</think>\n\n{saved.turns[0].text}"
    assert check(env, saved).of == {saved.task_key: [saved]}


def test_what_cannot_be_replayed_is_taken_on_trust_and_counted():
    env = Clock()
    saved = played(env, "now", 1)
    references = check(env, saved)
    assert references.trusted == {"clock": 1}
    assert references.of == {saved.task_key: [saved]}
    assert references.notes() == ["1 reference(s) of clock taken on trust: they cannot be replayed"]
    joined = references.joined(check(env, saved)).joined(References({}, {}))
    assert joined.trusted == {"clock": 2}


def test_an_environment_that_forgot_to_say_so_is_named_with_what_differs():
    env = Clock()
    env.replayable = True
    assert check(env, played(env, "now", 1)).refused == {"other results when replayed": 1}


def test_what_is_drawn_is_drawn_again():
    env = Clock()
    env.replayable = True
    saved = played(env, "draw", 2**40 + 3)
    assert check(env, saved).notes() == []
    assert check(env, replace(saved, seed=4)).refused == {"other results when replayed": 1}


@pytest.mark.parametrize("end", ["token_limit", "time_limit"])
def test_an_episode_that_ran_out_is_replayed_as_far_as_it_went(end):
    env = Clock()
    env.replayable = True
    saved = played(env, "draw", 3)
    cut = replace(saved, turns=[saved.turns[0], Turn("Do", complete=False)], end=end, answer=None)
    assert check(env, cut).of == {cut.task_key: [cut]}
    assert check(env, replace(cut, end="answered")).refused == {"another end when replayed": 1}


def test_an_environment_that_breaks_in_a_replay_is_counted_and_stays_as_it_was():
    env = Clock()
    saved, parser = played(env, "draw", 3), env.parser
    env.replayable, env.verify = True, lambda: 1 / 0
    references = check(env, saved)
    assert references.refused == {"the replay failed": 1}
    assert "ZeroDivisionError" in references.notes()[0]
    assert env.parser is parser


def test_thousands_of_episodes_are_replayed_in_seconds():
    env = Calculator(train_size=1000)
    saved = [play_expert(env, task) for task in env.tasks("train")]
    began = time.perf_counter()
    assert len(check(env, *saved).of) == len(saved)
    assert time.perf_counter() - began < 10  # it takes 1


def test_what_was_not_saved_is_filled_in():
    """Episodes from elsewhere may have nothing but calls and results."""
    env = ENVS["calculator"]
    genuine = play_expert(env, env.tasks("train")[0])
    bare = replace(genuine, prompt=[], tools=[], turns=deepcopy(genuine.turns))
    for turn in bare.turns:
        turn.observation = []
    assert check(env, bare).of == {genuine.task_key: [genuine]}
