"""Shifts: each a split of its own, ood their union, and tools under other names."""

from __future__ import annotations

import pytest

from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.parsing import HermesParser
from mentor_core.contracts.shifts import in_turn
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call
from mentor_core.support.errors import ConfigError, PluginError
from mentor_core.tools.renamed import Alias
from mentor_core.tools.tool import Tool
from mentor_toolkit.scripts import play_expert, replay


class Sums(ToolEnv):
    name = "sums"
    shifts = {"numbers": "larger numbers", "tools": "tools under other names"}
    aliases = {"add": Alias("plus", "first and second.", {"a": "first", "b": "second"})}

    def make_tools(self):
        return [Tool(self.add), Tool(self.note)]

    def add(self, a: float, b: float) -> float:
        """a + b."""
        return a + b

    def note(self, text: str) -> str:
        """Note a text."""
        return text

    def load_tasks(self, split):
        if split == "ood":
            return []
        size = 100 if split == "numbers" else 1
        return [Task(f"{split}-{n}", "sums", f"{n} + {size}?", n + size, split) for n in range(3)]

    def verify(self):
        return float(self.answer == str(self.task.answer))

    def expert(self, task):
        first, _, second = task.prompt.rstrip("?").split()
        (call,) = yield "", [Call("add", {"a": int(first), "b": int(second)})]
        yield call.result, []

    def canonical(self, call):
        return f"{call.name} {sorted(call.arguments.items())}" if call.name == "add" else None


def write(name, **arguments):
    return HermesParser().render("", [Call(name, arguments)])


def test_the_splits_are_those_of_every_environment_and_the_shifts():
    env = Sums()
    assert env.splits == ("train", "eval", "ood", "numbers", "tools")
    assert [task.id for task in env.tasks("numbers")] == ["numbers-0", "numbers-1", "numbers-2"]
    assert Sums(split="numbers").reset()[1]["task_id"].startswith("numbers-")


def test_ood_has_the_tasks_of_all_shifts_in_turn_each_saying_which():
    env = Sums()
    assert [(task.id, task.split) for task in env.tasks("ood")][:3] == [
        ("numbers-0", "numbers"),
        ("tools-eval-0", "tools"),
        ("numbers-1", "numbers"),
    ]
    assert len(env.tasks("ood")) == 6
    assert in_turn([[], [1, 2, 3], [4]]) == [1, 4, 2, 3]


def test_a_split_that_is_not_there_is_refused_with_those_that_are():
    expected = "'sums' has no split 'numbrs'; did you mean numbers.* ood, numbers, tools"
    for ask in (lambda: Sums(split="numbrs"), lambda: Sums().tasks("numbrs")):
        with pytest.raises(ConfigError, match=expected):
            ask()


@pytest.mark.parametrize("name", ["ood", "train", "two words", "a/b", ""])
def test_a_shift_that_cannot_be_a_split_is_refused(name):
    with pytest.raises(PluginError, match="a shift cannot be called"):
        type("Odd", (Sums,), {"shifts": {name: "…"}})()


def test_the_policy_is_shown_other_names_and_the_record_has_the_own():
    env = Sums()
    (task, *_) = env.tasks("tools")
    _, info = env.reset(options={"task": task})
    assert [tool["function"]["name"] for tool in info["tools"]] == ["plus", "note"]
    observation, *_, info = env.step(write("plus", first=1, second=2))
    (call,) = info["calls"]
    assert (call.name, call.arguments, call.result) == ("add", {"a": 1, "b": 2}, "3")
    assert call.key == "add [('a', 1), ('b', 2)]"
    assert observation == ({"role": "tool", "name": "plus", "content": "3"},)
    assert "plus" in env.turns[0].text and list(env.trajectory.tools) == ["add", "note"]
    env.reset(options={"task": env.tasks("eval")[0]})
    assert list(env.offered) == ["add", "note"]


def test_what_the_policy_is_not_shown_it_cannot_use():
    env = Sums()
    env.reset(options={"task": env.tasks("tools")[0]})
    turns = [
        (write("add", a=1, b=2), "unknown_tool"),
        (write("plus", a=1, b=2), "bad_arguments"),
        (write("plus", first=1, b=2), "bad_arguments"),
        (write("note", text="x"), None),
    ]
    for turn, failure in turns:
        (call,) = env.step(turn)[4]["calls"]
        assert call.failure == failure
    assert env.turns[0].calls[0].name != "add"  # which a reward would take for the right tool
    assert env.turns[1].calls[0].name == "add"
    assert env.turns[1].calls[0].arguments != {"a": 1, "b": 2}


def test_an_episode_under_other_names_is_replayed_to_the_letter():
    env = Sums()
    (task, *_) = env.tasks("tools")
    env.reset(options={"task": task})
    for turn in (write("add", a=1), write("plus", a=1), write("plus", first=0, second=1), "1"):
        env.step(turn)
    played = env.trajectory
    again = replay(env, task, played)
    assert (again.turns, again.outcome) == (played.turns, 1.0)


def test_an_expert_plays_under_other_names():
    env = Sums()
    for task in env.tasks("tools"):
        played = play_expert(env, task)
        assert (played.outcome, [call.name for call in played.calls]) == (1.0, ["add"])


def test_two_tools_of_one_name_are_refused():
    aliases = {"add": Alias("note", "…")}
    env = type("Twice", (Sums,), {"aliases": aliases})()
    with pytest.raises(PluginError, match="an alias gives a second tool the name 'note'"):
        env.reset(options={"task": env.tasks("tools")[0]})


def test_without_aliases_the_shift_changes_nothing():
    env = type("Plain", (Sums,), {"aliases": {}})()
    env.reset(options={"task": env.tasks("tools")[0]})
    assert list(env.offered) == ["add", "note"]
