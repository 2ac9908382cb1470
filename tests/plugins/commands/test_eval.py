"""`mentor eval`: a model behind a server, and a file that grows with every episode."""

import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from mentor_core.contracts.trajectory import read_trajectories, write_trajectories
from mentor_plugins.models.loading import model_path
from mentor_runs.directory.checkpoint import seal
from mentor_runs.settings.config import RunConfig, to_toml

pytest.importorskip("httpx")

SCRIPTED = (
    *("eval", "--policy", "scripted", "--count", "4"),
    '--set=evaluate.policy_options.turns=["Answer: 3"]',
)


def evaluations(out):
    """The figures that `--json` printed."""
    return json.loads(out)["evaluations"]


def teacher(path, request):
    """Calls a tool, then answers."""
    said = [m for m in request["messages"] if m["role"] == "assistant"]
    if said:
        message = {"role": "assistant", "content": "Answer: 3"}
    else:
        function = {"name": "add", "arguments": '{"a": 1, "b": 2}'}
        calls = [{"id": "c0", "type": "function", "function": function}]
        message = {"role": "assistant", "content": None, "tool_calls": calls}
    usage = {"prompt_tokens": 100, "completion_tokens": 10}
    return 200, {"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}


def arguments(server, *more):
    options = ["model=m-large", f"base_url={server.url}/v1", "retries=0"]
    given = [f"--set=evaluate.policy_options.{option}" for option in options]
    return ["eval", "--policy", "openai", "--split", "eval", "--count", "3", *given, *more]


def test_a_model_behind_a_server_is_evaluated_and_its_episodes_kept(mentor, served, tmp_path):
    server, file = served(teacher), tmp_path / "teacher.jsonl"
    out, _ = mentor(*arguments(server, "--output", file))
    assert "m-large" in out
    kept = read_trajectories(file)
    assert [t.answer for t in kept] == ["3"] * 3
    assert all(t.tokens is None and t.calls[0].result == "3" for t in kept)


def until(count, status=400):
    """A teacher that breaks after so many requests, until it is `mended`."""

    def flaky(path, request):
        flaky.asked += 1
        broken = flaky.asked > count and not flaky.mended
        return (status, "no credit left") if broken else teacher(path, request)

    flaky.asked, flaky.mended = 0, False
    return flaky


def test_what_was_played_is_not_paid_for_again(mentor, served, tmp_path):
    """A large model's episodes cost money: Ctrl-C or a broken server must not lose them."""
    flaky = until(4)
    server, file = served(flaky), tmp_path / "teacher.jsonl"
    in_order = "--set=evaluate.policy_options.concurrency=1"
    given = arguments(server, "--output", file)
    mentor(*given, in_order, "--set=rollout.max_error_share=1")
    paid = {t.task_id for t in read_trajectories(file) if t.end == "answered"}
    _, err = mentor(*given, code=2)
    assert "--resume" in err
    flaky.mended, before = True, len(server.requests)
    mentor(*given, "--resume", "--set=evaluate.policy_options.retries=2")
    assert len(server.requests) - before == 2 * (3 - len(paid))
    ended = [(t.task_id, t.end) for t in read_trajectories(file)]
    assert len(ended) == len(set(ended)) == 3
    assert {end for _, end in ended} == {"answered"}  # the repeats are there in place of what broke


def test_ctrl_c_keeps_what_was_played_and_says_how_to_go_on(mentor, served, tmp_path):
    def slow(path, request):
        time.sleep(0.2)
        return teacher(path, request)

    server, file = served(slow), tmp_path / "teacher.jsonl"
    given = arguments(server, "--count", 40, "--set=evaluate.policy_options.concurrency=1")
    given += ["--output", file]
    command = [sys.executable, "-m", "mentor_core", *map(str, given)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    while process.poll() is None and not (file.exists() and file.stat().st_size):
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert f"what was played is in {file}; --resume goes on" in err
    kept = len(read_trajectories(file))
    assert 0 < kept < 40
    before = len(server.requests)
    mentor(*given, "--resume", "--set=evaluate.policy_options.concurrency=32")
    assert len(read_trajectories(file)) == 40
    assert len(server.requests) - before == 2 * (40 - kept)


def test_a_repeat_that_was_kept_beside_what_broke_takes_its_place(mentor, served, tmp_path):
    """Whoever reads the file would count the task twice, once as a failure."""
    server, file = served(teacher), tmp_path / "teacher.jsonl"
    mentor(*arguments(server, "--output", file))
    whole = read_trajectories(file)
    broken = replace(whole[0], end="error", outcome=None, turns=[], error="down")
    elsewhere = replace(broken, task_id="ood-7")  # is not played again here
    with file.open("a") as stream:
        write_trajectories(stream, [broken, elsewhere])
    mentor(*arguments(server, "--output", file, "--resume"))
    assert read_trajectories(file) == [*whole, elsewhere]
    assert len(server.requests) == 6


@pytest.mark.parametrize(
    ("other", "key"),
    [
        (["--temperature", "0.7"], "evaluate.temperature is 0.7 and was 0.0"),
        (["--seed", "3"], "seed is 3 and was 0"),
        (["--set=evaluate.policy_options.model=m-small"], "evaluate.policy_options.model"),
        (
            ["--set=evaluate.policy_options.base_url=http://x/v1"],
            "evaluate.policy_options.base_url",
        ),
        (["--set=evaluate.policy_options.extra.top=1"], "extra.top is 1 and was not set"),
        (["--set=rollout.max_turns=3"], "rollout.max_turns is 3 and was 8"),
        (["--set=env_options.train_size=3"], "env_options.train_size"),
    ],
)
def test_a_file_holds_episodes_of_one_kind_only(mentor, served, tmp_path, other, key):
    """Half a file at one temperature and half at another is an evaluation of nothing."""
    server, file = served(teacher), tmp_path / "teacher.jsonl"
    mentor(*arguments(server, "--output", file))
    asked, before = len(server.requests), file.read_bytes()
    _, err = mentor(*arguments(server, "--output", file, "--resume", *other), code=2)
    assert key in err
    assert len(err.splitlines()) == 1
    assert (len(server.requests), file.read_bytes()) == (asked, before)
    mentor(*arguments(server, "--output", file, "--resume", "--count", "4"))  # more of the same
    assert len(read_trajectories(file)) == 4


def test_a_file_of_unknown_settings_is_not_gone_on_with(mentor, served, tmp_path):
    server, file = served(teacher), tmp_path / "teacher.jsonl"
    mentor(*arguments(server, "--output", file))
    (tmp_path / "teacher.settings.toml").unlink()
    _, err = mentor(*arguments(server, "--output", file, "--resume"), code=2)
    assert "teacher.settings.toml is not there" in err


def test_a_server_that_refuses_everything_ends_it_early_in_its_words(mentor, served, tmp_path):
    server, file = served(lambda *_: (401, "no such key")), tmp_path / "teacher.jsonl"
    given = arguments(server, "--count", "600", "--set=evaluate.policy_options.concurrency=1")
    given += ["--set=env_options.eval_size=600"]
    _, err = mentor(*given, "--output", file, code=2)
    assert "first 8 episodes all broke" in err and "status 401: no such key" in err
    assert len(server.requests) < 300  # of 600; some are under way when it is noticed
    assert len(read_trajectories(file)) >= 8


def test_resuming_needs_something_to_go_on_with(mentor, served):
    _, err = mentor(*arguments(served(teacher), "--resume"), code=2)
    assert len(err.splitlines()) == 1


def test_a_model_behind_a_server_cannot_be_trained(mentor):
    options = ("--set=policy=openai", "--set=policy_options.model=m")
    _, err = mentor("run", "--dry-run", *options, code=2)
    assert "mentor eval" in err


def test_a_teacher_that_is_not_there_is_one_message(mentor):
    options = ["model=m", "base_url=http://127.0.0.1:9/v1", "retries=0"]
    given = [f"--set=evaluate.policy_options.{option}" for option in options]
    _, err = mentor("eval", "--policy", "openai", "--count", "2", *given, code=2)
    assert "127.0.0.1:9" in err
    assert "Traceback" not in err


def test_an_evaluation_that_was_killed_while_it_wrote_goes_on(mentor, served, tmp_path):
    server, file = served(teacher), tmp_path / "teacher.jsonl"
    mentor(*arguments(server, "--output", file))
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    mentor(*arguments(server, "--output", file, "--resume"))
    assert len(server.requests) == 6 + 2  # one episode of two turns
    assert len(read_trajectories(file)) == len(whole.splitlines())


def test_a_parser_that_does_not_read_what_the_server_gives_is_refused(mentor, served):
    """Every call would pass for an answer, and a large model for one that can do nothing."""
    server = served(teacher)
    _, err = mentor(*arguments(server, "--set=parser=llama3"), code=2)
    assert "parser=auto" in err
    assert server.requests == []


def test_tokens_are_counted_and_have_a_price(mentor, served, tmp_path):
    server, file, prices = served(teacher), tmp_path / "t.jsonl", tmp_path / "prices.toml"
    prices.write_text('["m-*"]\nprompt = 1000\ncompletion = 10000\n')
    out, err = mentor(*arguments(server, "--output", file, "--prices", prices, "--json"))
    spent = evaluations(out)["eval"]["spent"]
    assert (spent["requests"], spent["prompt_tokens"], spent["completion_tokens"]) == (6, 600, 60)
    assert spent["cost"] == pytest.approx(1.2)
    assert "eval 3/3" in err
    kept = [t.provenance.cost for t in read_trajectories(file)]
    assert kept == pytest.approx([0.4] * 3)
    # What was played before there was a price has one, too; what was paid is not priced again.
    out, _ = mentor(*arguments(server, "--prices", prices, "--output", file, "--resume"))
    assert "all together cost $1.2000" in out
    assert "reads 200 tokens and writes 20" in out
    out, _ = mentor(*arguments(server))
    assert "the cost is unknown" in out


def test_a_real_server_is_asked_for_several_episodes_at_a_time(
    mentor, transformers_server, tmp_path
):
    prices = tmp_path / "prices.toml"
    prices.write_text('["*"]\nprompt = 1\ncompletion = 2\n')
    options = [f"model={model_path('embedded/calculator')}", f"base_url={transformers_server}"]
    options += ["tools=text", "concurrency=4"]
    given = [f"--set=evaluate.policy_options.{option}" for option in options]
    out, _ = mentor(
        "eval", "--policy", "openai", "--split", "eval", "--count", 4, "--samples", 2,
        "--temperature", 1, "--prices", prices, "--json", *given,
    )  # fmt: skip
    found = evaluations(out)["eval"]
    assert (found["episodes"], list(found["pass_at"])) == (8, ["1", "2"])
    assert found["spent"]["requests"] >= 8
    tokens = found["spent"]["prompt_tokens"], found["spent"]["completion_tokens"]
    assert min(tokens) > 0
    assert found["spent"]["cost"] == pytest.approx((tokens[0] + 2 * tokens[1]) / 1e6)


def test_a_scripted_policy_has_figures_for_each_environment(mentor, outsider):
    out, err = mentor(*SCRIPTED, "--env", "calculator,dice", "--split", "eval", "--json")
    found = evaluations(out)
    assert list(found) == ["eval", "eval/calculator", "eval/dice"]
    assert {row["episodes"] for row in found.values()} == {4, 8}
    for row in found.values():
        assert row["terms"]["outcome"]["mean"] == row["success"] == row["pass_all"]["1"]["mean"]
        assert row["terms"]["outcome"]["interval"] == pytest.approx(row["interval"])
        assert row["spent"] | {"seconds": 0} == {
            "prompt_tokens": None,
            "completion_tokens": None,
            "requests": None,
            "seconds": 0,
            "cost": None,
        }
    assert "eval 8/8" in err
    shown, _ = mentor(*SCRIPTED, "--env", "calculator,dice", "--split", "eval")
    assert "eval/dice: reward outcome" in shown


def test_a_reward_term_that_fails_does_not_cost_the_evaluation(mentor, tmp_path):
    """The episodes may have been paid for."""
    file = tmp_path / "mine.py"
    file.write_text(
        "from mentor_core import RewardTerm\n\n\n"
        "class Broken(RewardTerm):\n    def score(self, trajectory, task, references):\n"
        "        raise ValueError('no such thing')\n"
    )
    out, err = mentor(*SCRIPTED, "--rewards", f"outcome,{file}:Broken", "--json")
    terms = evaluations(out)["eval"]["terms"]
    (broken,) = [name for name in terms if name != "outcome"]
    assert terms[broken] is None
    assert terms["outcome"]["tasks"] == 4
    assert "no such thing" in err


def test_terms_that_need_references_which_the_source_has_not_are_named(mentor, tmp_path):
    empty = tmp_path / "none.jsonl"
    empty.write_text("")
    source = ("--set=source=saved", f'--set=source_options.files=["{empty}"]')
    out, _ = mentor(*SCRIPTED, *source, "--rewards", "outcome,teacher")
    assert "no references for the reward terms" in out
    assert "eval: not scored: teacher" in out


def test_episodes_that_could_not_be_verified_are_counted(mentor, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "from mentor_core import Task, ToolEnv\n\n\n"
        "class Open(ToolEnv):\n    name = 'Open'\n\n"
        "    def make_tools(self):\n        return []\n\n"
        "    def load_tasks(self, split):\n"
        "        return [Task(f't{n}', self.name, '?', split=split) for n in range(3)]\n\n"
        "    def verify(self):\n        return None\n"
    )
    out, _ = mentor(*SCRIPTED, "--env", f"{file}:Open", "--split", "eval")
    assert "eval: not verified: 3 of 3 episodes" in out
    out, _ = mentor(*SCRIPTED, "--env", f"{file}:Open", "--split", "eval", "--json")
    row = evaluations(out)["eval"]
    assert (row["not_verified"], row["success"], row["interval"]) == (3, None, None)
    assert row["pass_at"] == {}


@pytest.fixture
def run(tmp_path):
    """A run that was interrupted at a checkpoint: the student that it began with."""
    path = tmp_path / "run"
    folder = path / "checkpoints" / "checkpoint-20"
    shutil.copytree(model_path("embedded/calculator"), folder)
    seal(folder)
    (path / "config.toml").write_text(to_toml(RunConfig(env="calculator", seed=5)))
    return path


def test_a_checkpoint_of_a_run_is_evaluated_with_the_runs_settings(mentor, run):
    played = ("--split", "eval", "--count", 2, "--json")
    found = json.loads(mentor("eval", run, "--checkpoint", 20, *played)[0])
    assert found["settings"]["seed"] == 5
    assert found["player"].endswith("checkpoint-20")
    by_path = json.loads(mentor("eval", run / "checkpoints" / "checkpoint-20", *played)[0])
    assert by_path["settings"] == found["settings"]
    figures = [one["evaluations"]["eval"] for one in (found, by_path)]
    assert figures[0]["success"] == figures[1]["success"]


def test_a_model_that_belongs_to_no_run_is_played_with_the_settings_given(mentor, run, tmp_path):
    shutil.move(run / "checkpoints" / "checkpoint-20", tmp_path / "mine")
    out, _ = mentor("eval", tmp_path / "mine", "--split", "eval", "--count", 2, "--json")
    found = json.loads(out)
    assert found["settings"]["model"] == str(tmp_path / "mine")
    assert found["settings"]["seed"] == 0


def test_a_model_or_checkpoint_that_is_not_there_is_one_message(mentor, run, tmp_path):
    damaged = run / "checkpoints" / "checkpoint-30"
    shutil.copytree(run / "checkpoints" / "checkpoint-20", damaged)
    (damaged / "config.json").write_text("{}")
    for given, said in (
        ([run], "its checkpoints: 20, 30"),
        ([run, "--checkpoint", 7], "no checkpoint 7; it has 20, 30"),
        ([run, "--checkpoint", 30], "is damaged: config.json"),
        ([tmp_path], "no model (config.json)"),
        ([tmp_path / "rum"], "did you mean run?"),
        (["--checkpoint", 20], "needs a RUN"),
        ([run / "checkpoints" / "checkpoint-20", "--checkpoint", 20], "needs a RUN"),
    ):
        _, err = mentor("eval", *given, code=2)
        assert said in " ".join(err.split()), err
        assert "Traceback" not in err
