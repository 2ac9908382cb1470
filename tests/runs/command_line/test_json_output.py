"""`--json`: one object on stdout, of every command that lists or measures."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from mentor_core.contracts.trajectory import Call, Trajectory, write_trajectories
from mentor_core.door.registry import COMMANDS, load, names
from mentor_lab.testing import trajectory_of
from mentor_runs.command_line.json_output import print_json
from mentor_runs.settings.config import RunConfig, to_toml

ACTS = {
    *("run", "sft", "teach", "report", "student build", "new", "serve"),
    *("teacher verify", "teacher export", "teacher import", "teacher gc"),
}
"""Commands that do something. A new one belongs here only if it neither lists nor measures."""


def commands(name="", group=None):
    """Every command by the words that call it."""
    for word in names(COMMANDS) if group is None else sorted(group.commands):
        found = load(COMMANDS, word) if group is None else group.commands[word]
        if isinstance(found, click.Group):
            yield from commands(f"{word} ", found)
        elif not found.hidden:
            yield f"{name}{word}", found


LISTS = [name for name, _ in commands() if name not in {*ACTS, "export"}]
"""`export` needs a trained student: its own tests read its JSON."""


def test_the_commands_that_act_are_there():
    assert {name for name, _ in commands()} > ACTS


@pytest.mark.parametrize(("name", "command"), [*commands()])
def test_every_command_that_lists_or_measures_has_json(name, command):
    has = any("--json" in parameter.opts for parameter in command.params)
    assert has == (name not in ACTS), f"give mentor {name} the json_option, or add it to ACTS"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A run, whose episodes are those of two files, and a teacher store."""
    folder = tmp_path_factory.mktemp("json")
    call = Call("add", {"a": 1.0, "b": 2.0}, "3", key="3")
    played = [
        trajectory_of(
            [call], "3", env="calculator", task_id="train-0-0", outcome=outcome, seed=seed, group=0
        )
        for seed, outcome in enumerate((1.0, 0.0))
    ]
    run = folder / "runs" / "one"
    for path in ("trajectories/train.jsonl", "trajectories/eval-after.jsonl", "references.jsonl"):
        (run / path).parent.mkdir(parents=True, exist_ok=True)
        with (run / path).open("w") as file:
            write_trajectories(file, played)
    (run / "config.toml").write_text(to_toml(RunConfig(env="calculator")))
    return folder


@pytest.fixture
def arguments(files, mentor):
    run = files / "runs" / "one"
    episodes, store = run / "trajectories" / "train.jsonl", files / "teacher.db"
    if not store.exists():
        mentor("teach", "--teacher", "expert", "--tasks", 2, "--store", store)
    return {
        "check-env": [
            *("calculator", "--count", 2, "--examples", 2),
            *(f"--skip={name}" for name in ("process", "robust", "refusing", "outcome")),
        ],
        "check-reward": ["outcome", "--examples", 5],
        "compare": [episodes, episodes],
        "compare-rewards": [run, "--rewards", "outcome", "--against", "sparse", "--jobs", 1],
        "eval": [
            *("--policy", "scripted", "--count", 2),
            '--set=evaluate.policy_options.turns=["Answer: 3"]',
        ],
        "imitation": [run, episodes],
        "runs": [files / "runs"],
        "score": [run, "--rewards", "outcome", "--jobs", 1],
        "show": [run],
        "tasks": ["calculator", "-n", 2],
        "watch": [run],
        "teacher ls": [store],
        "teacher show": [store],
        "teacher stats": [store],
    }


@pytest.mark.parametrize("name", LISTS)
def test_stdout_is_one_json_object(mentor, arguments, name):
    out, _ = mentor(*name.split(), *arguments.get(name, []), "--json")
    found = json.loads(out)
    assert found["schema_version"] == 1
    assert len(found) > 1
    page = Path(__file__).parents[3].joinpath("docs", "runs.md").read_text(encoding="utf-8")
    rows = [row.split("|") for row in page.partition("## JSON")[2].splitlines()]
    (fields,) = (row[2] for row in rows if len(row) > 2 and f"`{name}`" in row[1])
    assert [key for key in found if key != "schema_version" and f"`{key}`" not in fields] == []


def test_bad_input_leaves_stdout_empty(mentor, tmp_path):
    for given in (["show", tmp_path], ["runs", tmp_path], ["tasks", "calculater"]):
        out, err = mentor(*given, "--json", code=2)
        assert (out, len(err.splitlines())) == ("", 1)


def test_any_value_becomes_json(capsys):
    @dataclass
    class Row:
        share: float
        where: Path

    print_json(rows=[Row(math.nan, Path("a/b"))], pairs={1: ("x", math.inf)}, odd="\ud800")
    assert json.loads(capsys.readouterr().out) == {
        "schema_version": 1,
        "rows": [{"share": None, "where": "a/b"}],
        "pairs": {"1": ["x", None]},
        "odd": "\ud800",
    }


def test_a_trajectory_can_be_read_again(mentor, files, tmp_path):
    """`mentor show --json` is a way to get at single episodes."""
    out, _ = mentor("show", files / "runs" / "one", "--json", "-n", 1)
    (episode,) = json.loads(out)["episodes"]
    assert episode["trajectory"]["task_id"] == "train-0-0"
    assert Trajectory.__dataclass_fields__.keys() == episode["trajectory"].keys()
    assert len(episode["references"]) == 2
