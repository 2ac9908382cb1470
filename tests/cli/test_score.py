import pytest

from mentor_core.config import resolve
from mentor_core.run_directory import RunDirectory
from mentor_core.testing import trajectory_of
from mentor_core.trajectory import Call, format_trajectory, read_trajectories
from mentor_plugins.rewards.outcome import Outcome

ADD = Call("add", {"a": 1, "b": 2}, "3")
TEACHER = trajectory_of([ADD], "3", outcome=1.0, source="teacher")
STUDENT = trajectory_of([ADD], [ADD], "3", outcome=1.0)
WRONG = trajectory_of("4", outcome=0.0)


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(name, *lines):
        texts = [line if isinstance(line, str) else format_trajectory(line) for line in lines]
        (tmp_path / name).write_text("".join(texts))

    write("t.jsonl", STUDENT, WRONG)
    write("broken.jsonl", STUDENT, "{\n", WRONG)
    write("nan.jsonl", STUDENT, format_trajectory(WRONG).replace('"outcome":0.0', '"outcome":NaN'))
    write("refs.jsonl", TEACHER, trajectory_of("3", task_id="task-9", outcome=1.0), WRONG)


def row(out, term):
    (line,) = [line for line in out.splitlines() if line.strip("│ ").startswith(term + " ")]
    return [cell.strip() for cell in line.strip("│").split("│")[1:]]


def test_a_table_of_the_terms(mentor):
    out, _ = mentor(
        "score", "t.jsonl", "--rewards", "teacher,outcome", "--references", "refs.jsonl"
    )
    assert row(out, "teacher") == ["0.3333", "0.4714", "100.0%", ""]
    assert row(out, "reward")[0] == "0.4167"
    assert "1 task(s) have references but no trajectory here" in out
    assert "1 reference(s) not used: outcome wrong" in out


def test_without_references_it_says_what_is_missing(mentor):
    out, _ = mentor("score", "t.jsonl", "--rewards", "teacher,outcome")
    assert row(out, "teacher") == ["–", "–", "0.0%", ""]
    assert "teacher: no references for these tasks; see --references" in out


def test_broken_lines_are_named_and_the_others_scored(mentor):
    out, _ = mentor("score", "broken.jsonl", "--rewards", "outcome")
    assert "1 broken line(s), not scored:" in out and "broken.jsonl:2: " in out
    assert row(out, "outcome")[0] == "0.5000"
    _, err = mentor("score", "broken.jsonl", "--rewards", "outcome", "--strict", code=2)
    assert "broken.jsonl:2: " in err


def test_a_failing_term_is_counted_and_listed(mentor, monkeypatch):
    def fails(self, trajectory, task, references):
        return trajectory.outcome or float("nan")

    monkeypatch.setattr(Outcome, "score", fails)
    out, _ = mentor("score", "t.jsonl", "--rewards", "outcome,answered")
    assert row(out, "outcome") == ["1.0000", "–", "50.0%", "1"]
    assert row(out, "reward")[2] == "50.0%"
    assert "t.jsonl:2: reward term 'outcome' on a trajectory of task 'task-1' gave nan" in out
    mentor("score", "t.jsonl", "--rewards", "outcome", "--strict", code=2)


def test_an_outcome_that_is_none_is_a_broken_line(mentor):
    out, _ = mentor("score", "nan.jsonl", "--rewards", "outcome")
    assert "nan.jsonl:2: outcome: Input should be a finite number" in out
    assert row(out, "outcome")[:3] == ["1.0000", "–", "100.0%"]


def test_output_has_the_new_scores_and_is_written_whole_or_not_at_all(mentor, tmp_path):
    given = ("--rewards", "outcome,answered", "--output", "new.jsonl")
    mentor("score", "broken.jsonl", *given, "--strict", code=2)
    assert not list(tmp_path.glob("new*"))
    mentor("score", "t.jsonl", *given)
    new = read_trajectories(tmp_path / "new.jsonl")
    assert [t.scores for t in new] == [
        {"outcome": 1.0, "answered": 1.0},
        {"outcome": 0.0, "answered": 1.0},
    ]
    assert all(t.reward is not None for t in new)
    _, err = mentor("score", "t.jsonl", *given, code=2)
    assert "new.jsonl exists" in err


def test_a_full_disk_is_told_and_keeps_no_half_of_a_file(mentor, tmp_path):
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))  # as a disk with 100 bytes left
    try:
        given = ("--rewards", "outcome", "--output", "new.jsonl")
        _, err = mentor("score", "t.jsonl", *given, code=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "Error: " in err and "Traceback" not in err
    assert not list(tmp_path.glob("new*"))


def test_explain_tells_turn_by_turn(mentor):
    given = ("score", "t.jsonl", "--rewards", "teacher,valid_tools", "--explain")
    out, _ = mentor(*given, "--references", "refs.jsonl")
    assert "turn 1: add(a=1, b=2) → 3" in out and "reference: add(a=1, b=2) → 3" in out
    teacher = out[out.index("\nteacher: 0.6667") :].splitlines()[1:5]
    assert teacher[1:4] == [
        "  turn 1: 1; without it 1",
        "  turn 2: 0; without it 1",
        "  turn 3: not scored",
    ]
    out, _ = mentor(*given, "--task", "task-1")
    assert "teacher: not scored\n  it needs a verified reference, and there is none" in out
    _, err = mentor(*given, "--task", "task-2", code=2)
    assert "no trajectory of task 'task-2'; did you mean task-1?" in err


def test_a_run_brings_its_references_tasks_and_reward(mentor, tmp_path):
    settings = {"env_options": {"train_size": 2}, "reward": {"terms": {"teacher": 1}}}
    run = RunDirectory.create(tmp_path / "run", resolve(settings))
    out = mentor("score", "run", code=2).err
    assert "no episodes yet" in out
    run.write(run.trajectories("train"), [STUDENT])
    run.write(run.references, [TEACHER])
    out, _ = mentor("score", "run")
    assert row(out, "teacher")[0] == "0.6667"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("absent.jsonl", "absent.jsonl: no such file"),
        ("t.jsonl --references absent.jsonl", "absent.jsonl: No such file"),
        ("t.jsonl --references broken.jsonl", "broken.jsonl:2: "),
        ("t.jsonl --rewards techer", "did you mean teacher"),
        ("t.jsonl --task x", "--task goes with --explain"),
        (".", "holds no run"),
    ],
)
def test_bad_input_ends_with_one_message(mentor, arguments, message):
    _, err = mentor("score", *arguments.split(), code=2)
    assert message in err
