"""Files: the environment that gymnasium, experts and policies see."""

from __future__ import annotations

import unicodedata
import warnings

import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call
from mentor_core.support.errors import ConfigError, DataError
from mentor_envs.files.env import Files
from mentor_envs.files.shell import COMMANDS
from mentor_lab.testing import json_values
from mentor_toolkit.scripts import play_expert

env = Files(train_size=30, eval_size=128, ood_size=64)
START = {"a.txt": "x\n", "b.txt": "y\n", "docs": {"c.txt": "z\n"}}
CHANGED = {"b.txt": "y\n", "docs": {"c.txt": "z\n", "a.txt": "x\n"}, "new": {}}


def task(answer, start=START):
    return Task("t", "files", "?", answer, metadata={"start": start})


def call(name, **arguments):
    return env.parser.render("", [Call(name, arguments)])


def play(played, task, *turns):
    played.reset(options={"task": task})
    for turn in turns:
        info = played.step(turn)[4]
    return info["outcome"]


def test_gymnasium_finds_nothing_to_complain_about():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(Files(train_size=5), skip_render_check=True)


@pytest.mark.parametrize("split", ["eval", *Files.shifts])
def test_the_expert_solves_every_task(split):
    # A reference that fails would teach a wrong solution.
    for task in env.tasks(split):
        played = play_expert(env, task)
        assert (played.outcome, played.end) == (1.0, "answered"), task
        assert [c for c in played.calls if c.failure] == [], task
        shown = [m["content"] for turn in played.turns for m in turn.observation]
        assert max(map(len, shown)) < 300


def test_the_outcome_compares_the_final_tree():
    wanted = task({"tree": CHANGED})
    turns = [call("mv", source="a.txt", destination="docs"), call("mkdir", path="new")]
    assert play(env, wanted, *turns, "Answer: done") == 1.0
    assert (
        play(env, wanted, *turns[::-1], "I am done with all of it, and it was a pleasure.") == 1.0
    )
    assert play(env, wanted, *turns, call("mkdir", path="more"), "Answer: done") == 0.0
    assert play(env, wanted, turns[0], "Answer: done") == 0.0
    assert play(env, wanted, "Answer: done") == 0.0


def test_an_answer_and_a_tree_must_both_be_right():
    wanted = task({"tree": CHANGED, "text": ["Mia"]})
    turns = [call("mv", source="a.txt", destination="docs"), call("mkdir", path="new")]
    assert play(env, wanted, *turns, 'Answer: "mia".') == 1.0
    assert play(env, wanted, *turns, "Answer: Ben") == 0.0
    assert play(env, wanted, "Answer: Mia") == 0.0


def test_partial_credit_is_the_share_of_the_differences_that_is_gone():
    # Three differ at the start: a.txt, docs/a.txt and new.
    partial = Files(partial_credit=True)
    wanted = task({"tree": CHANGED})
    move, make = call("mv", source="a.txt", destination="docs"), call("mkdir", path="new")
    assert play(partial, wanted, move, make, "Answer: done") == 1.0
    assert play(partial, wanted, move, "Answer: done") == pytest.approx(2 / 3)
    assert play(partial, wanted, "Answer: done") == 0.0
    spoilt = [call("write", path=f"{n}", text="x") for n in range(4)]
    assert play(partial, wanted, make, *spoilt, "Answer: done") == 0.0
    assert play(partial, task({"tree": START}), "Answer: done") == 1.0
    assert play(partial, task({"tree": START}), make, "Answer: done") == 0.0
    both = task({"tree": CHANGED, "text": ["Mia"]})
    assert play(partial, both, "Answer: Mia") == 0.5
    partial.close()


def test_a_task_that_expects_nothing_is_not_scored():
    assert play(env, task(None), "Answer: done") is None


def key(name, **arguments):
    return env.canonical(Call(name, arguments))


def test_calls_that_do_the_same_have_equal_keys():
    # An order-tolerant reward would punish ./a.txt where the teacher wrote a.txt.
    env.reset(options={"task": task(None)})
    assert (
        key("cat", path="a.txt") == key("cat", path="./docs/../a.txt") == key("cat", path="/a.txt")
    )
    assert key("ls") == key("ls", path=".") == key("ls", path="/")
    same = {"source": "a.txt", "destination": "docs"}
    assert key("mv", **same) == key("mv", source="/a.txt", destination="docs/a.txt")
    assert key("cp", source="docs/c.txt", destination=".") == key(
        "cp", source="docs/c.txt", destination="c.txt"
    )
    assert key("write", path="n", text="x") == key("write", path="n", text="x\n", append=False)
    assert key("sort", path="a.txt") == key("sort", path="a.txt", output="", reverse=False)
    assert key("mv", **same) != key("cp", **same)
    assert key("ls", path="") != key("ls")
    assert key("cat", path="a.txt") != key("cat", path="b.txt")
    assert key("cat", path=3) is key("cat") is key("dog") is None
    env.step(call("cd", path="docs"))
    assert key("cat", path="c.txt") == key("cat", path="/docs/c.txt")


def test_a_call_after_cd_in_the_same_turn_has_no_key():
    # Its path was read from the directory before, which may be another file.
    env.reset(options={"task": task(None)})
    calls = [Call("cat", {"path": "a.txt"}), Call("cd", {"path": "docs"}), Call("ls", {})]
    made = env.step(env.parser.render("", calls))[4]["calls"]
    assert [c.key is None for c in made] == [False, False, True]
    assert made[2].result == "c.txt"


words = st.sampled_from(["a.txt", "docs", "..", "/", "", "new", "x" * 300, "\0", "/etc/passwd"])
arguments = st.dictionaries(
    st.sampled_from(["path", "source", "destination", "output", "pattern", "text", "append"]),
    words | st.booleans() | json_values(),
)
likely = st.fixed_dictionaries({"path": words}, optional={"text": words, "append": st.booleans()})
transfers = st.fixed_dictionaries({"source": words, "destination": words})
calls = st.builds(Call, st.sampled_from([*COMMANDS, "rm"]), arguments | likely | transfers)


@settings(deadline=None)
@given(calls)
def test_keys_of_arbitrary_calls_never_raise(call):
    assert isinstance(env.canonical(call), str | None)


@settings(deadline=None)
@given(st.lists(st.lists(calls, max_size=3), max_size=4), st.integers(0, 3))
def test_arbitrary_calls_never_raise_and_a_snapshot_is_as_good_as_a_replay(script, cut):
    # Branching from the middle of an episode would give another episode.
    turns = [env.parser.render("", made) or "?" for made in script]
    other = Files()

    def step(played, turn):
        observation, reward, *_ = played.step(turn)
        assert played.observation_space.contains(observation)
        assert reward in (0.0, 1.0)
        return observation, played.end, played.state.tree, played.state.directory

    def go(played, turns):
        return [step(played, turn) for turn in turns if played.end is None]

    env.reset(seed=0, options={"task": task({"tree": CHANGED})})
    whole = go(env, turns)
    env.reset(seed=0, options={"task": task({"tree": CHANGED})})
    first = go(env, turns[:cut])
    other.restore(env.snapshot())
    assert first + go(env, turns[cut:]) == whole
    assert first + go(other, turns[cut:]) == whole
    other.close()


def test_two_instances_share_nothing():
    one, other = Files(), Files()
    for played in (one, other):
        played.reset(options={"task": task({"tree": CHANGED})})
    one.step(call("mkdir", path="new"))
    assert "new" in one.state.tree and "new" not in other.state.tree
    one.reset(options={"task": task({"tree": CHANGED})})
    assert "new" not in one.state.tree
    one.close()
    other.close()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"tasks_fil": "x"}, "did you mean tasks_file?"),
        ({"train_size": -1}, "train_size"),
        ({"max_output": 0}, "max_output"),
    ],
)
def test_a_wrong_option_is_explained(options, expected):
    with pytest.raises(ConfigError, match=expected.replace("?", r"\?")):
        Files(**options)


NFD = unicodedata.normalize("NFD", "café")
NFC = unicodedata.normalize("NFC", "café")


def played(start, expected, *calls):
    made = Files()
    answer = {"tree": expected}
    made.reset(options={"task": Task("x", "files", "?", answer, metadata={"start": start})})
    for name, arguments in calls:
        made.step(made.parser.render("", [Call(name, arguments)]))
    return made.step("Answer: done")[-1]["outcome"]


def test_line_ends_make_no_difference():
    # A task that was written on Windows could not be solved, as nobody sees a carriage return.
    write = ("write", {"path": "b.txt", "text": "one\ntwo"})
    start = {"a.txt": "one\r\ntwo\r\n"}
    assert played(start, start | {"b.txt": "one\r\ntwo\r\n"}, write) == 1.0
    assert played(start, {"a.txt": "one\ntwo\n", "b.txt": "one\ntwo\n"}, write) == 1.0
    windows = ("write", {"path": "b.txt", "text": "one\r\ntwo\r\n"})
    assert played(start, start | {"b.txt": "one\ntwo"}, windows) == 1.0
    assert (
        played({"a": "b\r\na\r\n"}, {"a": "a\nb\n"}, ("sort", {"path": "a", "output": "a"})) == 1.0
    )


def test_unicode_forms_make_no_difference():
    # macOS writes names in NFD, models write NFC: the same file was not found.
    for start, named in ((NFD, NFC), (NFC, NFD)):
        move = ("mv", {"source": f"{named}.txt", "destination": "docs"})
        expected = {"docs": {f"{named}.txt": named}}
        assert played({f"{start}.txt": start, "docs": {}}, expected, move) == 1.0
        write = ("write", {"path": "a", "text": named})
        assert played({}, {"a": start}, write) == 1.0
        made = Files()
        task = Task("x", "files", "?", {"text": ["a"]}, metadata={"start": {"a": start}})
        made.reset(options={"task": task})
        (seen,), *_ = made.step(made.parser.render("", [Call("grep", {"pattern": named})]))
        assert seen["content"] == f"a:{NFC}"


def test_two_names_that_are_the_same_are_refused():
    made = Files()
    task = Task("x", "files", "?", {"text": ["a"]}, metadata={"start": {NFC: "", NFD: ""}})
    with pytest.raises(DataError, match="is there twice, in two Unicode forms"):
        made.reset(options={"task": task})
