"""`mentor run --dry-run`: checks everything, prints the settings, and does nothing."""

import tomllib

import pytest

from mentor_core.config import merge, resolve

SMALL = ("--set", "env_options.train_size=2")


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
        (["--set", "gate=allow_all"], {"gate": "allow_all"}),
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


def test_a_tasks_file_is_found_again_from_any_folder(mentor, tmp_path, rows, monkeypatch):
    file = rows(
        {"question": "2 + 3?", "answer": "<<2+3=5>> #### 5"}, {"question": "?", "answer": 1}
    )
    printed = tomllib.loads(mentor("run", "--dry-run", "--tasks", "tasks.jsonl").out)
    assert printed["env_options"] == {"tasks_file": str(file)}
