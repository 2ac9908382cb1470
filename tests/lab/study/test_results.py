"""Figures of a study: what they claim, and what they say when nothing can be claimed."""

from __future__ import annotations

import json

import pytest

from mentor_lab.study.report import write_report
from mentor_lab.study.results import regime, results
from mentor_lab.study.tables import markdown, tables
from mentor_runs.evaluation import paired

SEEDS = ("study.seeds", [0, 1, 2])


@pytest.fixture(autouse=True)
def fewer_resamples(monkeypatch):
    monkeypatch.setattr(paired, "_RESAMPLES", 400)


def rows_of(found):
    return {row.method: row for row in found.rows}


def test_by_hand(played):
    few, many = [1] * 5 + [0] * 45, [1] * 40 + [0] * 10
    found = results(
        *played({"base": [few], "sparse": [many, [0, *many[1:]], [*many[:-1], 1]]}, SEEDS)
    )
    rows = rows_of(found)
    base, sparse = rows["base"].success["eval"], rows["sparse"].success["eval"]
    assert (base.mean, base.over) == (0.1, "tasks")
    assert base.interval == pytest.approx((0.0435, 0.2136), abs=1e-3)  # Wilson, 5 of 50
    assert sparse.over == "seeds"
    assert sparse.seeds == [0.8, 0.78, 0.82]
    assert sparse.interval == pytest.approx(
        (0.8 - 0.04968, 0.8 + 0.04968), abs=1e-4
    )  # t, 2 degrees
    difference = rows["sparse"].differences["eval"]
    assert difference.difference == pytest.approx(0.7)
    assert 0 < difference.interval[0] < 0.7 < difference.interval[1]
    assert difference.p_value < 0.01
    assert difference.corrected == difference.p_value  # the only comparison
    assert rows["base"].differences == {}
    assert rows["sparse"].similarity["eval"].mean == 1.0  # both call add alone
    assert rows["sparse"].sampled_tokens == 100
    assert any("1 to 10 %" in note for note in found.notes)


def test_seeds_that_agree_have_an_interval_over_tasks(played):
    found = results(*played({"base": [[1, 0]], "sparse": [[1, 0]] * 3}, SEEDS))
    figure = rows_of(found)["sparse"].success["eval"]
    assert figure.over == "tasks"
    assert figure.interval[0] < 0.5 < figure.interval[1]


def test_one_seed_gives_no_interval_and_the_page_says_so(played, tmp_path):
    one = ("study.seeds", [7])
    found = results(*played({"base": [[0, 1]], "sparse": [[1, 1]]}, one))
    row = rows_of(found)["sparse"]
    assert row.success["eval"].interval is None
    assert row.differences["eval"].interval is None
    assert row.differences["eval"].p_value is not None
    write_report(found, tmp_path)
    for name in ("report.md", "report.html", "study.json"):
        assert "no interval can be given" in (tmp_path / name).read_text()


def test_no_success_anywhere_is_said(played):
    found = results(*played({"base": [[0, 0]], "sparse": [[0, 0], [0, 0]]}))
    assert any("no method solved any task of eval" in note for note in found.notes)
    figure = rows_of(found)["sparse"].success["eval"]
    assert figure.mean == 0
    assert figure.interval[1] > 0.5  # two tasks say little
    assert rows_of(found)["sparse"].differences["eval"].p_value == 1.0


def test_many_comparisons_are_corrected(played):
    """With twenty methods, one p-value below 0.05 is expected by chance alone."""
    always, half = [1] * 12, [1, 0] * 6
    methods = {"base": [half], "sparse": [half] * 2, "a": [always] * 2, "b": [half] * 2}
    found = rows_of(results(*played(methods)))
    a, b = (found[name].differences["eval"] for name in "ab")
    assert a.corrected == pytest.approx(min(3 * a.p_value, 1))  # three methods
    assert (b.p_value, b.corrected) == (1.0, 1.0)
    assert a.p_value < 0.05 < a.corrected


def test_what_is_not_verified_is_no_zero(played):
    found = results(*played({"base": [[None, None]], "sparse": [[1, None], [None, 1]]}))
    rows = rows_of(found)
    assert rows["base"].success["eval"] is None
    assert rows["sparse"].success["eval"].mean == 1.0
    assert rows["sparse"].differences["eval"] is None
    assert "| base | 1 | – |" in markdown(found)


def test_a_failed_cell_has_its_reason_and_does_not_count(played, tmp_path):
    found = results(*played({"base": [[0, 1]], "sparse": [[1, 1], None]}))
    row = rows_of(found)["sparse"]
    assert (row.finished, row.wanted, row.failed) == (1, 2, {"1": "no such model"})
    text = markdown(found)
    assert "| sparse | 1 of 2, 1 failed | 100.0 |" in text
    assert "| sparse | 1 | no such model |" in text
    assert "1 of 3 cells have not finished, 1 of them failed" in text
    assert "One seed only of sparse: no interval can be given" in text


def test_the_files_agree(played, tmp_path):
    found = results(*played({"base": [[0, 1]], "sparse": [[1, 1], [1, 0]]}))
    write_report(found, tmp_path)
    read = json.loads((tmp_path / "study.json").read_text())
    assert read["rows"][1]["success"]["eval"]["mean"] == 0.75
    page, text = (tmp_path / "report.html").read_text(), (tmp_path / "report.md").read_text()
    for table in tables(found, "easy"):
        assert table.title in page
        assert table.title in text
        for row in table.rows:
            for cell in row:
                assert cell in text
                assert cell.replace("+", "&#43;") in page or cell in page


def test_where_the_regimes_begin():
    assert [regime(share).partition(":")[0] for share in (0.009, 0.01, 0.1, 0.101)] == [
        *("below 1 %", "1 to 10 %", "1 to 10 %", "above 10 %")
    ]
