from dataclasses import replace

import pytest

from mentor_core.contracts.trajectory import Call, Turn, format_trajectory, read_trajectories
from mentor_envs.calculator.env import Calculator
from mentor_lab.testing import trajectory_of
from mentor_plugins.rewards.outcome import Outcome
from mentor_runs.directory.run_directory import RunDirectory
from mentor_runs.settings.resolve import resolve
from mentor_toolkit.scripts import play_expert

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
    assert "nan.jsonl:2: outcome: expected a finite number" in out
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
        "  turn 1: adds 1; without it 1",
        "  turn 2: adds -0.3333; without it 1",
        "  turn 3: adds 0",
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


def test_what_a_run_played_when_is_kept_apart(mentor, tmp_path):
    """A mean over the episodes before, in and after training says nothing of any of them."""
    run = RunDirectory.create(tmp_path / "run", resolve({"env_options": {"train_size": 2}}))
    for name, played in {
        "train": [STUDENT, WRONG],
        "train-1": [STUDENT, STUDENT],
        "eval-before": [WRONG, WRONG],
        "eval-after": [STUDENT],
        "train-after": [WRONG],
    }.items():
        run.write(run.trajectories(name), played)
    out, _ = mentor("score", "run", "--rewards", "outcome")
    shares = [line.split("│")[2].strip() for line in out.splitlines() if "outcome " in line]
    titles = [line.strip() for line in out.splitlines() if " trajectories" in line]
    assert dict(zip(titles, shares, strict=True)) == {
        "eval-before: 2 trajectories": "0.0000",
        "train: 4 trajectories": "0.7500",
        "eval-after: 1 trajectories": "1.0000",
        "train-after: 1 trajectories": "0.0000",
    }


@pytest.mark.parametrize("arguments", ["t.jsonl --rewards teacher", "bad.jsonl --rewards outcome"])
def test_exit_code_2_says_that_nothing_could_be_scored(mentor, tmp_path, arguments):
    """A script would go on with a table of dashes."""
    (tmp_path / "bad.jsonl").write_text("{\n")
    out, err = mentor("score", *arguments.split(), "--output", "new.jsonl", code=2)
    assert "nothing could be scored" in err
    assert "no references for these tasks" in out or "bad.jsonl:1: " in out
    assert not list(tmp_path.glob("new*"))


def test_references_are_replayed_where_their_environment_is_known(mentor, tmp_path):
    env = Calculator(train_size=2)
    first, second = (play_expert(env, task) for task in env.tasks("train"))
    forged = replace(second, outcome=1.0, answer="7", turns=[Turn("Answer: 7")])
    for name, saved in (("played.jsonl", [first, second]), ("forged.jsonl", [first, forged])):
        (tmp_path / name).write_text("".join(map(format_trajectory, saved)))
    given = ("--env", "calculator", "--set", "env_options.train_size=2", "--rewards", "teacher")
    out, _ = mentor("score", "played.jsonl", "--references", "forged.jsonl", *given)
    assert "1 reference(s) not used: another outcome when replayed" in out
    out, _ = mentor("score", "t.jsonl", "--references", "refs.jsonl", "--rewards", "teacher")
    assert "2 reference(s) of tests taken on trust" in out


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
