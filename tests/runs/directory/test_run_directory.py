"""A run on disk: what is refused, what survives a kill, and what is cut on resuming."""

import json
import subprocess
import sys

import pytest

from mentor_core.contracts.trajectory import read_trajectories
from mentor_core.support.errors import ConfigError, RunError
from mentor_lab.testing import trajectory_of
from mentor_runs.directory.checkpoint import CHECKPOINT_STATE, seal
from mentor_runs.directory.run_directory import RunDirectory, default_output
from mentor_runs.settings.config import to_toml
from mentor_runs.settings.resolve import resolve
from mentor_runs.settings.tables import merge

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


@pytest.mark.parametrize(
    "half_made",
    [
        [".lock"],
        [".lock", "config.toml.partial"],
        [".lock", "versions.json", "trajectories/"],
        ["versions.json", "state.json", "trajectories/"],
    ],
)
def test_a_run_killed_before_its_settings_were_written_is_begun_again_in_its_place(
    tmp_path, half_made
):
    for name in half_made:
        (tmp_path / name).mkdir() if name.endswith("/") else (tmp_path / name).touch()
    with pytest.raises(RunError, match="; begin one there: mentor run --output"):
        RunDirectory.open(tmp_path)
    run = RunDirectory.create(tmp_path, CONFIG)
    assert (run.config, run.status) == (CONFIG, "running")


@pytest.mark.parametrize(
    "foreign", [["versions.json"], [".lock", "thesis.tex"], ["trajectories/train.jsonl"]]
)
def test_files_that_may_be_somebodys_are_not_taken_for_a_run_that_was_killed(tmp_path, foreign):
    (tmp_path / "trajectories").mkdir()
    for name in foreign:
        (tmp_path / name).touch()
    if foreign == ["versions.json"]:
        (tmp_path / "trajectories").rmdir()
    with pytest.raises(RunError, match="is not empty; choose another --output"):
        RunDirectory.check(tmp_path)


def test_a_run_killed_after_its_settings_were_written_resumes(tmp_path):
    (tmp_path / "config.toml").write_text("seed = 7\n")
    run = RunDirectory.open(tmp_path)
    run.resume()
    assert (run.status, run.steps, run.config) == ("running", 0, CONFIG)
    run.check_settings()


EDITS = [
    ({"seed": 8}, ["seed (7 → 8)"]),
    ({"train": {"steps": 80, "group_size": 16}}, ["train.group_size (8 → 16)", "train.steps (40"]),
    ({"env_options": {"train_size": 3}}, ["env_options.train_size (not set → 3)"]),
    ({"train": {"lora": {"r": 4}}}, ["train.lora.r (not set → 4)"]),
]


@pytest.mark.parametrize(("edit", "told"), EDITS)
def test_a_run_does_not_go_on_with_settings_that_were_edited(run, edit, told):
    """Else its report would compare one thing before with another after."""
    file = run.path / "config.toml"
    file.write_text(to_toml(resolve(merge(CONFIG.model_dump(exclude_none=True), edit))))
    with pytest.raises(RunError, match="was edited since the run began") as error:
        RunDirectory.open(run.path).resume()
    assert all(difference in str(error.value) for difference in told)
    file.write_text("# how it was\n" + to_toml(CONFIG))
    run.check_settings()


@pytest.mark.parametrize("versions", ["", "{}", '{"settings": 3}', '{"settings": {"sede": 1}}'])
def test_a_run_that_does_not_say_what_it_began_with_does_not_go_on(run, versions):
    (run.path / "versions.json").write_text(versions)
    with pytest.raises((RunError, ConfigError), match=r"versions\.json"):
        run.check_settings()


def test_a_run_does_not_go_on_with_data_that_have_changed(run):
    """The settings are the same, and a file that they name is not."""
    began = {"training tasks": "a", "evaluation tasks": "b", "references": "c"}
    run.check_data(began)
    run.check_data(began)
    run.check_settings()
    with pytest.raises(
        RunError, match=r"the training tasks and the references of .* are not those"
    ):
        run.check_data({**began, "training tasks": "d", "references": "e"})


def in_another_process(run):
    script = (
        "import sys; from pathlib import Path; from mentor_runs.directory.run_directory import *\n"
    )
    script += "run = RunDirectory.open(Path(sys.argv[1])); run.resume(); print('mine', flush=True)"
    return subprocess.Popen(
        [sys.executable, "-c", f"{script}; sys.stdin.read()", str(run.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_one_process_at_a_time_works_on_a_run_and_a_killed_one_does_not_block(tmp_path):
    RunDirectory.create(tmp_path / "run", CONFIG)
    run = RunDirectory.open(tmp_path / "run")
    with in_another_process(run) as other:
        assert other.stdout.readline() == "mine\n"
        with pytest.raises(RunError, match=rf"is in use by another process \(process {other.pid}"):
            run.check_free()
        with pytest.raises(RunError, match="is in use by another process"):
            run.resume()
        other.kill()
    run.check_free()
    run.resume()


def test_a_damaged_student_is_not_evaluated_for_the_trained_one(run):
    said = []
    assert not run.is_trained(said.append)
    run.model.mkdir()
    (run.model / "config.json").write_text("{}")
    seal(run.model)
    assert run.is_trained(said.append)
    (run.model / "config.json").write_text("[]")
    assert not run.is_trained(said.append)
    assert said == [
        f"the trained student in {run.model} is left out: config.json is not as it was written"
    ]
    assert "model.damaged" in names(run.path)


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
    (folder / CHECKPOINT_STATE).write_text("{}")
    if finished:
        seal(folder)
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


@pytest.mark.parametrize(
    ("environments", "name"), [(["calculator"], "calculator-2"), (["a", "b"], "a+b-2")]
)
def test_the_default_output_names_the_environments(environments, name):
    path = default_output(environments)
    assert path.parent.name == "runs"
    assert path.name.startswith(name)
