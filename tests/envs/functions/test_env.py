"""Functions: an environment from typed functions and a file of tasks, without a package."""

from __future__ import annotations

import gzip
import json
import sys
import warnings
from fractions import Fraction

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from mentor_core.contracts.task import Task
from mentor_core.door.registry import SOURCES, create
from mentor_core.support.errors import ConfigError, DataError, PluginError
from mentor_core.tools.tool import Tool
from mentor_envs.functions.env import Functions
from mentor_toolkit.scripts import play_expert

CODE = '''
PRICES = {"apple": 3, "pear": 4}


def price(fruit: str) -> int:
    """Price of a fruit in cents."""
    return PRICES[fruit]


async def multiply(a: float, b: float) -> float:
    """a * b."""
    return a * b


def _secret() -> str:
    return "not a tool"


FEW = [price]
'''
CHECKS = """
def called(task, answer, calls):
    return [call.name for call in calls] == ["price"]
"""
ROWS = [
    {
        "prompt": "What do two pears cost?",
        "answer": 8,
        "calls": [
            {"name": "price", "arguments": {"fruit": "pear"}},
            {"name": "multiply", "arguments": {"a": 4, "b": 2}},
        ],
    },
    {"prompt": "Which is cheaper?", "answer": ["apple", "an apple"], "id": "cheaper"},
    {"prompt": "Far?", "split": "ood", "metadata": {"level": 3}},
    {"prompt": "And one apple?", "answer": "3", "calls": []},
]


def price(fruit: str) -> int:
    """Price of a fruit in cents."""
    return {"apple": 3, "pear": 4}[fruit]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_tools.py").write_text(CODE)
    (tmp_path / "checks.py").write_text(CHECKS)
    (tmp_path / "tasks.jsonl").write_text("\n".join(map(json.dumps, ROWS)) + "\n")
    return tmp_path


def make(**options):
    return Functions(**{"tools": "my_tools.py", "tasks_file": "tasks.jsonl", **options})


def answer(env, task, content):
    env.reset(options={"task": task})
    return env.step(content)[-1]


def test_a_file_of_functions_and_a_file_of_tasks_are_an_environment(folder):
    env = make()
    assert list(env.tools) == ["price", "multiply"]
    assert [task.id for task in env.tasks("train")] == ["row-1", "cheaper"]
    assert [task.id for task in env.tasks("eval")] == ["row-4"]
    (far,) = env.tasks("ood")
    assert far.metadata["level"] == 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(make(), skip_render_check=True)


def test_reference_calls_are_played_and_verified(folder):
    # They are the teacher: without them no dense reward.
    env = make(tools=["my_tools.py:price", "my_tools.py:multiply"], max_turns=3)
    found = create(SOURCES, "expert").find([*env.tasks("train"), *env.tasks("eval")], env)
    assert {task: reference.outcome for task, (reference,) in found.items()} == {
        "row-1": 1.0,
        "row-4": 1.0,
    }
    assert [call.result for call in found["row-1"][0].calls] == ["4", "8"]
    env.max_turns = 2  # no turn would be left for the answer
    assert env.expert(env.tasks("train")[0]) is None


@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        ("Answer: 8", 1.0),
        ("That makes 8.00 cents.\nAnswer: $8", 1.0),
        (r"\boxed{8}", 1.0),
        ("8", 1.0),
        ("Answer: 9", 0.0),
        ("", 0.0),
    ],
)
def test_numbers_are_compared_by_value(folder, content, outcome):
    env = make()
    assert answer(env, env.tasks("train")[0], content)["outcome"] == outcome


def test_any_of_several_answers_is_right_and_no_answer_is_not_scored(folder):
    env = make()
    cheaper, (open_question,) = env.tasks("train")[1], env.tasks("ood")
    assert answer(env, cheaper, "Answer: An Apple.")["outcome"] == 1.0
    assert answer(env, cheaper, "Answer: pear")["outcome"] == 0.0
    assert answer(env, open_question, "far")["outcome"] is None


def test_a_function_of_ones_own_decides(folder):
    env = make(verify="checks.py:called")
    task = env.tasks("train")[0]
    assert answer(env, task, "8")["outcome"] == 0.0
    env.reset(options={"task": task})
    env.step('<tool_call>{"name": "price", "arguments": {"fruit": "pear"}}</tool_call>')
    assert env.step("whatever")[-1]["outcome"] == 1.0
    (folder / "both.py").write_text(CODE + CHECKS)
    assert list(make(tools="both.py", verify="both.py:called").tools) == ["price", "multiply"]
    env = make(verify=lambda task, answer, calls: 7)
    with pytest.raises(PluginError, match="verify returned 7 on task"):
        answer(env, task, "8")
    env = make(verify=lambda task, answer, calls: 1 / 0)
    with pytest.raises(PluginError, match=r"verify raised on task .* ZeroDivisionError"):
        answer(env, task, "8")
    env = make(verify=lambda task, answer, calls: sys.exit(3))  # would end the run
    with pytest.raises(PluginError, match=r"verify raised on task .* SystemExit: 3"):
        answer(env, task, "8")


def test_a_plugin_gives_them_a_name_of_their_own(folder):
    class Shop(Functions):
        name = "shop"

        class Options(Functions.Options):
            tools: list = [price, Tool(price, name="cost", description="As price.")]
            tasks_file: str = "tasks.jsonl"

    (folder / "tasks.jsonl").write_text('{"prompt": "?", "answer": "x"}\n')
    env = Shop()
    assert list(env.tools) == ["price", "cost"]
    assert env.tasks("train")[0].env == "shop"
    messages, _ = env.reset()
    assert messages[0]["role"] == "system"
    assert len(Shop(system_prompt="").reset()[0]) == 1


def test_no_class_state_leaks_from_one_instance_to_another(folder):
    make(system_prompt="one")
    assert make().reset()[0][0]["content"].startswith("Use the tools")


def test_code_is_run_once_and_again_where_it_has_changed(folder):
    code = folder / "counted.py"
    code.write_text("import os\nos.environ['RUNS'] = os.environ.get('RUNS', '') + 'x'\n" + CODE)
    import os

    os.environ.pop("RUNS", None)
    for _ in range(3):
        make(tools="counted.py")
    assert os.environ.pop("RUNS") == "x"
    code.write_text(CODE.replace("price", "value"))
    os.utime(code, ns=(1, 1))
    assert "value" in make(tools="counted.py:value").tools


def test_modules_of_the_working_directory_and_neighbours_can_be_imported(folder):
    (folder / "neighbour.py").write_text("RATE = 2\n")
    (folder / "importing.py").write_text(
        "from neighbour import RATE\ndef double(a: int) -> int:\n    return a * RATE\n"
    )
    (task,) = [Task("x", "functions", "?")]
    for tools in ("importing.py", "importing:double"):
        (folder / "tasks.jsonl").write_text('{"prompt": "?"}\n')
        env = make(tools=tools)
        env.reset(options={"task": task})
        env.step('<tool_call>{"name": "double", "arguments": {"a": 4}}</tool_call>')
        assert env.turns[0].calls[0].result == "8"


@pytest.mark.parametrize(
    ("tools", "message"),
    [
        ("none.py", "none.py: No such file"),
        ("my_tools.py:prise", "my_tools.py has no 'prise'; did you mean price"),
        ("no_such_module:x", "no_such_module: ModuleNotFoundError"),
        ("empty.py", "empty.py: no function that could be a tool"),
        ("broken.py", r"broken.py:2: SyntaxError"),
        ("raising.py", r"raising.py:2: ZeroDivisionError"),
        ("script.py", r"script.py:2: SystemExit: 3"),
        ("untyped.py", "untyped.py: tool 'guess': parameter 'a' has no type"),
        ("my_tools.py:PRICES", "expected functions, got"),
        (["my_tools.py", "my_tools.py:price"], "two tools 'price'"),
        ([], "there is no tool"),
    ],
)
def test_tools_that_cannot_be_loaded_say_why(folder, tools, message):
    (folder / "empty.py").write_text("X = 1\n")
    (folder / "broken.py").write_text("X = 1\ndef f(:\n")
    (folder / "script.py").write_text("import sys\nsys.exit(3)\n")
    (folder / "raising.py").write_text("X = 1\nY = X / 0\n")
    (folder / "untyped.py").write_text("def guess(a):\n    return a\n")
    with pytest.raises((ConfigError, PluginError), match=message):
        make(tools=tools)


def test_a_verifier_that_is_none_is_told_at_once(folder):
    with pytest.raises(
        ConfigError,
        match=r"^environment 'functions': option .verify.: my_tools.py:PRICES is not a function",
    ):
        make(verify="my_tools.py:PRICES")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('{"prompt": "?"', r"tasks.jsonl:2: not JSON"),
        ("[1]", r"tasks.jsonl:2: expected an object"),
        ('{"promt": "?"}', r"tasks.jsonl:2: prompt: is missing|unknown key 'promt'"),
        ('{"prompt": "?", "anwser": 1}', r"tasks.jsonl:2: unknown key 'anwser'; did you mean ans"),
        ('{"prompt": " "}', r"tasks.jsonl:2: prompt: "),
        ('{"prompt": "?", "answer": {"a": 1}}', r"tasks.jsonl:2: answer: expected a text"),
        ('{"prompt": "?", "answer": []}', r"tasks.jsonl:2: answer: expected"),
        ('{"prompt": "?", "split": "test"}', r"tasks.jsonl:2: unknown split 'test'"),
        ('{"prompt": "?", "id": "row-1"}', r"tasks.jsonl:2: id 'row-1' is that of"),
        ('{"prompt": "?", "metadata": {"calls": 1}}', r"tasks.jsonl:2: metadata.calls"),
        ('{"prompt": "?", "calls": [{"name": "prise"}]}', r":2: calls.0: unknown tool 'prise'"),
        ('{"prompt": "?", "calls": [{"name": "price"}]}', r":2: calls.0: price: argument 'fruit'"),
        ('{"prompt": "?", "calls": ["price"]}', r"tasks.jsonl:2: calls.0: "),
    ],
)
def test_a_broken_row_says_where(folder, row, message):
    (folder / "tasks.jsonl").write_text('{"prompt": "fine"}\n' + row + "\n")
    with pytest.raises(DataError, match=message):
        make().tasks("train")


def test_a_missing_or_damaged_file_says_so(folder):
    with pytest.raises(DataError, match=r"nowhere.jsonl: No such file"):
        make(tasks_file="nowhere.jsonl").tasks("train")
    (folder / "damaged.jsonl.gz").write_bytes(gzip.compress(b'{"prompt": "?"}\n' * 99)[:-12])
    with pytest.raises(DataError, match=r"damaged.jsonl.gz: cannot be read"):
        make(tasks_file="damaged.jsonl.gz").tasks("train")


def test_an_answer_of_any_kind_is_for_a_verifier(folder):
    (folder / "tasks.jsonl").write_text('{"prompt": "?", "answer": {"a": 1}}\n')
    env = make(verify=lambda task, answer, calls: answer == json.dumps(task.answer))
    (task,) = env.tasks("train")
    assert answer(env, task, '{"a": 1}')["outcome"] == 1.0


def test_an_expert_without_an_answer_to_give_plays_its_calls(folder):
    call = {"name": "price", "arguments": {"fruit": "pear"}}
    row = {"prompt": "?", "answer": [], "calls": [call]}
    (folder / "tasks.jsonl").write_text(json.dumps(row) + "\n")
    env = make(verify=lambda task, answer, calls: len(calls))
    assert play_expert(env, env.tasks("train")[0]).outcome == 1.0


@pytest.mark.parametrize(
    ("given", "outcome"),
    [(np.float32(0.5), 0.5), (np.True_, 1.0), (np.int64(0), 0.0), (Fraction(1, 4), 0.25)],
)
def test_a_verifier_may_return_any_number(folder, given, outcome):
    env = make(verify=lambda task, answer, calls: given)
    env.reset(seed=0)
    assert env.step("Answer: 8")[-1]["outcome"] == outcome
