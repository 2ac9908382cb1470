"""Shifts of the built-in domains: apart from train, each alone; renamed tools score the same."""

from __future__ import annotations

from copy import deepcopy
from functools import cache

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mentor_core.door.registry import ENVIRONMENTS, REWARD_TERMS, create, entries, load
from mentor_core.support.errors import DataError
from mentor_core.tools.renamed import Renamed
from mentor_toolkit.scripts import play_expert

DOMAINS = ["bfcl", "calculator", "files", "reasoning_gym", "retrieval", "sql", "webshop"]
DAMAGES = ("", "", "", "", "tool", "key", "value", "more", "left out")
OUTSIDE = {"judge", "instrumented_progress"}  # asks a model; needs marks of one environment
TERMS = {
    entry.name: create(REWARD_TERMS, entry.name)
    for entry in entries(REWARD_TERMS)
    if entry.distribution == "mentor-core" and entry.name not in OUTSIDE
}


@cache
def domain(name):
    return load(ENVIRONMENTS, name)()


@pytest.mark.parametrize("name", DOMAINS)
def test_a_domain_has_at_least_two_shifts_and_ood_is_their_union(name):
    env = domain(name)
    assert len(env.shifts) >= 2 and "tools" in env.shifts
    union = {task.id: task.split for task in env.tasks("ood")}
    assert len(union) == len(env.tasks("ood"))  # an id is one task
    for shift in env.shifts:
        tasks = env.tasks(shift)
        assert 64 <= len(tasks) <= 128
        assert {union[task.id] for task in tasks} == {shift}
        first = [task for task in env.tasks("ood")[: 16 * len(env.shifts)] if task.split == shift]
        assert len(first) == 16, "a beginning of ood has of all shifts alike"
    assert len(union) == sum(len(env.tasks(shift)) for shift in env.shifts)


@pytest.mark.parametrize("name", DOMAINS)
def test_no_shift_shares_a_prompt_with_train(name):
    # Evaluation would measure memory.
    trained = {task.prompt for task in domain(name).tasks("train")}
    assert not trained & {task.prompt for task in domain(name).tasks("ood")}


@pytest.mark.parametrize("name", DOMAINS)
def test_every_alias_fits_a_tool_and_hides_all_of_its_own_names(name):
    env, seen = domain(name), set()
    for task in env.tasks("tools"):
        env.reset(options={"task": task})
        renamed = {shown: tool for shown, tool in env.offered.items() if isinstance(tool, Renamed)}
        assert 1 <= len(renamed) <= max(1, len(env.tools) // 2)
        for shown, tool in renamed.items():
            seen.add(tool.tool.name)
            assert shown not in env.tools and tool.description != tool.tool.description
    assert seen == set(env.aliases)


@st.composite
def scripts(draw, name):
    """An expert's turns on an eval task, some of them damaged, and the task."""
    env = domain(name)
    task = draw(st.sampled_from(env.tasks("eval")))
    played = play_expert(env, task)
    assume(played is not None)
    turns = []
    for turn in played.turns:
        text, calls = env.parser.parse(turn.text).content, deepcopy(turn.calls)
        for call in calls:
            match draw(st.sampled_from(DAMAGES)):
                case "tool":
                    call.name = draw(st.sampled_from([*env.tools, "unheard_of"]))
                case "key" if call.arguments:
                    key = draw(st.sampled_from([*call.arguments]))
                    call.arguments["unheard_of"] = call.arguments.pop(key)
                case "value" if call.arguments:
                    call.arguments[draw(st.sampled_from([*call.arguments]))] = 3
                case "more":
                    call.arguments["unheard_of"] = 1
                case "left out" if call.arguments:
                    del call.arguments[draw(st.sampled_from([*call.arguments]))]
            call.failure, call.result, call.key = None, "", None
        if not calls or draw(st.integers(0, 5)):
            turns.append((text, calls))
    return task, turns, played


def play(env, task, turns):
    env.reset(seed=0, options={"task": task})
    for text, calls in turns:
        if env.end is None:
            env.step(env.turn_text(text, calls))
    if env.end is None:
        env.stop("turn_limit")
    return env.trajectory


@pytest.mark.parametrize("name", DOMAINS)
@given(data=st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_under_renamed_tools_an_episode_scores_as_under_the_own_names(name, data):
    task, turns, expert = data.draw(scripts(name))
    env = domain(name)
    twin = next(other for other in env.tasks("tools") if other.id == f"tools-{task.id}")
    names = data.draw(st.lists(st.sampled_from([*env.aliases]), min_size=1, unique=True))
    plain = deepcopy(play(env, task, turns))
    env.aliases_for = lambda of: {n: env.aliases[n] for n in names} if of is twin else {}
    try:
        renamed = deepcopy(play(env, twin, turns))
    finally:
        del env.aliases_for
    assert (renamed.outcome, renamed.end, renamed.answer) == (
        plain.outcome,
        plain.end,
        plain.answer,
    )
    for one, other in zip(plain.calls, renamed.calls, strict=True):
        assert (one.name, one.arguments, one.failure, one.key) == (
            other.name,
            other.arguments,
            other.failure,
            other.key,
        )
        assert one.failure or one.result == other.result
    for term_name, term in TERMS.items():
        scores = [
            term.score(trajectory, of, [expert])
            for trajectory, of in ((plain, task), (renamed, twin))
        ]
        assert scores[0] == pytest.approx(scores[1]), term_name


def test_rows_of_a_file_may_be_of_a_shift(tmp_path):
    path = tmp_path / "rows.jsonl"
    rows = ['{"question": "1?", "answer": 1}', '{"question": "2?", "answer": 2}']
    rows.append('{"question": "one?", "answer": 1, "split": "phrasing"}')
    path.write_text("\n".join(rows))
    env = load(ENVIRONMENTS, "calculator")(tasks_file=path)
    assert [task.id for task in env.tasks("phrasing")] == ["row-3"]
    assert [task.split for task in env.tasks("ood")] == ["phrasing"]
    path.write_text('{"question": "1?", "answer": 1, "split": "phrases"}')
    with pytest.raises(DataError, match=r"rows\.jsonl:1: unknown split 'phrases'.*phrasing"):
        load(ENVIRONMENTS, "calculator")(tasks_file=path).tasks("train")
