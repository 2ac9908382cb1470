"""`--env FILE.py:CLASS` and `--rewards FILE.py:CLASS`: no package is needed on the first day."""

import tomllib

import pytest

CODE = '''
from mentor_core import Call, RewardTerm, Task, Tool, ToolEnv


class Pile(ToolEnv):
    """Put stones on a pile."""

    name = "pile"

    def make_tools(self):
        return [Tool(self.put)]

    def put(self, stones: int) -> int:
        """Put stones on the pile; returns how many there are."""
        self.state[0] += stones
        return self.state[0]

    def load_tasks(self, split):
        prompt = "Put {0} stones on the pile. How many are there?"
        return [Task(f"{split}-{n}", "pile", prompt.format(n), n, split) for n in range(1, 5)]

    def start(self, task):
        return [0]

    def verify(self):
        return float(self.answer == str(self.task.answer))

    def expert(self, task):
        (call,) = yield "", [Call("put", {"stones": task.answer})]
        yield call.result, []


class Brevity(RewardTerm):
    """1 for one turn."""

    turns: int = 1

    def score(self, trajectory, task, references):
        return min(1.0, self.turns / len(trajectory.turns)) if trajectory.turns else None


class Half(RewardTerm): ...
'''
OWN = ("--env", "heap.py:Pile", "--rewards", "heap.py:Brevity=0.5,outcome")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The working directory, with the code in it."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    (here / "heap.py").write_text(CODE)
    return here


@pytest.mark.parametrize("place", ["heap.py", "./heap.py", "heap"])
def test_a_run_takes_them_and_can_be_made_again_from_any_directory(
    mentor, folder, monkeypatch, place
):
    given = ("--env", f"{place}:Pile", "--rewards", f"{place}:Brevity=0.5,outcome")
    out, _ = mentor("run", *given, "--dry-run")
    config = tomllib.loads(out)
    assert (config["env"], config["reward"]["terms"]) == ("pile", {"Brevity": 0.5, "outcome": 1.0})
    (folder.parent / "run.toml").write_text(out)
    monkeypatch.chdir(folder.parent)
    again, _ = mentor("run", "--config", "run.toml", "--dry-run")
    assert again == out


def test_in_a_file_of_settings_a_place_is_relative_to_the_file(mentor, folder, monkeypatch):
    settings = 'env = "heap.py:Pile"\n[reward.terms]\n"heap:Brevity" = 1\n'
    (folder / "run.toml").write_text(settings)
    (folder / "named.toml").write_text('env = "pile"\nenv_classes = {pile = "./heap.py:Pile"}\n')
    monkeypatch.chdir(folder.parent)
    out, _ = mentor("run", "--config", "here/run.toml", "--dry-run")
    assert tomllib.loads(out)["reward"]["term_classes"] == {"Brevity": f"{folder}/heap.py:Brevity"}
    out, _ = mentor("run", "--config", "here/named.toml", "--dry-run")
    assert tomllib.loads(out)["env_classes"] == {"pile": f"{folder}/heap.py:Pile"}


def test_another_environment_leaves_the_class_behind(mentor, folder):
    out, _ = mentor("run", *OWN, "--dry-run")
    (folder / "run.toml").write_text(out)
    out, _ = mentor("run", "--config", "run.toml", "--env", "calculator", "--dry-run")
    assert not tomllib.loads(out)["env_classes"]
    out, _ = mentor("run", "--config", "run.toml", "--env", "pile,calculator", "--dry-run")
    assert list(tomllib.loads(out)["env_classes"]) == ["pile"]


def test_eval_score_and_ablate_take_them(mentor, folder):
    play = ("--policy", "scripted", "--count", "2", "--split", "eval", "--output", "played.jsonl")
    out, _ = mentor("eval", "--env", "heap:Pile", *play)
    assert "pile: scripted" in out
    for rewards in ("heap:Brevity,outcome", "heap.py:Brevity=0.2"):
        out, _ = mentor("score", "played.jsonl", "--env", "heap.py:Pile", "--rewards", rewards)
        assert "Brevity" in out
    against = ("--rewards", "heap:Brevity", "--against", "outcome=1,heap.py:Brevity=0.5")
    out, _ = mentor("compare-rewards", "played.jsonl", *against)
    assert "Brevity" in out
    (folder / "rewards").mkdir()
    (folder / "rewards" / "own.toml").write_text('[reward.terms]\n"../heap.py:Brevity" = 1\n')
    out, _ = mentor(
        "compare-rewards", "played.jsonl", *against[:2], "--against", "rewards/own.toml"
    )
    assert "Brevity" in out
    mentor("check-reward", "heap.py:Brevity", "--examples", "5", code=1)  # an empty episode gets 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("run --dry-run --env heap.py:Pyle", "has no 'Pyle'; did you mean Pile?"),
        ("run --dry-run --env absent.py:Pile", "absent.py: No such file or directory"),
        (
            "run --dry-run --env heap.py:Brevity",
            "is not a subclass of mentor_core.contracts.env:ToolEnv",
        ),
        ("run --dry-run --rewards heap.py:Half", "is abstract: it does not define score"),
        (
            "run --dry-run --rewards heap.py:Pile",
            "is not a subclass of mentor_core.contracts.reward:Reward",
        ),
        ("run --dry-run --rewards heap.py:Brevity=x", "the weight of 'heap.py:Brevity' is 'x'"),
        ("run --dry-run --rewards heap:Brevity,heap:Brevity", "is given twice"),
        ("eval --env heap.py:Pyle", "has no 'Pyle'"),
        ("check-env heap.py:Pyle", "has no 'Pyle'"),
        ("check-reward heap.py:Half", "is abstract"),
        (
            "run --dry-run --set sampler=heap.py:Pile",
            "is not a subclass of mentor_core.contracts.sampler",
        ),
    ],
)
def test_what_is_wrong_is_one_message(mentor, arguments, message):
    _, err = mentor(*arguments.split(), code=2)
    assert message in err


@pytest.mark.slow
def test_a_run_is_evaluated_and_scored_from_another_directory(mentor, folder, monkeypatch):
    small = ("train.tasks_per_step=2", "train.group_size=2", "evaluate.tasks=2")
    settings = [part for setting in small for part in ("--set", setting)]
    out, _ = mentor("run", *OWN, "--steps", "1", *settings)
    assert "pile: before and after" in out
    (run,) = (folder / "runs").glob("pile-*")
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    mentor("eval", run, "--count", "1")
    out, _ = mentor("score", run, "--jobs", "2")
    assert "Brevity" in out
    mentor("run", "--resume", run)
