"""`mentor eval`: a model behind a server, and a file that grows with every episode."""

from dataclasses import replace

import pytest

from mentor_core.contracts.trajectory import read_trajectories, write_trajectories

pytest.importorskip("httpx")


def teacher(path, request):
    """Calls a tool, then answers."""
    said = [m for m in request["messages"] if m["role"] == "assistant"]
    if said:
        message = {"role": "assistant", "content": "Answer: 3"}
    else:
        function = {"name": "add", "arguments": '{"a": 1, "b": 2}'}
        calls = [{"id": "c0", "type": "function", "function": function}]
        message = {"role": "assistant", "content": None, "tool_calls": calls}
    return 200, {"choices": [{"message": message, "finish_reason": "stop"}]}


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
    given = arguments(server, "--count", "100", "--set=evaluate.policy_options.concurrency=1")
    _, err = mentor(*given, "--output", file, code=2)
    assert "first 8 episodes all broke" in err and "status 401: no such key" in err
    assert len(server.requests) < 60  # of 100; some are under way when it is noticed
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
