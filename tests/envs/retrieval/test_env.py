"""Retrieval: the environment that gymnasium, experts and policies see."""

from __future__ import annotations

import warnings

import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call
from mentor_core.support.errors import ConfigError
from mentor_core.tools.tool import ToolError
from mentor_envs.retrieval.env import Retrieval
from mentor_lab.testing import json_values

SMALL = {"train_size": 20, "eval_size": 20, "ood_size": 20}
env = Retrieval(**SMALL)
TASK = Task("t", "retrieval", "Where was she born?", "The Grey Harbour")


def outcome(played, turn, task=TASK):
    played.reset(options={"task": task})
    return played.step(turn)[4]["outcome"]


def test_gymnasium_finds_nothing_to_complain_about():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(Retrieval(train_size=5), skip_render_check=True)


@pytest.mark.parametrize(
    ("turn", "exact", "f1"),
    [
        ("Answer: the grey harbour.", 1.0, 1.0),
        ("grey harbour", 1.0, 1.0),
        ("She was born there, I have read it twice. Answer: Grey Harbour", 1.0, 1.0),
        ("Answer: Grey Harbour\nAnswer: Blue Harbour", 0.0, 0.5),
        ("Answer: Harbour", 0.0, 2 / 3),
        ("She was born in the Grey Harbour and nowhere else, I think.", 0.0, 0.0),
        ("Answer:", 0.0, 0.0),
        ("", 0.0, 0.0),
    ],
)
def test_the_outcome_is_the_metric(turn, exact, f1):
    assert outcome(env, turn) == exact
    assert outcome(Retrieval(metric="f1", **SMALL), turn) == pytest.approx(f1)


def test_a_task_without_an_answer_is_not_scored():
    assert outcome(env, "Answer: x", Task("t", "retrieval", "?")) is None


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("search", {"query": ""}, "search: the query is empty"),
        ("search", {"query": " \n"}, "search: the query is empty"),
        ("search", {"query": "x " * 5000}, "the query has 10000 characters; at most 500"),
        ("read", {"id": "d999999"}, "read: no document 'd999999'; take an id from a search"),
        ("read", {"id": ""}, "read: no document ''"),
        ("read", {"id": "x" * 10_000}, "read: no document 'xxxx"),
        ("read", {"id": 12}, "argument 'id'"),
    ],
)
def test_what_cannot_be_found_is_explained(name, arguments, expected):
    with pytest.raises(ToolError) as raised:
        env.tools[name].call(arguments)
    assert expected in str(raised.value)
    assert len(str(raised.value)) < 150


def test_what_is_shown_is_short():
    document = env.corpus.documents[0]
    first, *_ = lines = env.search(document.title).split("\n")
    assert first.split(" | ")[:2] == [document.id, document.title]
    assert len(lines) <= 5
    assert env.search("qqqqq ?") == "(no document has these words)"
    assert env.read(document.id) == f"{document.title}: {document.text}"
    brief = Retrieval(results=2, snippet_chars=3, read_chars=10, **SMALL)
    assert all(len(line.split(" | ")[2]) <= 4 for line in brief.search("town").split("\n"))
    assert brief.search("town").count("\n") == 1
    assert brief.read("d1") == f"{document.title}: {document.text[:10].rstrip()}…"


def key(name, **arguments):
    return env.canonical(Call(name, arguments))


def test_calls_that_do_the_same_have_equal_keys():
    assert key("search", query="Rosa Kruger") == key("search", query="kruger, the ROSA")
    assert key("search", query="Rosa") != key("search", query="Rosa Rosa")
    assert key("read", id="d12") == key("read", id=" D12")
    assert key("read", id="d12") != key("read", id="d1")
    assert key("read", id=3) is key("search") is key("find", query="x") is None


words = st.sampled_from(["d1", "d99999", "", "town", "\0", "Rosa"]) | st.text(max_size=6)
calls = st.builds(
    Call,
    st.sampled_from(["search", "read", "find"]),
    st.fixed_dictionaries({}, optional={"query": words, "id": words, "k": json_values()}),
)


@settings(deadline=None)
@given(st.lists(st.lists(calls, max_size=3), max_size=4), st.integers(0, 3))
def test_arbitrary_calls_never_raise_and_a_snapshot_is_as_good_as_a_replay(script, cut):
    turns = [env.parser.render("", made) or "?" for made in script]
    other = Retrieval(**SMALL)

    def go(played, turns):
        return [(played.step(turn)[0], played.end) for turn in turns if played.end is None]

    env.reset(seed=0, options={"task": TASK})
    whole = go(env, turns)
    env.reset(seed=0, options={"task": TASK})
    first = go(env, turns[:cut])
    other.restore(env.snapshot())
    assert first + go(env, turns[cut:]) == whole
    assert first + go(other, turns[cut:]) == whole
    other.close()


def test_instances_share_the_index():
    # Sixty-four environments of a rollout would index the corpus as many times.
    assert Retrieval(**SMALL).corpus is env.corpus
    assert Retrieval(seed=1, **SMALL).corpus is not env.corpus


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"tasks_fil": "x"}, "did you mean tasks_file?"),
        ({"metric": "f2"}, "metric"),
        ({"results": 0}, "results"),
    ],
)
def test_a_wrong_option_is_explained(options, expected):
    with pytest.raises(ConfigError, match=expected.replace("?", r"\?")):
        Retrieval(**options)
