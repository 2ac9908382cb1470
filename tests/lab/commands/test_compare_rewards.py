import pytest

from mentor_core.contracts.trajectory import Call, format_trajectory
from mentor_lab.testing import trajectory_of

ADD = Call("add", {"a": 1, "b": 2}, "3")


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    right = trajectory_of("3", outcome=1.0)
    taught = trajectory_of([ADD], "4", outcome=0.0)
    group = [right, taught]
    (tmp_path / "t.jsonl").write_text("".join(map(format_trajectory, group)) + "{\n")
    teacher = trajectory_of([ADD], "3", outcome=1.0, source="teacher")
    (tmp_path / "refs.jsonl").write_text(format_trajectory(teacher))


def test_two_rewards_are_compared_on_saved_groups(mentor, tmp_path):
    (tmp_path / "b.toml").write_text(
        '[reward]\ncomposer = "weighted_sum"\nterms = {outcome = 0.2, arguments = 0.8}\n'
    )
    given = ("compare-rewards", "t.jsonl", "--references", "refs.jsonl")
    out, _ = mentor(*given, "--rewards", "outcome", "--against", "b.toml")
    assert "2 of 2 advantages change sign (100.0%)" in out
    assert "b.toml: outcome and arguments conflict (correlation -1.00" in out
    assert "1 broken line(s), not scored" in out


def test_a_reward_may_be_a_file(mentor, tmp_path):
    (tmp_path / "mine.toml").write_text(
        '[reward]\ncomposer = "weighted_sum"\nterms = {answered = 1}\n'
    )
    out, _ = mentor("compare-rewards", "t.jsonl", "--rewards", "outcome", "--against", "mine.toml")
    assert "1 (100.0%)" in out and "0 appear and 2 vanish" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("absent.jsonl --rewards sparse --against mentor", "no such file"),
        ("t.jsonl --rewards sparse --against mentr", "did you mean mentor"),
        ("t.jsonl --rewards sparse --against absent.toml", "absent.toml: No such file"),
        ("/dev/null --rewards sparse --against mentor", "no such file"),
    ],
)
def test_bad_input_ends_with_one_message(mentor, arguments, message):
    _, err = mentor("compare-rewards", *arguments.split(), code=2)
    assert message in err


def test_the_former_name_works_for_a_release_and_says_so(mentor):
    out, _ = mentor("--help")
    assert "compare-rewards" in out
    assert " ablate" not in out
    _, err = mentor("ablate", "absent.jsonl", "--rewards", "mentor", "--against", "sparse", code=2)
    assert "use compare-rewards" in err
    assert "absent.jsonl" in err
