import json

import pytest

from mentor_core.contracts.reward import Example
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call
from mentor_core.door.registry import REWARD_TERMS, create
from mentor_core.support.errors import ConfigError, RewardError, ServerError
from mentor_lab.testing import trajectory_of
from mentor_runs.assembly.reward import apply_term

pytest.importorskip("httpx")
from mentor_plugins.rewards.judge import Judge, grade

TASK = Task("task-1", "tests", "1 + 2?", answer="secret")
EPISODE = trajectory_of([Call("add", {"a": 1, "b": 2}, "3")], "Answer: 3")


def reply(content):
    return {"choices": [{"message": {"content": content}}]}


@pytest.fixture
def judged(served, tmp_path):
    """A server that gives the answers one after another, the last of them for ever, and a judge."""

    def start(*answers, **options):
        left = [*answers]
        server = served(lambda *_: left.pop(0) if len(left) > 1 else left[0])
        options = {"cache": tmp_path / "cache" / "j.sqlite", "backoff": 0.01, **options}
        return server, Judge(model="j", base_url=f"{server.url}/v1", **options)

    return start


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Well done.\nScore: 7", 0.7),
        ("**Score: 7.5/10**", 0.75),
        ("score = 10", 1.0),
        (" 0 ", 0.0),
        ("Score: 3\nNo, wait.\nScore: 3", 0.3),
        ("Score: 3\nScore: 4", None),
        ("Score: 11", None),
        ("Score: 7 or 8", None),
        ("Score: -3", None),
        ("I would say seven.", None),
        ("between 3 and 7", None),
        ("", None),
    ],
)
def test_only_a_clear_grade_is_a_score(text, expected):
    assert grade(text) == (None if expected is None else pytest.approx(expected))


def test_the_judge_sees_the_episode_and_the_rubric_but_not_the_answer(judged, monkeypatch):
    monkeypatch.setenv("JUDGE_KEY", "k1")
    server, judge = judged(
        (200, reply("Score: 8")), rubric="Be kind.", api_key_variable="JUDGE_KEY"
    )
    assert judge.score(EPISODE, TASK, []) == 0.8
    ((path, headers, request),) = server.requests
    assert path == "/v1/chat/completions" and headers["Authorization"] == "Bearer k1"
    assert (request["model"], request["temperature"]) == ("j", 0)
    system, user = (message["content"] for message in request["messages"])
    assert "Be kind." in system
    assert json.loads(user)["turns"][0]["calls"][0]["result"] == "3"
    assert "secret" not in json.dumps(request)


def test_replies_are_kept_on_disk(judged):
    server, judge = judged((200, reply("Score: 8")), (200, reply("Score: 1")))
    again = judge.model_copy()
    assert [j.score(EPISODE, TASK, []) for j in (judge, again, judge)] == [0.8] * 3
    assert len(server.requests) == 1
    assert judge.score(trajectory_of("4"), TASK, []) == 0.1
    assert judge.explain(EPISODE, TASK, [])[1:] == ["Score: 8"]


def test_what_cannot_be_understood_is_none_and_never_0(judged):
    for body in (reply("Nice."), reply(None), "{}", "not JSON", '{"choices": []}'):
        _, judge = judged((200, body))
        assert judge.score(EPISODE, TASK, []) is None


def test_it_asks_again_when_the_server_is_busy(judged):
    server, judge = judged((429, "busy"), (503, "down"), (200, reply("Score: 5")))
    assert judge.score(EPISODE, TASK, []) == 0.5
    assert len(server.requests) == 3


def test_a_server_that_refuses_or_is_not_there_is_an_error_that_names_it(judged):
    server, judge = judged((401, "no key"))
    with pytest.raises(ServerError, match=r"gave no reply: status 401: no key"):
        judge.score(EPISODE, TASK, [])
    assert len(server.requests) == 1
    server, judge = judged((500, "down"), retries=2)
    with pytest.raises(RewardError, match="reward term 'judge' on a trajectory of task 'task-1'"):
        apply_term("judge", judge, Example(EPISODE, TASK))
    assert len(server.requests) == 3
    absent = judge.model_copy(update={"base_url": "http://127.0.0.1:9/v1", "retries": 0})
    with pytest.raises(ServerError, match=r"127\.0\.0\.1:9"):
        absent.score(EPISODE, TASK, [])


def test_it_is_registered_and_needs_a_model():
    assert create(REWARD_TERMS, "judge", {"model": "m"}).reads_text
    with pytest.raises(ConfigError, match="option 'model'"):
        create(REWARD_TERMS, "judge")
