"""A study on disk: other studies and other settings are never mixed into it."""

from __future__ import annotations

import shutil

import pytest

from mentor_core.support.errors import ConfigError, RunError
from mentor_lab.study.cells import plan
from mentor_lab.study.file import read_study
from mentor_lab.study.folder import CellState, StudyFolder

DONE = {"base": [[0, 1]], "sparse": [[1, 1], [1, 0]]}


def again(write, folder, *changes, name="tiny.toml"):
    study = read_study(str(write(("evaluate.splits", ["eval"]), *changes, name=name)))
    StudyFolder(folder.path).check(study, plan(study)[0])


def test_the_same_study_goes_on_and_may_grow(played, write):
    *_, folder = played(DONE)
    again(write, folder)
    again(write, folder, ("study.seeds", [0, 1, 2]), ("methods.sft", {"trainer": "sft"}))


def test_a_change_names_itself_and_the_cells(played, write):
    *_, folder = played(DONE)
    with pytest.raises(ConfigError) as refused:
        again(write, folder, ("methods.sparse.steps", 3))
    assert "train.steps (1 → 3) of easy/sparse/0, easy/sparse/1" in str(refused.value)
    assert "easy/base" not in str(refused.value)
    with pytest.raises(ConfigError, match=r"evaluate.tasks \(2 → 1\) of easy/base/0, easy/sparse"):
        again(write, folder, ("evaluate.tasks", 1))


def test_other_tasks_under_the_same_settings_are_a_change(played, write):
    _, cells, folder = played(DONE)
    place = folder.of(cells[0])
    CellState.read(place).model_copy(update={"tasks": "others"}).write(place)
    with pytest.raises(ConfigError, match="the evaluated tasks of easy/base/0"):
        again(write, folder)


def test_a_failed_cell_may_change_and_its_files_are_kept(played, write):
    *_, folder = played({"base": [[0, 1]], "sparse": [[1, 1], None]})
    file = write(("evaluate.splits", ["eval"]), ("study.seeds", [1]), ("methods.sparse.steps", 3))
    study = read_study(str(file))
    cells, _ = plan(study)
    StudyFolder(folder.path).check(study, cells)
    place = folder.begin(next(cell for cell in cells if cell.method == "sparse"))
    assert (place / "cell.toml").exists()
    assert CellState.read(place).status == "begun"
    assert CellState.read(place.with_name("1.old-1")).reason == "no such model"


def test_another_study_and_other_files_are_refused(played, write, tmp_path):
    *_, folder = played(DONE)
    with pytest.raises(RunError, match="holds the study 'tiny', and this one is 'other'"):
        again(write, folder, name="other.toml")
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "to-mum.txt").write_text("Dear Mum")
    for place in (tmp_path / "letters", tmp_path / "letters" / "to-mum.txt"):
        with pytest.raises(RunError, match="choose another --output"):
            again(write, StudyFolder(place))


def test_two_processes_do_not_work_on_one_study(played, tmp_path):
    import subprocess
    import sys

    study, _, folder = played(DONE)
    lines = "import sys, time; from pathlib import Path\n"
    lines += "from mentor_toolkit.disk import lock\n"
    lines += "held = lock(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    other = tmp_path / "other"
    shutil.copytree(folder.path, other)
    code = [sys.executable, "-c", lines, str(other / ".lock")]
    with subprocess.Popen(code, stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout.readline() == b"held\n"
            with pytest.raises(RunError, match="in use by another process"):
                StudyFolder(other).open(study)
        finally:
            holder.kill()


def test_a_torn_state_is_a_cell_that_was_begun(tmp_path):
    assert CellState.read(tmp_path) is None
    (tmp_path / "cell.json").write_text('{"status": "fini')
    assert CellState.read(tmp_path).status == "begun"
