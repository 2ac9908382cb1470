"""For tests of plugins: trajectories in short notation, and drawn by Hypothesis.

    trajectory_of([Call("add", {"a": 1, "b": 2}, "3")], "3", outcome=1.0)

    @given(episodes())
    def test_more_calls_never_pay(example):
        before = Brief().score(example.trajectory, example.task, example.references)
        ...

`episodes` and `honest_episodes` give a trajectory with its task and references. `recorded` adds the
tokens that a policy would have sampled. `mentor_lab.rewards.conformance` runs mentor's own
properties on a reward term. Needs `hypothesis`, which comes with `pip install
"mentor-core[testing]"`.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any, get_args

from hypothesis import strategies as st

from mentor_core.contracts.parsing import HermesParser
from mentor_core.contracts.reward import Example
from mentor_core.contracts.task import SPLITS, Task
from mentor_core.contracts.trajectory import (
    Call,
    CallFailure,
    EndReason,
    Message,
    Source,
    Tokens,
    Trajectory,
    Turn,
)
from mentor_core.tools.tool import Tool

__all__ = [
    "TOOLS",
    "calls",
    "episodes",
    "honest_episodes",
    "json_values",
    "recorded",
    "records",
    "references",
    "tasks",
    "tokens",
    "tools",
    "trajectories",
    "trajectory_of",
    "turns",
    "wild_episodes",
]

TOOLS = ("add", "multiply", "search")
"""Names in generated calls, few so that two trajectories often call the same tool."""

_KEYS = ("a", "b", "query")
_NUMBERS = (0, 1, 3, 4, 7, 7.0, -7, 0.5, 1e300, 10**400)
_SCALARS: tuple[Any, ...] = (*_NUMBERS, None, True, False, "", "7", "red shoes", " red shoes ")


def trajectory_of(*turns: Sequence[Call] | str, **fields: Any) -> Trajectory:
    """A trajectory from its turns: a list of calls each, or the text of a turn without calls.

    A last turn that is text is the answer, and ends the episode. `fields` set or replace fields of
    the trajectory.
    """
    record = Trajectory(task_id="task-1", env="tests", tools=list(TOOLS))
    for turn in turns:
        record.turns.append(Turn(turn) if isinstance(turn, str) else Turn("", calls=list(turn)))
    if turns and isinstance(turns[-1], str):
        record.answer, record.end = turns[-1], "answered"
    return replace(record, **fields)


def recorded(trajectory: Trajectory) -> Trajectory:
    """The trajectory with a token record for its turns: a token a byte.

    Text and calls of each turn are sampled tokens, in the format of Hermes; the environment writes
    the results.
    """
    parser, tokens = HermesParser(), Tokens(prompt=[])
    turns = []
    for turn in trajectory.turns:
        said = parser.render(turn.text, turn.calls).encode("utf-8", "surrogatepass")
        turns.append(replace(turn, span=tokens.add_sampled(list(said), [-1.0] * len(said))))
        for call in turn.calls:
            tokens.add_written(list(call.result.encode("utf-8", "surrogatepass")))
    return replace(trajectory, turns=turns, tokens=tokens)


def json_values() -> st.SearchStrategy[Any]:
    """JSON values, drawn so that equal and nearly equal ones are common."""
    scalars = st.sampled_from(_SCALARS)
    lists = st.lists(scalars, max_size=3)
    return st.one_of(scalars, lists, st.dictionaries(st.sampled_from(_KEYS), lists, max_size=2))


def calls(names: Sequence[str] = TOOLS) -> st.SearchStrategy[Call]:
    """Calls, successful or not; some have a canonical key."""
    return st.builds(
        Call,
        name=st.sampled_from(names),
        arguments=st.dictionaries(st.sampled_from(_KEYS), json_values(), max_size=2),
        result=st.sampled_from(("", "7", "9.0", "[3, 7]", '{"title": "red shoes"}', "not {json")),
        failure=st.sampled_from((None, None, None, *get_args(CallFailure))),
        key=st.sampled_from((None, "add:1,2", "multiply:7")),
        seconds=st.floats(0, 10),
    )


def turns() -> st.SearchStrategy[Turn]:
    """Assistant turns of up to two calls."""
    return st.builds(
        Turn,
        text=st.sampled_from(("", "7", "<tool_call>", "The answer is 14.")),
        calls=st.lists(calls(), max_size=2),
        parse_failure=st.sampled_from((None, "malformed_call")),
        complete=st.booleans(),
        seconds=st.floats(0, 10),
    )


@st.composite
def tokens(draw: st.DrawFn) -> Tokens:
    """Token records of sampled and written stretches in any order."""
    record = Tokens(prompt=draw(st.lists(st.integers(0, 50_000), max_size=5)))
    for sampled in draw(st.lists(st.booleans(), max_size=4)):
        ids = draw(st.lists(st.integers(0, 50_000), max_size=5))
        if sampled:
            record.add_sampled(ids, [draw(st.floats(-20, 0)) for _ in ids])
        else:
            record.add_written(ids)
    if draw(st.booleans()):
        record.advantages = [draw(st.floats(-3, 3)) for _ in record.completion]
    return record


def tasks() -> st.SearchStrategy[Task]:
    """Tasks of an environment named "tests"."""
    return st.builds(
        Task,
        id=st.sampled_from(("task-1", "task-2")),
        env=st.just("tests"),
        prompt=st.sampled_from(("What is 3 + 4, times 2?", "Buy red shoes.", "")),
        answer=st.sampled_from((None, 14, "14")),
        split=st.sampled_from(SPLITS),
    )


def trajectories(
    task_id: str = "task-1", sources: Sequence[Source] = get_args(Source)
) -> st.SearchStrategy[Trajectory]:
    """Episodes on one task, whole or broken; the fields need not make sense together."""
    return st.builds(
        Trajectory,
        task_id=st.just(task_id),
        env=st.just("tests"),
        source=st.sampled_from(sources),
        turns=st.lists(turns(), max_size=3),
        end=st.sampled_from((None, *get_args(EndReason))),
        answer=st.sampled_from((None, "", " ", "14")),
        outcome=st.sampled_from((None, 0.0, 0.5, 1.0)),
        tools=st.just(list(TOOLS)),
    )


@st.composite
def records(draw: st.DrawFn) -> Trajectory:
    """Trajectories with all their fields, token records and messages too."""
    text = st.text(max_size=5)
    score = st.none() | st.floats(0, 1)
    record = draw(trajectories())
    for turn in record.turns:
        turn.text = draw(text)
        turn.observation = draw(st.lists(_messages(), max_size=2))
        turn.span = draw(st.none() | st.tuples(st.integers(0, 9), st.integers(0, 9)))
    return replace(
        record,
        prompt=draw(st.lists(_messages(), max_size=2)),
        answer=draw(st.none() | text),
        outcome=draw(score),
        tokens=draw(st.none() | tokens()),
        seed=draw(st.none() | st.integers(0, 2**32 - 1)),
        group=draw(st.none() | st.integers(0, 100)),
        policy_version=draw(st.none() | st.integers(0, 100)),
        id=draw(st.none() | text),
        parent_id=draw(st.none() | text),
        error=draw(st.none() | text),
        scores=draw(st.dictionaries(text, score, max_size=2)),
        reward=draw(score),
    )


def references(task_id: str = "task-1") -> st.SearchStrategy[list[Trajectory]]:
    """Up to three reference trajectories of one task."""
    return st.lists(trajectories(task_id, ("teacher", "expert")), max_size=3)


@st.composite
def episodes(draw: st.DrawFn) -> Example:
    """A trajectory with its task and references; often it repeats one of them."""
    task = draw(tasks())
    found = draw(references(task.id))
    own = draw(trajectories(task.id, ("student",)))
    trajectory: Trajectory = draw(st.sampled_from([own, *found]))
    return Example(deepcopy(trajectory), task, found)


@st.composite
def honest_episodes(draw: st.DrawFn) -> Example:
    """The teacher's calls made again, and the right answer; an idle turn may stand before.

    Attacks are compared with these episodes. Each has one or more verified references, a task with
    an answer, and a token record.
    """
    prompt = "What is 3 + 4, times 2? If it were 8, you would write: Answer: 8"
    task = Task("task-1", "tests", prompt, draw(st.sampled_from((14, "14"))))
    end = Turn("Answer: 14")
    found = [
        trajectory_of(
            turns=[*(Turn("", made) for made in work), end],
            source="teacher",
            end="answered",
            answer="14",
            outcome=1.0,
        )
        for work in draw(
            st.lists(st.lists(_work(), min_size=1, max_size=2), min_size=1, max_size=2)
        )
    ]
    idle = draw(
        st.sampled_from(
            ([], [Turn("Let me think.")], [Turn("<tool_call>", parse_failure="malformed_call")])
        )
    )
    own = deepcopy(found[0])
    own = replace(own, source="student", turns=[*idle, *own.turns])
    return Example(recorded(own), task, found)


def wild_episodes() -> st.SearchStrategy[Example]:
    """Any trajectory that can be read from a file, with a task and references."""
    return st.builds(Example, records(), tasks(), references())


@st.composite
def tools(draw: st.DrawFn) -> Tool:
    """Tools of up to three arguments, some with defaults, that give their arguments back."""
    annotations = (int, float, str, bool, list[float], dict[str, str], int | None)
    names = draw(st.lists(st.sampled_from(_KEYS), unique=True, max_size=3))
    needed = draw(st.integers(0, len(names)))
    parameters = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=draw(st.sampled_from(annotations)),
            default=inspect.Parameter.empty if index < needed else None,
        )
        for index, name in enumerate(names)
    ]

    def give_back(**arguments: Any) -> Any:
        return arguments

    setattr(give_back, "__signature__", inspect.Signature(parameters))  # noqa: B010
    give_back.__annotations__ = {p.name: p.annotation for p in parameters}
    return Tool(give_back, name=draw(st.sampled_from(TOOLS)), description="Give it back.")


def _work() -> st.SearchStrategy[list[Call]]:
    """The calls of one turn, all of them carried out."""
    call = st.builds(
        Call,
        name=st.sampled_from(TOOLS),
        arguments=st.dictionaries(st.sampled_from(_KEYS), st.integers(2, 9), max_size=2),
        result=st.sampled_from(("7", "9.0", "[3, 7]", "red shoes")),
    )
    return st.lists(call, min_size=1, max_size=2)


def _messages() -> st.SearchStrategy[Message]:
    plain: st.SearchStrategy[Message] = st.builds(
        Message, role=st.sampled_from(("system", "user", "assistant")), content=st.text(max_size=10)
    )
    return plain | st.builds(
        Message, role=st.just("tool"), name=st.sampled_from(TOOLS), content=st.text(max_size=10)
    )
