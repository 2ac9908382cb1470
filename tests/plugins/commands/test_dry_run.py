"""`mentor run --dry-run`: checks everything, prints the settings, and does nothing."""

import json
import os
import shutil
import sys
import tomllib

import pytest
import tomli_w

from mentor_core.contracts.env import ActionGate
from mentor_runs.directory.run_directory import RunDirectory
from mentor_runs.settings.resolve import resolve
from mentor_runs.settings.tables import merge

SMALL = ("--set", "env_options.train_size=2")


class Open(ActionGate):
    def refuse(self, call, task, turns):
        return None


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def dry(mentor, *arguments):
    out, err = mentor("run", "--dry-run", *SMALL, *arguments)
    assert err == ""
    return tomllib.loads(out)


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        ([], {}),
        (["--rewards", "sparse"], {"reward": {"preset": "sparse"}}),
        (["--rewards", "mentor-paper"], {"reward": {"preset": "mentor-paper"}}),
        (
            ["--rewards", "teacher=0.3,outcome=0.7"],
            {"reward": {"terms": {"teacher": 0.3, "outcome": 0.7}}},
        ),
        (["--steps", "7", "--seed", "3"], {"train": {"steps": 7}, "seed": 3}),
        (["--set", "train.lora={r = 4}"], {"train": {"lora": {"r": 4}}}),
        (["--set", f"gate={__file__}:Open"], {"gate": f"{__file__}:Open"}),
        (["--set", "reward.composer=weighted_sum"], {"reward": {"composer": "weighted_sum"}}),
    ],
)
def test_what_is_printed_makes_the_same_run_again(mentor, tmp_path, arguments, settings):
    printed = dry(mentor, *arguments)
    assert resolve(printed) == resolve(merge({"env_options": {"train_size": 2}}, settings))
    (tmp_path / "again.toml").write_text(mentor("run", "--dry-run", *SMALL, *arguments).out)
    assert tomllib.loads(mentor("run", "--dry-run", "--config", "again.toml").out) == printed


def test_nothing_is_written(mentor, tmp_path):
    dry(mentor, "--output", "run")
    assert list(tmp_path.iterdir()) == []


def test_a_flag_beats_the_file_and_set_beats_the_flag(mentor, tmp_path):
    (tmp_path / "my.toml").write_text("seed = 1\n[train]\nsteps = 1\ngroup_size = 4\n")
    from_file = dry(mentor, "--config", "my.toml")
    assert (from_file["seed"], from_file["train"]["steps"]) == (1, 1)
    by_flag = dry(mentor, "--config", "my.toml", "--steps", "2", "--seed", "2")
    assert (by_flag["seed"], by_flag["train"]["steps"]) == (2, 2)
    by_set = dry(mentor, "--config", "my.toml", "--steps", "2", "--set", "train.steps=3")
    assert (by_set["train"]["steps"], by_set["train"]["group_size"]) == (3, 4)


def test_rewards_replace_those_of_the_file_as_weights_belong_together(mentor, tmp_path):
    (tmp_path / "my.toml").write_text("[reward.terms]\nteacher = 1.0\noutcome = 1.0\n")
    assert dry(mentor, "--config", "my.toml", "--rewards", "format")["reward"]["terms"] == {
        "format": 1.0
    }


@pytest.mark.parametrize(
    ("file", "arguments", "same_as"),
    [
        ("[reward.terms]\nformat = 1.0\n", ["--set", "reward.preset=sparse"], "sparse"),
        ('[reward]\npreset = "strict"\n', ["--set", "reward.preset=sparse"], "sparse"),
        (None, ["--set", "reward.preset=sparse"], "sparse"),
        (None, ["--rewards", "mentor-paper"], "mentor-paper"),
    ],
)
def test_a_preset_replaces_the_reward_of_the_file(mentor, tmp_path, file, arguments, same_as):
    """A run's own config.toml has every term written out, which would win over the preset."""
    if file is None:
        file = mentor("run", "--dry-run", *SMALL, "--rewards", "toolrl").out
    (tmp_path / "my.toml").write_text(file)
    printed = dry(mentor, "--config", "my.toml", *arguments)
    assert printed["reward"] == dry(mentor, "--rewards", same_as)["reward"]


def test_settings_beside_a_preset_still_count(mentor):
    settings = ("--set", "reward.preset=mentor", "--set", "reward.composer_options.wrong_share=0.1")
    options = dry(mentor, *settings)["reward"]["composer_options"]
    assert options == {"threshold": 1.0, "wrong_share": 0.1}


def both(mentor, *arguments):
    out, err = mentor(
        "run", "--dry-run", "--set", "env_options.calculator.train_size=2", *arguments
    )
    assert err == ""
    return tomllib.loads(out)


def test_a_mixture_is_printed_in_one_way_which_makes_the_same_run_again(mentor, outsider, tmp_path):
    printed = both(mentor, "--env", "calculator=1, dice=0.50")
    assert printed["env"] == "calculator,dice=0.5"
    assert printed["env_options"] == {"calculator": {"train_size": 2}}
    (tmp_path / "again.toml").write_text(tomli_w.dumps(printed))
    assert tomllib.loads(mentor("run", "--dry-run", "--config", "again.toml").out) == printed


@pytest.mark.parametrize(
    ("env", "options"),
    [
        ("calculator", {"train_size": 2}),
        ("calculator=3,dice", {"calculator": {"train_size": 2}}),
        ("dice", {}),
    ],
)
def test_another_mixture_keeps_the_options_of_the_environments_that_stay(
    mentor, outsider, tmp_path, env, options
):
    (tmp_path / "mixed.toml").write_text(tomli_w.dumps(both(mentor, "--env", "calculator,dice")))
    for flag in (["--env", env], ["--set", f"env={env}"]):
        printed = tomllib.loads(mentor("run", "--dry-run", "--config", "mixed.toml", *flag).out)
        assert (printed["env"], printed["env_options"]) == (env, options)


def test_a_single_run_grows_into_a_mixture(mentor, outsider, tmp_path):
    (tmp_path / "one.toml").write_text('env = "calculator"\n[env_options]\ntrain_size = 2\n')
    given = ("run", "--dry-run", "--config", "one.toml", "--env", "calculator,dice")
    printed = tomllib.loads(mentor(*given).out)
    assert printed["env_options"] == {"calculator": {"train_size": 2}}


def test_a_tasks_file_does_not_say_whose_it_is_in_a_mixture(mentor, outsider, rows):
    rows({"question": "?", "answer": 1})
    given = ("run", "--dry-run", "--env", "calculator,dice", "--tasks", "tasks.jsonl")
    assert "--set env_options.NAME.tasks_file=tasks.jsonl, with NAME one of calculator, dice" in (
        " ".join(mentor(*given, code=2).err.split())
    )


TOOLS = "from dry_run_helper import twice\n\n\ndef double(x: int) -> int:\n    return twice(x)\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A user's tools and tasks, with a file of settings beside them."""
    monkeypatch.delitem(sys.modules, "dry_run_helper", raising=False)  # of another test
    folder = tmp_path / "project"
    (folder / "data").mkdir(parents=True)
    (folder / "dry_run_helper.py").write_text("def twice(x):\n    return 2 * x\n")
    (folder / "my_tools.py").write_text(TOOLS)
    row = {"prompt": "?", "answer": 4, "calls": [{"name": "double", "arguments": {"x": 2}}]}
    (folder / "data" / "tasks.jsonl").write_text(json.dumps(row) + "\n")
    (folder / "my.toml").write_text(
        'env = "functions"\n[env_options]\ntools = "my_tools.py:double"\n'
        'tasks_file = "data/tasks.jsonl"\n'
    )
    return folder


def test_paths_in_a_file_of_settings_are_relative_to_it(mentor, project):
    """They were relative to wherever mentor was called, but for `--tasks`."""
    printed = tomllib.loads(mentor("run", "--dry-run", "--config", "project/my.toml").out)
    assert printed["env_options"] == {
        "tools": f"{project}/my_tools.py:double",
        "tasks_file": f"{project}/data/tasks.jsonl",
    }


def test_paths_on_the_command_line_are_relative_to_the_working_directory(mentor, project):
    given = (
        "--set",
        "env_options.tools=my_tools",
        "--set",
        "env_options.tasks_file=data/tasks.jsonl",
    )
    os.chdir(project)  # which is undone, as in_an_empty_folder is
    printed = tomllib.loads(mentor("run", "--dry-run", "--env", "functions", *given).out)
    assert printed["env_options"] == {
        "tools": f"{project}/my_tools.py",
        "tasks_file": f"{project}/data/tasks.jsonl",
    }


def test_a_run_keeps_the_tools_and_is_used_from_anywhere_it_is_moved_to(mentor, project, tmp_path):
    """Deleting or changing the file would else change what a run resumes with."""
    parsed = tomllib.loads(mentor("run", "--dry-run", "--config", "project/my.toml").out)
    RunDirectory.create(tmp_path / "run", resolve(parsed))
    shutil.move(tmp_path / "run", tmp_path / "moved")
    shutil.move(project / "data", tmp_path / "data")
    (project / "my_tools.py").unlink()
    (project / "dry_run_helper.py").unlink()
    file = tmp_path / "moved" / "config.toml"
    assert tomllib.loads(file.read_text())["env_options"]["tools"] == "code/my_tools.py:double"
    run = RunDirectory.open(tmp_path / "moved")
    run.check_settings()
    assert run.config.env_options["tools"] == f"{tmp_path}/moved/code/my_tools.py:double"
    assert (
        tmp_path / "moved/code/dry_run_helper.py"
    ).read_text() == "def twice(x):\n    return 2 * x\n"
    del sys.modules["dry_run_helper"]
    again = ("--config", file, "--tasks", tmp_path / "data" / "tasks.jsonl")
    out = mentor("run", "--dry-run", *again).out
    assert tomllib.loads(out)["env_options"]["tools"] == run.config.env_options["tools"]


def test_a_tasks_file_is_found_again_from_any_folder(mentor, tmp_path, rows, monkeypatch):
    file = rows(
        {"question": "2 + 3?", "answer": "<<2+3=5>> #### 5"}, {"question": "?", "answer": 1}
    )
    printed = tomllib.loads(mentor("run", "--dry-run", "--tasks", "tasks.jsonl").out)
    assert printed["env_options"] == {"tasks_file": str(file)}


@pytest.fixture
def folder(tmp_path):
    """A student of one's own, in a directory."""
    from mentor_plugins.models.loading import model_path

    return shutil.copytree(model_path("embedded/calculator"), tmp_path / "mine")


def test_a_model_that_can_be_loaded_is_accepted(mentor, folder):
    printed = dry(mentor, "--model", "./mine")
    assert printed["train"]["learning_rate"] == 1e-6


def cut(file):
    file.write_bytes(file.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("hurt", "message"),
    [
        (lambda at: (at / "config.json").unlink(), "cannot be loaded"),
        (lambda at: (at / "config.json").write_text("{"), "cannot be loaded"),
        (lambda at: (at / "config.json").write_text('{"model_type": "qwen9"}'), "qwen9"),
        (lambda at: (at / "config.json").write_text('{"model_type": "t5"}'), "T5Config"),
        (lambda at: (at / "tokenizer.json").write_text("{"), "cannot be loaded"),
        (lambda at: (at / "model.safetensors").unlink(), "there are no weights"),
        (lambda at: cut(at / "model.safetensors"), "cannot be loaded: SafetensorError"),
        (lambda at: (at / "model.safetensors").write_bytes(b""), "cannot be loaded"),
        (
            lambda at: (at / "model.safetensors.index.json").write_text(
                '{"weight_map": {"a": "model-2.safetensors"}}'
            ),
            "model-2.safetensors",
        ),
    ],
)
def test_a_model_that_the_run_would_refuse_is_refused(mentor, folder, hurt, message):
    hurt(folder)
    err = mentor("run", "--dry-run", *SMALL, "--model", "./mine", code=2).err
    assert message in err
    assert err.count("\n") == 1


def test_what_is_no_model_at_all_is_refused(mentor, tmp_path):
    (tmp_path / "student.gguf").touch()
    (tmp_path / "empty").mkdir()
    for name in ("student.gguf", "./empty"):
        err = mentor("run", "--dry-run", *SMALL, "--model", name, code=2).err
        assert f"model '{tmp_path / name}' cannot be loaded: " in err


def test_greedy_rollouts_are_refused_where_the_student_is_trained(mentor):
    greedy = ("--set", "rollout.temperature=0")
    err = mentor("run", "--dry-run", *SMALL, *greedy, code=2).err
    assert "rollout.temperature=0 is greedy" in err
    assert dry(mentor, *greedy, "--steps", "0")["rollout"]["temperature"] == 0


@pytest.mark.parametrize("output", ["x" * 300, "/proc/run", "gone/away"])
def test_an_output_that_cannot_be_written_is_refused(mentor, tmp_path, output):
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere" / "at all")
    err = mentor("run", "--dry-run", *SMALL, "--output", output, code=2).err
    assert f"{output} cannot be written: " in err


def test_a_finished_run_is_not_gone_on_with(mentor, tmp_path):
    run = RunDirectory.create(tmp_path / "run", resolve({}))
    run.note("finished", 40)
    out, err = mentor("run", "--resume", "run")
    assert (out, err) == ("run is finished; its figures are in run/report.md\n", "")
    edited = (run.path / "config.toml").read_text().replace("seed = 0", "seed = 1")
    (run.path / "config.toml").write_text(edited)
    assert (
        "was edited since the run began: seed (0 → 1)"
        in mentor("run", "--resume", "run", code=2).err
    )
