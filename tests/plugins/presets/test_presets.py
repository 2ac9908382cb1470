"""The presets, scored from trajectories to rewards."""

import tomllib
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.reward import Example
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Turn
from mentor_core.door.registry import COMPOSERS, PRESETS, REWARD_TERMS, create, names, resource
from mentor_lab.testing import trajectory_of
from mentor_runs.assembly.assemble import make_reward
from mentor_runs.assembly.reward import Reward
from mentor_runs.settings.resolve import resolve

TASK = Task("task-1", "tests", "?")
CALL = Call("add", {"a": 1, "b": 2}, "3")
OTHER = Call("sqrt", {"x": 9}, "3")
UNKNOWN = Call("ad", {}, "Error", failure="unknown_tool")
MALFORMED = Turn("<tool_call>{", [], parse_failure="malformed_call")
TEACHER = trajectory_of([CALL], "3", outcome=1.0, source="teacher")


def reward_of(preset):
    values = tomllib.loads(resource(PRESETS, preset))
    assert set(values) <= {"description", "composer", "composer_options", "terms", "term_options"}
    options = values.get("term_options", {})
    terms = {name: create(REWARD_TERMS, name, options.get(name)) for name in values["terms"]}
    composer = create(COMPOSERS, values["composer"], values["composer_options"])
    return Reward(terms, values["terms"], composer)


def rewards(preset, *trajectories, references=(TEACHER,)):
    reward = reward_of(preset)
    scores = reward.score([Example(t, TASK, references) for t in trajectories])
    return reward.composer.compose(scores, 0.0).rewards_B


def test_the_built_in_presets_are_there():
    ablations = {"mentor-any-overlap", "mentor-f1", "mentor-no-match"}
    assert {"mentor", "mentor-paper", "sparse", "strict", "toolrl"} | ablations <= set(
        names(PRESETS)
    )


@pytest.mark.parametrize("preset", names(PRESETS))
def test_every_preset_makes_a_reward(preset):
    reward = make_reward(resolve({"reward": {"preset": preset}}).reward)
    assert [*reward.terms] == [*tomllib.loads(resource(PRESETS, preset))["terms"]]


CUT_OFF = trajectory_of(turns=[Turn("3", complete=False)], answer="3", outcome=1.0)
NO_ANSWER = trajectory_of([CALL], end="turn_limit", outcome=0.0)
BLANK = trajectory_of([CALL], " ", answer=" ", end="answered", outcome=0.0)
UNVERIFIED = trajectory_of([CALL], "3", outcome=None)


@pytest.mark.parametrize(
    ("trajectory", "expected"),
    [
        (CUT_OFF, 0),
        (NO_ANSWER, 0.1),
        (BLANK, 0.1),
        (trajectory_of([CALL], "3", outcome=1.0), 0.7 + 0.3 + 0.1),
        (trajectory_of([CALL, OTHER], "3", outcome=1.0), 0.7 + 0.1),
        (trajectory_of("3", outcome=1.0), 0.7 + 0.1),
        # an unknown tool beside the right ones costs the 0.1, and does not change the set
        (trajectory_of([CALL, UNKNOWN], "3", outcome=1.0), 0.7 + 0.3),
        (trajectory_of([CALL, OTHER, UNKNOWN], "3", outcome=1.0), 0.7),
        (trajectory_of([CALL, UNKNOWN], "4", outcome=0.0), 0.06),
        (trajectory_of([UNKNOWN], "3", outcome=1.0), 0.7),
        (trajectory_of([CALL], "4", outcome=0.0), 0.06 + 0.1),
        (trajectory_of([OTHER], "4", outcome=0.0), 0.1),
        (trajectory_of([UNKNOWN], "4", outcome=0.0), 0),
        (trajectory_of([CALL], "4", outcome=0.5), 0.06 + 0.1),
        # names of calls that do not parse do not count
        (
            trajectory_of(turns=[MALFORMED, Turn("", [CALL]), Turn("3")], answer="3", outcome=1.0),
            0.7 + 0.3 + 0.1,
        ),
        # calls that fail do
        (
            trajectory_of([Call("add", {}, failure="bad_arguments")], "3", outcome=1.0),
            0.7 + 0.3 + 0.1,
        ),
        (UNVERIFIED, np.nan),
    ],
)
def test_mentor_paper_number_by_number(trajectory, expected):
    assert rewards("mentor-paper", trajectory) == pytest.approx([expected], nan_ok=True)


def test_toolrl_without_calls_to_make_is_the_format():
    right = trajectory_of("3"), trajectory_of("")
    wrong = [
        CUT_OFF,
        trajectory_of([CALL], "3"),  # a call where none should be made
        trajectory_of([UNKNOWN], "3"),
        trajectory_of(turns=[MALFORMED, Turn("3")], end="answered", answer="3"),
        trajectory_of(turns=[]),
    ]
    found = rewards("toolrl", *right, *wrong, references=(trajectory_of("3"),))
    assert found.tolist() == [1, 1, 0, 0, 0, 0, 0]


def test_toolrl_says_nothing_where_nobody_knows_what_to_call():
    found = rewards("toolrl", trajectory_of("3"), trajectory_of([CALL]), references=())
    assert np.isnan(found).all()


def the_toolrl(made, wanted):
    """ToolRL's reward for a turn of well-formed calls, or of none, as its rlla.py has it."""
    formatted = float(bool(made) == bool(wanted))
    if not wanted:
        return formatted
    if not made:
        return formatted - 3
    if made == wanted:
        return formatted + 3

    def overlap(left, right):
        if left == right:
            return 1.0
        common = sum((Counter(left) & Counter(right)).values())
        return common / (len(left) + len(right) - common)

    score = overlap([name for name, _ in wanted], [name for name, _ in made])
    free = [*range(len(made))]
    for name, arguments in wanted:
        found = []
        for place in free:
            other, given_ = made[place]
            if other == name:
                equal = sum(key in given_ and given_[key] == arguments[key] for key in arguments)
                found.append((overlap([*arguments], [*given_]) + equal, -place))
        best, place = max(found, default=(0.0, 0))
        if best > 0:
            free.remove(-place)
            score += best
    most = 1 + sum(1 + len(arguments) for _, arguments in wanted)
    return formatted + 6 * score / most - 3


some_calls = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.dictionaries(st.sampled_from("xyz"), st.sampled_from((1, 2, "1")), max_size=3),
    ),
    max_size=3,
)


@given(some_calls, some_calls, st.booleans())
def test_toolrl_is_its_formula_against_references_and_gold(made, wanted, gold):
    student, teacher = (
        trajectory_of([Call(*call) for call in calls], "3") if calls else trajectory_of("3")
        for calls in (made, wanted)
    )
    term = create(
        REWARD_TERMS, "toolrl", {"format": True, "against": "gold" if gold else "reference"}
    )
    golden = [{"name": name, "arguments": arguments} for name, arguments in wanted]
    task = replace(TASK, metadata={"calls": golden} if gold else {})
    found = term.score(student, task, [] if gold else [teacher])
    assert found == pytest.approx(the_toolrl(made, wanted))
    if not gold:
        assert rewards("toolrl", student, references=(teacher,)) == pytest.approx([found])
