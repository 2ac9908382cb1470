"""The presets, scored from trajectories to rewards."""

import tomllib

import numpy as np
import pytest

from mentor_core.assemble import make_reward
from mentor_core.config import resolve
from mentor_core.registry import COMPOSERS, PRESETS, REWARD_TERMS, create, names, resource
from mentor_core.reward import Example, Reward
from mentor_core.task import Task
from mentor_core.testing import trajectory_of
from mentor_core.trajectory import Call, Turn

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
        (trajectory_of([CALL, UNKNOWN], "3", outcome=1.0), 0.7),
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


@pytest.mark.parametrize("references", [(), (trajectory_of("3", outcome=1.0),)])
@pytest.mark.parametrize(("outcome", "expected"), [(1.0, 0.1), (0.0, 0.1)])
def test_mentor_paper_without_teacher_tools(references, outcome, expected):
    trajectory = trajectory_of([CALL], "3", outcome=outcome)
    assert rewards("mentor-paper", trajectory, references=references) == [expected]
    assert rewards("mentor-paper", CUT_OFF, references=references) == [0]


@pytest.mark.parametrize(
    ("trajectory", "expected"),
    [
        (CUT_OFF, 0),
        (NO_ANSWER, 0.1),
        (BLANK, 0.1),
        (trajectory_of("3", outcome=1.0), 1),
        (trajectory_of([UNKNOWN], "3", outcome=1.0), 1),
        (trajectory_of([CALL], "4", outcome=0.0), 0.1),
        (UNVERIFIED, np.nan),
    ],
)
def test_sparse_number_by_number(trajectory, expected):
    assert rewards("sparse", trajectory, references=()) == pytest.approx([expected], nan_ok=True)


def test_sparse_needs_no_teacher():
    assert reward_of("sparse").needs == {}
    assert "reference" in reward_of("mentor").needs
    assert "reference" in reward_of("mentor-paper").needs


def test_mentor_ranks_trajectories_as_one_would():
    ranked = [
        trajectory_of([UNKNOWN], "4", outcome=0.0),
        trajectory_of([OTHER], "4", outcome=0.0),
        trajectory_of([Call("add", {"a": 1, "b": 5}, "6")], "6", outcome=0.0),
        trajectory_of([CALL], "4", outcome=0.0),
        trajectory_of([UNKNOWN], "3", outcome=1.0),
        trajectory_of([CALL] * 4, "3", outcome=1.0),
        trajectory_of([CALL], [OTHER], "3", outcome=1.0),
        trajectory_of([CALL], "3", outcome=1.0),
    ]
    found = rewards("mentor", *ranked)
    assert found.tolist() == sorted(set(found))
    assert found[-1] == pytest.approx(1)
    assert found[3] == pytest.approx(0.16)


TWO_TOOLS = trajectory_of([CALL, OTHER], "3", outcome=1.0, source="teacher")
ABLATIONS = ("mentor-any-overlap", "mentor-f1", "mentor-no-match", "strict")


@pytest.mark.parametrize(
    ("trajectory", "overlap", "f1", "no_match", "strict"),
    [
        (CUT_OFF, 0, 0, 0, 0),
        (NO_ANSWER, 0.1, 0.1, 0.1, 0.1),
        (BLANK, 0.1, 0.1, 0.1, 0.1),
        # right
        (trajectory_of([CALL, OTHER], "3", outcome=1.0), 1, 1.1, 0.8, 1.1),
        (trajectory_of([OTHER, CALL], "3", outcome=1.0), 1, 1.1, 0.8, 0.8),
        (trajectory_of([CALL], [OTHER], "3", outcome=1.0), 1, 1.1, 0.8, 1.1),
        (trajectory_of([CALL], "3", outcome=1.0), 1, 0.8 + 0.3 * 2 / 3, 0.8, 0.8),
        (trajectory_of("3", outcome=1.0), 0.7, 0.8, 0.8, 0.8),
        (
            trajectory_of([CALL, UNKNOWN], "3", outcome=1.0),
            *(1, 0.7 + 0.3 * 2 / 4, 0.7, 0.7),
        ),
        (trajectory_of([UNKNOWN], "3", outcome=1.0), 0.7, 0.7, 0.7, 0.7),
        # wrong
        (trajectory_of([CALL, OTHER], "4", outcome=0.0), 0.06, 0.16, 0.1, 0.16),
        (trajectory_of([CALL], "4", outcome=0.0), 0.06, 0.1 + 0.06 * 2 / 3, 0.1, 0.1),
        (
            trajectory_of([CALL, UNKNOWN], "4", outcome=0.5),
            *(0.06, 0.06 * 2 / 4, 0, 0),
        ),
        (trajectory_of("4", outcome=0.0), 0, 0.1, 0.1, 0.1),
        (UNVERIFIED, np.nan, np.nan, np.nan, np.nan),
    ],
)
def test_the_ablations_number_by_number(trajectory, overlap, f1, no_match, strict):
    expected = (overlap, f1, no_match, strict)
    for preset, value in zip(ABLATIONS, expected, strict=True):
        found = rewards(preset, trajectory, references=(TWO_TOOLS,))
        assert found == pytest.approx([value], nan_ok=True), preset


@pytest.mark.parametrize("preset", ABLATIONS)
def test_the_ablations_leave_out_what_mentor_paper_leaves_out(preset):
    right = trajectory_of([CALL], "3", outcome=1.0)
    assert rewards(preset, right, CUT_OFF, references=()).tolist() == [0.1, 0]
    assert "reference" in reward_of(preset).needs


def test_strict_wants_the_very_arguments():
    near = trajectory_of([Call("add", {"a": 1, "b": 3}, "4"), OTHER], "3", outcome=1.0)
    same = trajectory_of([Call("add", {"b": 2.0, "a": 1}, "3"), OTHER], "3", outcome=1.0)
    assert rewards("strict", near, same, references=(TWO_TOOLS,)) == pytest.approx([0.8, 1.1])


@pytest.mark.parametrize(
    ("trajectory", "expected"),
    [
        (trajectory_of([CALL, OTHER], "3"), 1 + 3),
        # another order: S = Smax
        (trajectory_of([OTHER, CALL], "3"), 1 + 3),
        # the format is wrong: a turn that neither calls nor answers
        (trajectory_of("Let me see.", [CALL, OTHER], "3"), 0 + 3),
        # S = 1/2 + (1 + 2), Smax = 1 + 3 + 2
        (trajectory_of([CALL], "3"), 1 + 6 * 3.5 / 6 - 3),
        # S = 1 + (1 + 1) + (1 + 1)
        (trajectory_of([Call("add", {"a": 1, "b": 5}), OTHER], "3"), 1 + 6 * 5 / 6 - 3),
        (trajectory_of([UNKNOWN], "3"), 1 - 3),
        (trajectory_of("3"), 1 - 3),
        (trajectory_of(turns=[MALFORMED]), 0 - 3),
        (trajectory_of(turns=[Turn("", [CALL, OTHER]), MALFORMED, Turn("3")], end="answered"), -3),
    ],
)
def test_toolrl_number_by_number(trajectory, expected):
    """The outcome does not count."""
    assert rewards("toolrl", trajectory, references=(TWO_TOOLS,)) == pytest.approx([expected])


@pytest.mark.parametrize("references", [(), (trajectory_of("3", outcome=1.0),)])
def test_toolrl_without_calls_to_make_is_the_format(references):
    found = rewards("toolrl", trajectory_of("3"), CUT_OFF, references=references)
    assert found.tolist() == [1, 0]
