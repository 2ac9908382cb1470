"""The command line of `mentor study`, without playing a cell."""

from __future__ import annotations

import json


def test_without_a_name_the_studies_are_listed(mentor):
    out, _ = mentor("study")
    assert out.startswith("ablations: ")
    assert "\npaper: " in out
    assert json.loads(mentor("study", "--json")[0])["studies"].keys() == {"ablations", "paper"}


def test_a_dry_run_checks_and_lists_the_cells(mentor, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out, _ = mentor("study", "paper", "--quick", "--dry-run", "--seeds", "3")
    assert "rare/base/3: to do" in out
    assert "7 cells of paper-quick, 0 finished; files in studies/paper-quick" in out
    assert not list(tmp_path.iterdir())
    found = json.loads(mentor("study", "paper", "--dry-run", "--json")[0])
    assert len(found["cells"]) == 62


def test_the_student_of_all_cells_can_be_another(mentor, tmp_path):
    _, said = mentor("study", "paper", "--dry-run", "--model", tmp_path / "none", code=2)
    assert "there is no" in said
    mentor("study", "paper", "--dry-run", "--model", tmp_path, "--set", "train.bf16=false")


def test_bad_input_is_one_message(mentor, tmp_path):
    (tmp_path / "file.txt").write_text("")
    for given, said in (
        (["papr"], "did you mean paper?"),
        (["paper", "--seeds", "0,a"], "expected numbers such as 0,1,2"),
        (["paper", "--seeds", "0,0"], "a seed is given twice"),
        (["paper", "--baseline", "sparce"], "did you mean sparse"),
        (["paper", "--jobs", "0"], "--jobs"),
        (["paper", "--set", "train.stpes=1"], "did you mean train.steps"),
        (["paper", "--output", tmp_path], "holds no study"),
        (["paper", "--output", tmp_path / "no", "--report"], "there is no study yet"),
    ):
        _, error = mentor("study", *given, code=2)
        assert said in error
        assert "Traceback" not in error
