"""A run on disk: what is refused, what survives a kill, and what is cut on resuming."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.config import resolve
from mentor_core.errors import ConfigError, RunError
from mentor_core.run_directory import (
    CHECKPOINT_STATE,
    RunDirectory,
    cut_lines,
    default_output,
    write_atomically,
)
from mentor_core.testing import trajectory_of
from mentor_core.trajectory import read_trajectories

CONFIG = resolve({"seed": 7})


@pytest.fixture
def run(tmp_path):
    return RunDirectory.create(tmp_path / "run", CONFIG)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_new_run_can_be_opened_and_knows_its_settings(run):
    again = RunDirectory.open(run.path)
    assert again.config == CONFIG
    assert (again.status, again.steps, again.last_checkpoint()) == ("running", 0, None)
    versions = json.loads((run.path / "versions.json").read_text())
    assert versions["packages"]["mentor-core"]


def test_another_run_is_not_overwritten_and_how_to_resume_is_said(run):
    with pytest.raises(RunError, match="holds another run; resume it with: mentor run --resume"):
        RunDirectory.create(run.path, CONFIG)


def test_a_directory_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(RunError, match="is not empty; choose another --output"):
        RunDirectory.create(tmp_path, CONFIG)
    with pytest.raises(RunError, match="exists"):
        RunDirectory.create(tmp_path / "thesis.tex", CONFIG)
    assert names(tmp_path) == ["thesis.tex"]


def test_an_empty_directory_will_do(tmp_path):
    assert RunDirectory.create(tmp_path, CONFIG).config == CONFIG


def test_where_nothing_can_be_written_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match=r"cannot be written: .*file takes no files"):
        RunDirectory.create(tmp_path / "file" / "run", CONFIG)


def test_what_is_no_run_cannot_be_opened(tmp_path):
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(RunError, match=r"holds no run \(there is no config.toml\)"):
            RunDirectory.open(path)


def test_a_configuration_broken_by_hand_is_named_and_not_a_traceback(run):
    (run.path / "config.toml").write_text("seed = \n")
    with pytest.raises(ConfigError, match=r"config.toml: .*line 1"):
        _ = run.config
    (run.path / "config.toml").write_text("sede = 1")
    with pytest.raises(ConfigError, match=r"config.toml: unknown key 'sede'; did you mean seed"):
        _ = run.config


@pytest.mark.parametrize("state", [None, "", '{"status": "runn'])
def test_a_run_killed_before_its_first_note_counts_as_interrupted(run, state):
    (run.path / "state.json").unlink()
    if state is not None:
        (run.path / "state.json").write_text(state)
    assert (run.status, run.steps) == ("interrupted", 0)


def test_how_far_a_run_is_survives_a_kill_between_notes(run):
    run.note("running", 20)
    (run.path / "state.json.partial").write_text('{"stat')  # killed in the middle of the next
    again = RunDirectory.open(run.path)
    assert (again.status, again.steps) == ("running", 20)
    again.note("finished", 30)
    assert (again.status, again.steps) == ("finished", 30)


def checkpoint(run, step, finished=True):
    folder = run.checkpoints / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").touch()
    if finished:
        (folder / CHECKPOINT_STATE).write_text("{}")
    return folder


def test_a_checkpoint_that_was_not_finished_is_not_resumed_from(run):
    finished = checkpoint(run, 10)
    checkpoint(run, 20, finished=False)
    assert run.last_checkpoint() == (finished, 10)


def test_the_newest_checkpoint_is_the_one_of_most_steps_and_not_by_name(run):
    for step in (8, 9, 10, 11, 99, 100):
        newest = checkpoint(run, step)
        assert run.last_checkpoint() == (newest, step)


def test_rewind_drops_episodes_that_will_be_played_again(run):
    for name in ("train", "train-1", "eval-before"):
        run.append(
            run.trajectories(name), [trajectory_of(policy_version=step) for step in (0, 1, 1, 2)]
        )
    with run.trajectories("train").open("a") as file:
        file.write('{"task_id": "torn')
    run.rewind(1)
    kept = {
        name: [t.policy_version for t in read_trajectories(run.trajectories(name))]
        for name in ("train", "train-1", "eval-before")
    }
    assert kept == {"train": [0], "train-1": [0], "eval-before": [0, 1, 1, 2]}


def test_rewind_to_the_start_before_anything_was_written_does_nothing(run):
    run.rewind(0)
    assert names(run.path / "trajectories") == []


def test_trajectories_are_written_all_or_not_at_all(run):
    file = run.trajectories("eval-before")
    run.write(file, [trajectory_of("a", group=1)])

    def breaks():
        yield trajectory_of("b")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        run.write(file, breaks())
    assert read_trajectories(file) == [trajectory_of("a", group=1)]


STEPS = st.lists(st.integers(0, 5), max_size=6)


@given(STEPS, st.integers(0, 6), st.integers(1, 11))
def test_cut_keeps_finished_lines_in_order_and_drops_a_torn_one(
    tmp_path_factory, steps, limit, torn
):
    file = tmp_path_factory.mktemp("cut") / "lines.jsonl"
    whole = "".join(f'{{"step": {step}}}\n' for step in steps)
    file.write_text(whole + '{"step": 0}\n'[:torn])
    cut_lines(file, lambda line: line["step"] < limit)
    assert [json.loads(line)["step"] for line in file.read_text().splitlines()] == [
        step for step in steps if step < limit
    ]
    assert names(file.parent) == ["lines.jsonl"]


def test_a_cut_that_fails_leaves_the_file_as_it_was(tmp_path):
    file = tmp_path / "lines.jsonl"
    file.write_text('{"step": 1}\n{"stp": 2}\n')
    with pytest.raises(KeyError):
        cut_lines(file, lambda line: line["step"] < 2)
    assert file.read_text() == '{"step": 1}\n{"stp": 2}\n'


def test_cutting_what_is_not_there_makes_no_file(tmp_path):
    cut_lines(tmp_path / "lines.jsonl", lambda _: True)
    assert names(tmp_path) == []


def test_a_file_is_replaced_whole(tmp_path):
    file = tmp_path / "state.json"
    write_atomically(file, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(file, "new \ud800")
    assert file.read_text() == "old"
    write_atomically(file, "größer")
    assert file.read_text(encoding="utf-8") == "größer"
    assert names(tmp_path) == ["state.json"]


@pytest.mark.parametrize(
    ("environments", "name"), [(["calculator"], "calculator-2"), (["a", "b"], "a+b-2")]
)
def test_the_default_output_names_the_environments(environments, name):
    path = default_output(environments)
    assert path.parent.name == "runs"
    assert path.name.startswith(name)
