import pytest

TERM = """
from mentor_core.contracts.reward import RewardTerm


class Work(RewardTerm):
    '''More is better.'''

    most: int = 20

    def score(self, trajectory, task, references):
        return min(1.0, len(trajectory.calls) / self.most)


class Half(RewardTerm): ...


class Other: ...
"""


@pytest.fixture(autouse=True)
def in_a_folder_with_a_term(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine_7.py").write_text(TERM)
    (tmp_path / "leaves_7.py").write_text("raise SystemExit(3)\n")


def test_a_term_of_ones_own_is_checked_and_its_defect_shown(mentor):
    out, _ = mentor("check-reward", "mine_7:Work", "--examples", "30", code=1)
    verdicts = {line.split("│")[1].strip(): line for line in out.splitlines() if "│" in line}
    assert "FAILS" in verdicts["tool spam"] and "holds" in verdicts["durations"]
    assert "tool spam: it gives 0.45 where the honest episode gets 0.05" in out
    assert "turn 1: add() → 7" in out


def test_a_term_that_keeps_its_promises_ends_with_0(mentor):
    out, _ = mentor("check-reward", "teacher", "--option", "mode=sequence", "--examples", "20")
    assert "FAILS" not in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("techer", "did you mean teacher?"),
        ("teacher --option mod=set", "unknown option 'mod'; did you mean mode?"),
        ("teacher --option mode", "expected NAME=VALUE"),
        ("teacher --option =set", "--option '=set': expected NAME=VALUE"),
        ("mine_7:Half", "'mine_7:Half' is abstract: it does not define score"),
        ("leaves_7:Work", "leaves_7.py:1: SystemExit: 3"),
        ("mine_7:Work --option most=few", "reward term 'mine_7:Work': option 'most': "),
        ("mine_7:Wrok", "AttributeError"),
        ("mine_7:Other", "is not a subclass of"),
        ("absent_7:Work", "ModuleNotFoundError"),
    ],
)
def test_bad_input_ends_with_one_message(mentor, arguments, message):
    _, err = mentor("check-reward", *arguments.split(), code=2)
    assert message in err
