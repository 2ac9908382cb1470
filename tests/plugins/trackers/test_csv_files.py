import csv
import resource

import pytest
from pydantic import ValidationError

from mentor_core.contracts.trajectory import Call, Trajectory, Turn
from mentor_core.support.errors import DataError, RunError
from mentor_plugins.trackers.csv_files import CsvTracker


def rows(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def log(directory, start, *numbers, **metrics):
    tracker = CsvTracker()
    tracker.start(directory, {}, start)
    for number in numbers:
        tracker.log(number, {"loss": number / 2, **metrics})
    tracker.finish()
    return directory / "metrics.csv"


def test_a_metric_that_appears_later_is_a_column_with_empty_cells_before(tmp_path):
    tracker = CsvTracker()
    tracker.start(tmp_path, {}, 0)
    tracker.log(1, {"loss": 0.5, "reward": None})
    tracker.log(2, {"loss": 0.25, "reward": 0.0, "kl": float("nan")})
    expected = [{"step": "1", "loss": "0.5", "reward": ""}]
    expected.append({"step": "2", "loss": "0.25", "reward": "0.0"})
    assert rows(tmp_path / "metrics.csv") == expected


def test_what_came_after_the_resumed_step_is_cut(tmp_path):
    log(tmp_path, 0, 1, 2, 3, 4)
    file = log(tmp_path, 2, 3, extra=1.0)
    assert [row["step"] for row in rows(file)] == ["1", "2", "3"]
    assert [row["extra"] for row in rows(file)] == ["", "", "1.0"]
    assert [row["step"] for row in rows(log(tmp_path, 0, 1))] == ["1"]


@pytest.mark.parametrize("torn", ["2,0.", "2,1.0", '2,"', '2,"0\n', "2", "\x00"])
def test_a_torn_last_row_is_cut(tmp_path, torn):
    file = log(tmp_path, 0, 1)
    with file.open("a") as stream:
        stream.write(torn)
    assert [row["step"] for row in rows(log(tmp_path, 5, 6))] == ["1", "6"]


def test_a_broken_row_before_the_last_is_an_error_and_leaves_the_file(tmp_path):
    file = tmp_path / "metrics.csv"
    file.write_text("step,loss\n1,0.5\nnonsense\n2,0.5\n")
    with pytest.raises(DataError, match=r"metrics.csv:3: not a row of metrics"):
        log(tmp_path, 2)
    assert file.read_text().endswith("nonsense\n2,0.5\n")


def test_evaluations_are_written_again_and_episodes_are_cut(tmp_path):
    calls = [Call("say", {"text": 'a "word", and\nanother'}, "ok")]
    played = Trajectory("t", "calculator", turns=[Turn("", calls)], outcome=1.0)
    for start, after in ((0, (1, 11)), (1, (11,))):
        tracker = CsvTracker()
        tracker.start(tmp_path, {}, start)
        tracker.log_evaluation("before", 0, {"eval/success": 0.25, "eval/outcome": None})
        for step in after:
            tracker.log_trajectories(step, [played])
    (line,) = rows(tmp_path / "evaluations.csv")
    assert line == {"evaluation": "before", "step": "0", "eval/success": "0.25"}
    episodes = rows(tmp_path / "episodes.csv")
    assert [row["step"] for row in episodes] == ["1", "11"]
    assert episodes[0]["calls"] == """say(text='a "word", and\\nanother') → ok"""


def test_a_full_disk_is_one_message_with_the_path(tmp_path):
    tracker = CsvTracker()
    tracker.start(tmp_path, {}, 0)
    tracker.log(1, {"loss": 0.5})
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (15, old[1]))
    try:
        with pytest.raises(RunError, match=r"metrics.csv cannot be written: File too large"):
            tracker.log(2, {"loss": 0.5})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


def test_files_are_options_and_are_three():
    with pytest.raises(ValidationError, match="expected three files"):
        CsvTracker(file="a", evaluations="a")
    with pytest.raises(RunError, match="the csv tracker was not started"):
        CsvTracker().log(1, {})


@pytest.mark.slow
def test_a_resumed_run_has_each_step_once(resumed_run):
    found = rows(resumed_run.directory / "metrics.csv")
    assert [row["step"] for row in found] == ["1", "2"]
    assert float(found[1]["seconds/step"]) > 0
    evaluations = rows(resumed_run.directory / "evaluations.csv")
    assert [(row["evaluation"], row["step"]) for row in evaluations] == [
        ("before", "0"),
        ("after", "2"),
    ]
    assert float(evaluations[0]["eval/interval/high"]) > float(evaluations[0]["eval/interval/low"])
    assert len(rows(resumed_run.directory / "episodes.csv")) == 8
