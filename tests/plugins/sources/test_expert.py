import pytest

from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call
from mentor_core.support.errors import PluginError
from mentor_core.tools.tool import Tool
from mentor_plugins.sources.expert import ExpertSource


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def play(task):
    (call,) = yield "Let me add.", [Call("add", {"a": 1, "b": 2})]
    yield call.result, []


def refuse(task):
    yield "", [Call("add", {"a": 1, "b": 2})]
    raise KeyError("lost")


def give_up(task):
    yield "", [Call("add", {"a": 1, "b": 2})]


def mumble(task):
    yield "<tool_call>", []


def go_on(task):
    while True:
        yield "", [Call("add", {"a": 1, "b": 2})]


class Sums(ToolEnv):
    name = "sums"
    system_prompt = "Use the tools."

    def make_tools(self):
        return [Tool(add)]

    def load_tasks(self, split):
        return []

    def verify(self):
        return float(self.answer == self.task.answer)

    def expert(self, task):
        solver = globals().get(task.id)
        return solver(task) if solver else None


def find(*ids):
    env = Sums(max_turns=3)
    return ExpertSource().find([Task(id_, "sums", "What is 1 + 2?", "3") for id_ in ids], env)


def test_an_expert_is_played_and_recorded_whole():
    found = find("play", "nobody")
    assert list(found) == ["play"]
    (reference,) = found["play"]
    assert [message["role"] for message in reference.prompt] == ["system", "user"]
    assert [call.result for call in reference.calls] == ["3"]
    assert reference.turns[0].text.startswith("Let me add.\n<tool_call>")
    assert reference.turns[0].observation == [{"role": "tool", "name": "add", "content": "3"}]
    assert (reference.end, reference.answer, reference.outcome) == ("answered", "3", 1.0)
    assert (reference.source, reference.tools, reference.seed) == ("expert", ["add"], 0)


def test_references_do_not_share_turns():
    first, second = find("play")["play"][0], find("go_on", "play")
    assert len(first.turns) == len(second["play"][0].turns) == 2
    assert len(second["go_on"][0].turns) == 3


def test_an_expert_that_runs_out_of_turns_is_recorded_as_it_is():
    (reference,) = find("go_on")["go_on"]
    assert (reference.end, reference.outcome) == ("turn_limit", 0.0)


@pytest.mark.parametrize(
    ("task", "problem"),
    [
        ("refuse", "raised KeyError: 'lost'"),
        ("give_up", "stopped before the episode ended"),
        ("mumble", "stopped before the episode ended"),
    ],
)
def test_a_broken_expert_names_its_task(task, problem):
    with pytest.raises(PluginError, match=f"'sums' on task '{task}' {problem}"):
        find(task)


def test_a_budget_of_references_is_spent_on_the_first_tasks():
    """Reinforcement may play thousands of tasks, and a teacher solve only a few of them."""
    env = Sums(max_turns=3)
    tasks = [Task(name, "sums", name) for name in ("play", "go_on", "refuse")]
    assert [*ExpertSource(most=2).find(tasks, env)] == ["play", "go_on"]
