import pytest

ENVIRONMENT = '''
from mentor_core import Call, Task, Tool, ToolEnv


class Pile(ToolEnv):
    """Put stones on a pile."""

    class Options(ToolEnv.Options):
        tells: bool = False

    name = "pile"

    def make_tools(self):
        return [Tool(self.put)]

    def put(self, stones: int) -> int:
        """Put stones on the pile; returns how many there are."""
        self.state[0] += stones
        return self.state[0]

    def load_tasks(self, split):
        said = " Say {0}." if self.options.tells else ""
        prompt = "Put {1} stones on the pile twice. How many are there?" + said
        first = {"train": 20, "eval": 0, "ood": 40}[split]
        return [
            Task(f"{split}-{n}", "pile", prompt.format(200 + 2 * m, 100 + m), 200 + 2 * m, split)
            for n, m in enumerate(range(first, first + 6))
        ]

    def start(self, task):
        return [0]

    def verify(self):
        return float(self.answer == str(self.task.answer))

    def expert(self, task):
        for _ in range(2):
            (call,) = yield "", [Call("put", {"stones": task.answer // 2})]
        yield call.result, []


def tall(height: int = 8):
    return Pile(max_turns=height)


class Other: ...
'''
QUICK = ("--examples", "10", "--count", "4")


@pytest.fixture(autouse=True)
def in_a_folder_with_an_environment(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pile_7.py").write_text(ENVIRONMENT)
    (tmp_path / "leaves_7.py").write_text("raise SystemExit(3)\n")


def verdicts(out):
    """Property → its row."""
    lines = (line.split("│") for line in out.splitlines() if "│" in line)
    return {cells[1].strip(): [cell.strip() for cell in cells[2:-1]] for cells in lines}


def test_a_sound_environment_ends_with_0_and_its_speed(mentor):
    out, err = mentor("check-env", "pile_7:Pile", *QUICK)
    assert "FAILS" not in out
    assert verdicts(out)["expert"][1:] == ["holds", "4"]
    assert verdicts(out)["process"][1:] == ["holds", "1"]
    assert "steps per second" in out
    assert "checking" in err


def test_a_defect_is_shown_with_python_that_can_be_run(mentor):
    setting = ("--set", "env_options.tells=true")
    out, _ = mentor("check-env", "pile_7:Pile", *QUICK, *setting, "--skip", "process", code=1)
    found = verdicts(out)
    assert {name for name, row in found.items() if "FAILS" in row} == {"secret"}
    assert "process" not in found
    assert "secret: the opening of task 'eval-0' shows its answer 200" in out
    code = out[out.index("from pile_7 import Pile") : out.index("steps per second")]
    exec(code.rpartition("\n")[0], {})


def test_a_limit_of_turns_is_a_setting_of_the_run(mentor):
    setting = ("--set", "rollout.max_turns=2")
    out, _ = mentor("check-env", "pile_7:Pile", *QUICK, *setting, "--skip", "process", code=1)
    assert "expert: its episode on task 'eval-0' ends with turn_limit and outcome 0.0" in out
    assert "env = Pile(max_turns=2)" in out


def test_a_function_may_make_the_environment(mentor):
    mentor("check-env", "pile_7:tall", *QUICK, "--set", "env_options.height=5")


def test_tasks_of_one_s_own_are_played(mentor, rows):
    """As with `mentor run`: an environment may have no tasks but those of a file."""
    file = rows(*({"question": f"{n} + {n}?", "answer": str(2 * n)} for n in range(5)))
    out, _ = mentor(
        "check-env", "calculator", "--tasks", file, "--examples", "5", "--skip", "process"
    )
    assert "FAILS" not in out
    assert verdicts(out)["tasks"][1] == "holds"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("calculater", "did you mean calculator?"),
        ("calculator --set env_options.max_step=2", "unknown option 'max_step'; did you mean"),
        ("calculator --set train.steps=2", "check-env takes env_options.NAME and rollout.max"),
        ("calculator --set max_steps=2", "--set max_steps: check-env takes env_options.NAME"),
        ("calculator --set rollout.top_k=2", "--set rollout.top_k: check-env takes"),
        ("calculator --set env_options=2", "expected KEY=VALUE, such as env_options.seed=1"),
        ("calculator --skip expret", "no property 'expret'; did you mean expert"),
        ("calculator --count 0", "0 is not in the range"),
        ("calculator --set rollout.max_turns=many", "rollout.max_turns: expected a whole number"),
        ("calculator --tasks absent.jsonl", "absent.jsonl: No such file"),
        ("functions", "the option 'tasks_file' is missing; give it with --tasks FILE"),
        ("webshop --tasks absent.jsonl", "--tasks FILE does not fit here: environment 'webshop'"),
        ("leaves_7:Pile", "leaves_7.py:1: SystemExit: 3"),
        ("calculator --set env_options.tasks_file=absent.jsonl", "absent.jsonl: No such file"),
        ("pile_7:Pyle", "AttributeError"),
        ("pile_7:Other", "is not a subclass of mentor_core.contracts.env:ToolEnv"),
        ("absent_7:Pile", "ModuleNotFoundError"),
        ("pile_7:tall --set env_options.width=5", "TypeError: tall() got an unexpected"),
    ],
)
def test_bad_input_ends_with_one_message(mentor, arguments, message):
    _, err = mentor("check-env", *arguments.split(), code=2)
    assert message in err
