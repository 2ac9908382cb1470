import json
import resource

import pytest
from pydantic import ValidationError

from mentor_core.support.errors import DataError, RunError
from mentor_plugins.trackers.jsonl import JsonlTracker


def steps(path):
    return [json.loads(line)["step"] for line in path.read_text().splitlines()]


@pytest.fixture
def file(tmp_path):
    return tmp_path / "metrics.jsonl"


def log(directory, start, *numbers):
    tracker = JsonlTracker()
    tracker.start(directory, {}, start)
    for number in numbers:
        tracker.log(number, {"loss": number / 2})
    tracker.finish()


def test_each_step_is_on_disk_at_once(file):
    tracker = JsonlTracker()
    tracker.start(file.parent, {}, 0)
    tracker.log(1, {"loss": 0.5, "reward": None, "kl": float("nan")})
    assert json.loads(file.read_text()) == {"step": 1, "loss": 0.5, "reward": None, "kl": None}
    tracker.finish()
    tracker.finish()


def test_a_full_disk_is_one_message_with_the_path(file):
    tracker = JsonlTracker()
    tracker.start(file.parent, {}, 0)
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, old[1]))
    try:
        with pytest.raises(RunError, match=f"^{file} cannot be written: File too large$"):
            tracker.log(1, {"loss": 0.5})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    tracker.finish()


def test_what_came_after_the_resumed_step_is_cut(file):
    log(file.parent, 0, 1, 2, 3, 4)
    log(file.parent, 2, 3)
    assert steps(file) == [1, 2, 3]
    assert {path.name for path in file.parent.iterdir()} <= {file.name, "evaluations.jsonl"}


@pytest.mark.parametrize("torn", ['{"step": 2, "lo', '{"step": 2}', "\x00\x00", "7\n", "\udce4"])
def test_a_torn_last_line_is_cut(file, torn):
    log(file.parent, 0, 1)
    with file.open("a", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(torn)
    log(file.parent, 5, 6)
    assert steps(file) == [1, 6]


def test_a_new_run_starts_afresh(file):
    log(file.parent, 0, 1, 2)
    log(file.parent, 0, 1)
    assert steps(file) == [1]


def test_a_broken_line_before_the_last_is_an_error_and_leaves_the_file(file):
    broken = '{"step": 1}\nnonsense\n{"step": 2}\n'
    file.write_text(broken)
    with pytest.raises(DataError, match=r"metrics.jsonl:2: not a line of metrics"):
        log(file.parent, 2)
    assert file.read_text() == broken


def test_resuming_without_a_file_works_and_logging_without_start_does_not(file):
    log(file.parent, 3, 4)
    assert steps(file) == [4]
    with pytest.raises(RunError, match="not started"):
        JsonlTracker().log(1, {})


def test_evaluations_have_a_file_of_their_own_which_a_resumed_run_writes_again(file):
    for start in (0, 2):
        tracker = JsonlTracker()
        tracker.start(file.parent, {}, start)
        tracker.log_evaluation("before", 0, {"eval/success": 0.25, "eval/outcome": float("nan")})
        tracker.finish()
    (line,) = (file.parent / "evaluations.jsonl").read_text().splitlines()
    row = {"evaluation": "before", "step": 0, "eval/success": 0.25, "eval/outcome": None}
    assert json.loads(line) == row
    assert file.read_text() == ""


def test_files_are_options_and_are_two():
    with pytest.raises(ValidationError, match="expected two files"):
        JsonlTracker(file="a", evaluations="a")
    with pytest.raises(RunError, match="not started"):
        JsonlTracker().log_evaluation("before", 0, {})
