"""`mentor show`: a run's episodes in the terminal, the teacher beside the student."""

import pytest

from mentor_core.contracts.trajectory import Call, Turn
from mentor_lab.testing import trajectory_of
from mentor_runs.directory.run_directory import RunDirectory
from mentor_runs.settings.resolve import resolve


def episode(task, outcome, step, said):
    return trajectory_of(
        [Call("add", {}, said)],
        f"Answer: {said}",
        task_id=task,
        outcome=outcome,
        policy_version=step,
        prompt=[{"role": "user", "content": f"[bold]What is {task}?"}],
        scores={"outcome": outcome, "teacher": None},
        reward=outcome,
    )


@pytest.fixture
def run(tmp_path):
    run = RunDirectory.create(tmp_path / "run", resolve({}))
    run.write(run.trajectories("eval-before"), [episode("a", 0.0, 0, "before-a")])
    run.write(
        run.trajectories("train"),
        [
            episode("a", 1.0, 0, "right-a"),
            episode("a", 0.0, 1, "wrong-a"),
            episode("b", None, 1, "open-b"),
            episode("c", 1.0, 2, "right-c"),
        ],
    )
    teacher = trajectory_of("Answer: teacher-a", task_id="a", outcome=1.0, source="expert")
    run.write(run.references, [teacher])
    return run


def shown(text):
    said = ("right-a", "wrong-a", "open-b", "right-c", "before-a")
    return [word for word in said if word in text]


def test_the_teacher_stands_beside_the_student(mentor, run):
    out, err = mentor("show", run.path, "-n", "1")
    assert shown(out) == ["right-a"]
    assert "Answer: teacher-a" in out
    header = next(line for line in out.splitlines() if "student:" in line)
    assert "student: answered, outcome 1" in header
    assert "expert: answered, outcome 1" in header
    assert "reward 1.000  outcome 1.00  teacher –" in out
    assert err == ""


def test_a_task_without_a_teacher_is_shown_alone(mentor, run):
    out, _ = mentor("show", run.path, "--task", "c")
    assert shown(out) == ["right-c"]
    assert "expert:" not in out


def test_a_prompt_is_shown_as_it_is_and_not_as_markup(mentor, run):
    assert "[bold]What is a?" in mentor("show", run.path, "-n", "1").out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ["right-a", "wrong-a", "open-b"]),
        (["-n", "9"], ["right-a", "wrong-a", "open-b", "right-c"]),
        (["--failed"], ["wrong-a", "open-b"]),
        (["--task", "a"], ["right-a", "wrong-a"]),
        (["--step", "1"], ["wrong-a", "open-b"]),
        (["--step", "0"], ["right-a"]),
        (["--step", "1", "--failed", "--task", "b"], ["open-b"]),
        (["--of", "eval-before"], ["before-a"]),
    ],
)
def test_episodes_are_chosen(mentor, run, arguments, expected):
    assert shown(mentor("show", run.path, *arguments).out) == expected


def test_what_is_not_verified_and_not_ended_says_so(mentor, run):
    cut = trajectory_of(turns=[Turn("I thi", complete=False)], end="token_limit", task_id="a")
    run.write(run.trajectories("train"), [cut])
    out, _ = mentor("show", run.path)
    assert "student: token_limit, not verified" in out
    assert "I thi … (cut off)" in out


def test_after_training_its_evaluation_is_shown_first(mentor, run):
    run.write(run.trajectories("eval-after"), [episode("a", 0.0, 9, "before-a")])
    assert shown(mentor("show", run.path).out) == ["before-a"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--of", "eval-befor"], "has no episodes 'eval-befor'; did you mean eval-before?"),
        (["--task", "z"], "train.jsonl has no episode with --task z; known: a, b, c"),
        (["--step", "7"], "train.jsonl has no episode with --step 7; known: 0, 1, 2"),
        (["--env", "dice"], "train.jsonl has no episode with --env dice; known: tests"),
        (["--task", "b", "--step", "0"], "no episode in"),
        (["-n", "0"], "0 is not in the range x>=1"),
    ],
)
def test_what_is_not_there_says_so(mentor, run, arguments, message):
    out, err = mentor("show", run.path, *arguments, code=2)
    assert message in err
    assert out == ""


def test_a_broken_line_is_named(mentor, run):
    run.trajectories("train").write_text('{"task_id": "a"}\n')
    assert "train.jsonl:1: env: is missing" in mentor("show", run.path, code=2).err


def test_a_run_that_has_played_nothing_says_so(mentor, tmp_path):
    run = RunDirectory.create(tmp_path / "new", resolve({}))
    assert "has no episodes yet (running)" in mentor("show", run.path, code=2).err
