"""`mentor eval`: a model behind a server, and a file that grows with every episode."""

import pytest

from mentor_core.trajectory import read_trajectories

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


def test_what_was_played_is_not_paid_for_again(mentor, served, tmp_path):
    """A large model's episodes cost money: Ctrl-C or a broken server must not lose them."""
    asked = []

    def flaky(path, request):
        asked.append(request)
        return teacher(path, request) if len(asked) <= 4 else (400, "no credit left")

    file = tmp_path / "teacher.jsonl"
    in_order = "--set=evaluate.policy_options.concurrency=1"
    mentor(*arguments(served(flaky), "--output", file, in_order, "--set=rollout.max_error_share=1"))
    paid = {t.task_id for t in read_trajectories(file) if t.end == "answered"}
    _, err = mentor(*arguments(served(teacher), "--output", file), code=2)
    assert "--resume" in err
    healthy = served(teacher)
    mentor(*arguments(healthy, "--output", file, "--resume"))
    assert len(healthy.requests) == 2 * (3 - len(paid))
    ended = [t.task_id for t in read_trajectories(file) if t.end == "answered"]
    assert len(ended) == len(set(ended)) == 3


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
    file = tmp_path / "teacher.jsonl"
    mentor(*arguments(served(teacher), "--output", file))
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    healthy = served(teacher)
    mentor(*arguments(healthy, "--output", file, "--resume"))
    assert len(healthy.requests) == 2  # one episode of two turns
    assert len(read_trajectories(file)) == len(whole.splitlines())


def test_a_parser_that_does_not_read_what_the_server_gives_is_refused(mentor, served):
    """Every call would pass for an answer, and a large model for one that can do nothing."""
    server = served(teacher)
    _, err = mentor(*arguments(server, "--set=parser=llama3"), code=2)
    assert "parser=auto" in err
    assert server.requests == []
