"""sql: the environment that gymnasium, experts and policies see."""

from __future__ import annotations

import json
import threading
import time
import warnings

import gymnasium
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv
from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call
from mentor_core.support.errors import ConfigError, DataError
from mentor_envs.sql.env import Sql

SMALL = {"train_size": 40, "eval_size": 128, "ood_size": 64, "query_seconds": 0.5}
env = Sql(**SMALL)
BOOKS = Task(
    "x", "sql", "Which books cost more than 30?", "SELECT title FROM book WHERE price > 30",
    metadata={"database": "library"},
)  # fmt: skip


def make():
    return Sql(train_size=5)


def step(env, name, **arguments):
    return env.step(env.parser.render("", [Call(name, arguments)]))


def text(env, name, **arguments):
    (message,), *_ = step(env, name, **arguments)
    return message["content"]


def play(env, task):
    env.reset(seed=0, options={"task": task})
    expert, calls, observations = env.expert(task), None, []
    while env.end is None:
        content, wanted = next(expert) if calls is None else expert.send(calls)
        observation, *_, info = env.step(env.turn_text(content, wanted))
        calls = info["calls"]
        observations.append(observation)
    return info, observations


def outcome(final, *queries, task=BOOKS):
    env.reset(seed=0, options={"task": task})
    for query in queries:
        step(env, "query", sql=query)
    return env.step(final)[4]["outcome"]


def test_gymnasium_finds_nothing_to_complain_about():
    # Other people's wrappers rely on what check_env checks.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(make(), skip_render_check=True)


def test_gymnasium_makes_it():
    made = gymnasium.make("mentor_core.gym:mentor/sql-v0", train_size=3)
    observation, info = made.reset(seed=0)
    assert observation[0]["role"] == "system"
    assert [tool["function"]["name"] for tool in info["tools"]] == [
        "list_tables",
        "describe",
        "query",
    ]
    made.close()


@pytest.mark.parametrize(
    "vector", [SyncVectorEnv, lambda makers: AsyncVectorEnv(makers, shared_memory=False)]
)
def test_vector_environments_run_it(vector):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        envs = vector([make, make])
    envs.reset(seed=0)
    _, rewards, terminated, truncated, _ = envs.step(("Done.", "<tool_call>"))
    assert rewards.tolist() == [0.0, 0.0]
    assert terminated.tolist() == [True, False]
    assert not truncated.any()
    envs.close()


@pytest.mark.parametrize("split", ["eval", *Sql.shifts])
def test_the_expert_solves_every_task(split):
    # A reference that fails would teach a wrong solution.
    for task in env.tasks(split):
        info, observations = play(env, task)
        assert (info["outcome"], info["end"]) == (1.0, "answered"), task
        assert len(observations) <= 7
        assert all(len(message["content"]) < 1500 for seen in observations for message in seen)


def test_without_a_query_or_turns_there_is_no_expert():
    assert env.expert(Task("x", "sql", "?", metadata={"database": "library"})) is None
    assert Sql(max_turns=3, **SMALL).expert(BOOKS) is None


def test_the_tools_show_what_is_needed():
    env.reset(options={"task": BOOKS})
    assert text(env, "list_tables") == "author, book"
    described = text(env, "describe", table="BOOK").splitlines()
    assert described[0] == (
        "book(id INTEGER PRIMARY KEY, title TEXT, genre TEXT, pages INTEGER, price REAL, "
        "author_id INTEGER references author(id))"
    )
    assert described[1] == "id | title | genre | pages | price | author_id"
    assert len(described) == 4
    shown = text(env, "query", sql="SELECT id FROM book ORDER BY id").splitlines()
    assert shown[:2] == ["id", "1"]
    assert shown[-1] == "(first 20 rows; there are more)" and len(shown) == 22
    assert text(env, "query", sql="SELECT id FROM book WHERE id < 0") == "id\n(no rows)"
    assert "did you mean book?" in text(env, "describe", table="boook")


def test_what_is_shown_is_limited():
    # One observation must not use up the context.
    env.reset(options={"task": BOOKS})
    long = "SELECT " + ", ".join(
        f"substr(title || hex(zeroblob(99)), 1, 99) AS c{n}" for n in range(30)
    )
    for sql in (f"{long} FROM book", f"{long}, {long[7:]} FROM book"):
        shown = text(env, "query", sql=sql)
        assert len(shown) < 4100
        assert "there are more" in shown


@pytest.mark.parametrize(
    ("final", "queries", "expected"),
    [
        ("SQL: SELECT title FROM book WHERE price > 30", (), 1.0),
        ("SELECT b.title FROM book b WHERE NOT b.price <= 30 ORDER BY price", (), 1.0),
        ("Done.", ("SELECT title FROM book WHERE price > 30",), 1.0),
        ("Done.", ("SELECT title FROM book WHERE price > 30", "SELECT oops"), 1.0),
        ("Done.", ("SELECT title FROM book WHERE price > 30", "SELECT 1"), 0.0),
        ("SQL: SELECT 1", ("SELECT title FROM book WHERE price > 30",), 0.0),
        ("Done.", ("SELECT title FROM book WHERE price > 20",), 0.0),
        ("Done.", ("SELECT title, price FROM book WHERE price > 30",), 0.0),
        ("SQL: DROP TABLE book", (), 0.0),
        ("SQL: SELECT title FROM book a, book b, book c, book d, book e ORDER BY 1", (), 0.0),
        ("Done.", (), 0.0),
        ("", ("SELECT title FROM book WHERE price > 30",), 0.0),
    ],
)
def test_the_outcome(final, queries, expected):
    assert outcome(final, *queries) == expected


def test_order_counts_only_where_the_task_orders():
    ordered = "SELECT title FROM book WHERE price > 30 ORDER BY price"
    task = Task("x", "sql", "?", ordered, metadata={"database": "library"})
    assert outcome(f"SQL: {ordered}", task=task) == 1.0
    assert outcome(f"SQL: {ordered} DESC", task=task) == 0.0
    assert outcome(f"SQL: {ordered} DESC") == 1.0


def test_a_guess_is_no_answer():
    # A model would learn to guess small counts instead of asking.
    task = Task("x", "sql", "?", "SELECT COUNT(*) FROM book", metadata={"database": "library"})
    env.reset(options={"task": task})
    count = text(env, "query", sql="SELECT COUNT(*) FROM book").splitlines()[1]
    assert env.step("Done.")[4]["outcome"] == 1.0
    assert outcome(f"SQL: SELECT {count}", task=task) == 0.0


def test_an_empty_result_is_compared_like_any_other():
    empty = "SELECT title FROM book WHERE price > 1000"
    task = Task("x", "sql", "?", empty, metadata={"database": "library"})
    assert outcome("SQL: SELECT title FROM book WHERE price < 0", task=task) == 1.0
    assert outcome("SQL: SELECT title FROM book", task=task) == 0.0
    assert outcome("SQL: SELECT title, id FROM book WHERE price < 0", task=task) == 0.0


def test_a_task_without_a_query_is_not_scored():
    env.reset(options={"task": Task("x", "sql", "?", metadata={"database": "library"})})
    assert env.step("SQL: SELECT 1")[4]["outcome"] is None


def test_a_task_whose_query_fails_is_named():
    # A wrong 0 would hide that the data is broken.
    metadata = {"database": "library", "where": "dev.json: row 7"}
    task = Task("x", "sql", "?", "SELECT nobody FROM book", metadata=metadata)
    env.reset(options={"task": task})
    with pytest.raises(DataError, match=r"dev\.json: row 7: its query fails: no such column"):
        env.step("SQL: SELECT 1")
    with pytest.raises(DataError, match="its query fails"):
        env.expert(task)


def test_an_episode_without_an_answer_has_failed():
    short = Sql(max_turns=1, **SMALL)
    short.reset(options={"task": BOOKS})
    info = step(short, "query", sql=BOOKS.answer)[4]
    assert (info["end"], info["outcome"]) == ("turn_limit", 0.0)
    short.close()


def test_the_answer_is_not_shown_before_it_is_asked_for():
    for task in env.tasks("eval"):
        observation, info = env.reset(options={"task": task})
        opening = json.dumps([observation, info["tools"]])
        assert task.answer not in opening
        assert "SELECT " + task.metadata["database"] not in opening


def key(name, **arguments):
    return env.canonical(Call(name, arguments))


def test_equal_calls_have_equal_keys_and_others_do_not():
    assert key("query", sql="SELECT  a FROM t;") == key("query", sql="select A from T")
    assert key("query", sql="SELECT 'a'") != key("query", sql="SELECT 'A'")
    assert key("describe", table="Book ") == key("describe", table="book")
    assert key("describe", table="book") != key("describe", table="author")
    assert key("query", sql=5) is None
    assert key("list_tables") is None


def test_random_actions_never_raise():
    # What a policy writes at the start of training is little better than this.
    played = Sql(max_turns=3, **SMALL)
    played.reset(seed=1)
    played.action_space.seed(1)
    for _ in range(300):
        observation, reward, terminated, truncated, _ = played.step(played.action_space.sample())
        assert played.observation_space.contains(observation)
        assert reward in (0.0, 1.0)
        if terminated or truncated:
            played.reset()
    played.close()


sql_texts = st.text(max_size=30) | st.sampled_from(
    ["SELECT * FROM book", "SELECT COUNT(*) FROM author", "DELETE FROM book", "SELECT 1; SELECT 2",
     "SELECT title FROM book WHERE price > 30", "SELECT zeroblob(1000000000)"]
)  # fmt: skip
calls = (
    st.builds(lambda sql: Call("query", {"sql": sql}), sql_texts)
    | st.builds(lambda table: Call("describe", {"table": table}), st.text(max_size=10))
    | st.sampled_from([Call("list_tables", {}), Call("describe", {"table": "book"})])
    | st.just(Call("query", {}))
)


@settings(max_examples=40)
@given(st.lists(calls, min_size=1, max_size=4), st.integers(0, 3), sql_texts)
def test_a_snapshot_is_as_good_as_a_replay(actions, at, final):
    # Branching from the middle of an episode would give another episode.
    turns = [env.parser.render("", [call]) for call in actions] + [final or "Done."]

    def run(env, turns):
        return [(seen, *rest, info["outcome"]) for seen, *rest, info in map(env.step, turns)]

    env.reset(seed=3, options={"task": BOOKS})
    whole = run(env, turns)
    env.reset(seed=3, options={"task": BOOKS})
    at = min(at, len(actions))
    begun = run(env, turns[:at])
    snapshot = env.snapshot()
    other = Sql(**SMALL)
    for player in (other, env):
        player.restore(snapshot)
        assert begun + run(player, turns[at:]) == whole
    other.close()


def test_closing_leaves_nothing_behind(tmp_path):
    before = {thread.name for thread in threading.enumerate()}
    made = make()
    made.reset(seed=0)
    step(made, "list_tables")
    database = made.database
    made.close()
    made.close()
    with pytest.raises(Exception, match="closed"):
        database.run("SELECT 1", rows=1, seconds=1)
    deadline = time.monotonic() + 5
    while {thread.name for thread in threading.enumerate()} - before:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    made.reset(seed=0)  # and it can be used again
    assert "," in text(made, "list_tables")
    made.close()


def test_instances_share_nothing():
    one, two = make(), make()
    one.reset(options={"task": BOOKS})
    two.reset(options={"task": Task("y", "sql", "?", "SELECT 1", metadata={"database": "zoo"})})
    assert text(one, "list_tables") == "author, book"
    assert text(two, "list_tables") == "animal, keeper"
    one.close()
    assert text(two, "list_tables") == "animal, keeper"
    two.close()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"tasks_fil": "x"}, r"did you mean tasks_file\?"),
        ({"train_size": -1}, "train_size"),
        ({"max_rows": 0}, "max_rows"),
        ({"query_seconds": 0}, "query_seconds"),
        ({"databases": "x"}, "databases needs tasks_file"),
    ],
)
def test_a_wrong_option_is_explained(options, expected):
    with pytest.raises(ConfigError, match=expected):
        Sql(**options)
