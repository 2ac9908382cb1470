"""No byte that mentor leaves has a key or a password, whatever a server says."""

import base64
import json

import pytest

from mentor_core.contracts.trajectory import read_trajectories
from mentor_runs.directory.run_directory import RunDirectory

pytest.importorskip("httpx")
KEY, PASSWORD = "sk-live-7f3a9c55", "pass-word-1234"
FORMS = (KEY, PASSWORD, base64.b64encode(f"user:{PASSWORD}".encode()).decode())


@pytest.fixture(autouse=True)
def key(monkeypatch, tmp_path):
    monkeypatch.setenv("TEACHER_KEY", KEY)
    monkeypatch.chdir(tmp_path)


def options(server, kind="evaluate.policy_options", user=f"user:{PASSWORD}@"):
    url = server.url.replace("://", f"://{user}")
    given = ["model=m", f"base_url={url}/v1", "retries=0", "api_key_variable=TEACHER_KEY"]
    return [f"--set={kind}.{option}" for option in given]


def check(folder, written):
    left = [file for file in folder.rglob("*") if file.is_file()]
    texts = [file.read_bytes() for file in left] + [text.encode() for text in written]
    for form in FORMS:
        assert not [text for text in texts if form.encode() in text]
    return left


def echo(server):
    """What a careless server says: all it was told."""
    *_, (_, headers, _) = server.requests
    return json.dumps(headers)


@pytest.mark.parametrize("user", ["", f"user:{PASSWORD}@"])
@pytest.mark.parametrize("status", [200, 401])
def test_an_evaluation_leaves_no_secret(mentor, served, tmp_path, status, user):
    def careless(path, request):
        said = f"{KEY}, to http://{user}host, you sent {echo(server)}. Answer: 1"
        message = {"role": "assistant", "content": said}
        reply = {"choices": [{"message": message, "finish_reason": "stop"}]}
        return (200, reply) if status == 200 else (401, f"{'x' * 190} {said}")  # cut in the key

    server = served(careless)
    arguments = ["--policy", "openai", "--split", "eval", "--count", "2"]
    arguments += options(server, user=user)
    written = mentor("eval", *arguments, "--output", "t.jsonl", code=0 if status == 200 else 2)
    assert FORMS[-1 if user else 0] in echo(server)  # it was used
    assert check(tmp_path, written)
    kept = read_trajectories(tmp_path / "t.jsonl")
    assert "***" in str([t.error or t.turns for t in kept])


def test_a_server_that_is_not_there_is_named_without_its_password(mentor, served, tmp_path):
    server = served(lambda *_: (500, ""))
    given = [option.replace(server.url[7:], "127.0.0.1:9") for option in options(server)]
    written = mentor("eval", "--policy", "openai", "--count", "2", *given, code=2)
    assert "127.0.0.1:9" in written.err
    check(tmp_path, written)


def test_the_files_of_a_run_hold_no_secret(mentor, served, tmp_path, monkeypatch):
    judge = options(served(lambda *_: (200, {})), "reward.term_options.judge")
    rewards = ["--rewards", "judge", "--set=env_options.train_size=2", *judge]
    headers = '--set=train.trl={hub_token="pass-word-1234", Authorization="Bearer pass-word-1234"}'
    shown = mentor("run", "--dry-run", *rewards)
    assert "base_url" in shown.out
    check(tmp_path, shown)

    from mentor_runs.command_line.options import configuration

    settings = [*(text.removeprefix("--set=") for text in rewards[2:])]
    config = configuration(None, None, None, None, None, settings, rewards="judge")
    monkeypatch.setattr("sys.argv", ["mentor", "run", *rewards, headers])
    RunDirectory.create(tmp_path / "run", config)
    assert len(check(tmp_path / "run", shown)) >= 3
    _, err = mentor("run", "--resume", "run", code=2)
    assert "reward.term_options.judge.base_url" in err and "${NAME}" in err


def test_a_key_in_the_place_of_its_variable_is_not_repeated(mentor, tmp_path):
    given = [f"--set=evaluate.policy_options.{o}" for o in ("model=m", f"api_key_variable={KEY}")]
    written = mentor("eval", "--policy", "openai", *given, code=2)
    assert "name of an environment variable" in written.err
    check(tmp_path, written)


def test_a_wrong_option_is_quoted_without_its_password(mentor, tmp_path):
    written = mentor("eval", f"--set=evaluate.temperature=http://user:{PASSWORD}@host", code=2)
    assert "evaluate.temperature" in written.err
    check(tmp_path, written)
    check(tmp_path, mentor("eval", f"--no-such-api-key={PASSWORD}", code=2))
