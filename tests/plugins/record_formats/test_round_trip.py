"""What a format says that it holds comes back, whatever the names, arguments and texts."""

import json
import re
from copy import deepcopy
from dataclasses import replace
from operator import attrgetter
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_core import Call, EndReason, RowError, Trajectory, Turn
from mentor_core.contracts.written_calls import has_foreign_call
from mentor_core.door.registry import RECORD_FORMATS, create, names
from mentor_lab.testing import records
from mentor_toolkit.scripts import said_in

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
FINITE = SCALARS.filter(lambda value: value not in (float("inf"), float("-inf")))
JSON = st.recursive(
    FINITE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ARGUMENTS = st.dictionaries(st.text(), JSON, max_size=3)
NAMES = st.sampled_from(("add", "Search Managers", "x" * 200)) | st.text(min_size=1)
ENDS = st.sampled_from(get_args(EndReason))
ANY = st.text()
PLAIN = (
    st.text(st.characters(exclude_characters="<", exclude_categories=("Cs",)))
    .map(str.strip)
    .filter(lambda text: not has_foreign_call(text))
)


def held(trajectory, record_format):
    """Field → value, of the fields that the format holds."""

    def values(path):
        if path.startswith("turns.calls."):
            return [list(map(attrgetter(path[12:]), turn.calls)) for turn in trajectory.turns]
        if path.startswith("turns."):
            return list(map(attrgetter(path[6:]), trajectory.turns))
        return getattr(trajectory, path)

    return {path: values(path) for path in record_format.holds}


def assert_comes_back(record_format, trajectory, tools=()):
    before = deepcopy(trajectory)
    row = json.loads(json.dumps(record_format.write(trajectory, tools)))
    assert trajectory == before  # whoever writes still has it
    assert held(record_format.read(row), record_format) == held(trajectory, record_format)


@st.composite
def conversations(draw, text=ANY, ids=True, last_observed=True):
    """Episodes of a teacher, as `trajectory_of` in `conversation` makes them.

    Args:
        text: what is said.
        ids: some calls of a turn may lack a result.
        last_observed: something may follow the last turn.
    """
    system = draw(st.lists(text.filter(bool), max_size=1))
    asked = draw(st.lists(text, max_size=2))
    prompt = [{"role": "system", "content": said} for said in system]
    prompt += [{"role": "user", "content": said} for said in asked]
    turns = []
    for at in range(number := draw(st.integers(1, 3))):
        thinking = draw(st.just("") | PLAIN.filter(bool))
        said = draw(text)
        if thinking:
            said = f"<think>\n{thinking}\n</think>" + (f"\n\n{said}" if said else "")
        turn = Turn(said, draw(st.lists(st.builds(Call, NAMES, ARGUMENTS), max_size=3)))
        turns.append(turn)
        if at + 1 == number and not last_observed:
            break
        all_or_none = draw(st.booleans())
        for call in turn.calls:
            if draw(st.booleans()) if ids else all_or_none:
                call.result = draw(text)
                name = call.name if len(call.name) <= 100 else call.name[:99] + "…"
                turn.observation.append({"role": "tool", "name": name, "content": call.result})
        for said in draw(st.lists(text, max_size=1)):
            turn.observation.append({"role": "user", "content": said})
    last = turns[-1]
    answered = not last.calls and not last.observation
    return Trajectory(
        task_id=draw(st.text(min_size=1)),
        env=draw(st.text()),
        source="teacher",
        prompt=prompt,
        turns=turns,
        end=draw(st.just("answered" if answered else None) | ENDS),
        answer=draw(st.just((said_in(last.text).strip() or None) if answered else None) | text),
        outcome=draw(st.none() | st.floats(0, 1)),
    )


TOOLS = st.lists(NAMES, max_size=2, unique=True)


def schemas(tools):
    return [
        {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}
        for name in tools
    ]


@pytest.mark.parametrize("name", ["openai", "responses", "anthropic", "tau", "inspect"])
def test_formats_whose_calls_have_ids_hold_any_conversation(name):
    record_format = create(RECORD_FORMATS, name)

    @settings(deadline=None)
    @given(conversations(), TOOLS)
    def check(trajectory, tools):
        assert_comes_back(record_format, replace(trajectory, tools=tools), schemas(tools))

    check()


@pytest.mark.parametrize("form", ["messages", "prompt_completion"])
def test_trl_holds_any_conversation_in_both_of_its_forms(form):
    record_format = create(RECORD_FORMATS, "trl", {"form": form})

    @settings(deadline=None)
    @given(conversations(ids=False), TOOLS)
    def check(trajectory, tools):
        assert_comes_back(record_format, replace(trajectory, tools=tools), schemas(tools))

    check()


@settings(deadline=None)
@given(conversations(PLAIN, ids=False), TOOLS)
def test_sharegpt_holds_conversations_in_which_nobody_writes_marks(trajectory, tools):
    record_format = create(RECORD_FORMATS, "sharegpt")
    assert_comes_back(record_format, replace(trajectory, tools=tools), schemas(tools))


@settings(deadline=None)
@given(conversations(PLAIN, ids=False, last_observed=False))
def test_toolrl_holds_conversations_in_which_nobody_writes_marks(trajectory):
    assert_comes_back(create(RECORD_FORMATS, "toolrl"), trajectory)


@settings(deadline=None)
@given(records())
def test_mentors_own_rows_hold_everything(trajectory):
    assert_comes_back(create(RECORD_FORMATS, "mentor"), trajectory)


EXPRESSIONS = st.text(st.characters(exclude_characters="<>", exclude_categories=("Cs",)))
RESULTS = st.text(st.characters(exclude_characters="<>=", exclude_categories=("Cs",)))
SAID = st.text(st.characters(exclude_characters="<#", exclude_categories=("Cs",)), min_size=1)


@settings(deadline=None)
@given(
    st.text(),
    st.lists(
        st.tuples(SAID, st.lists(st.tuples(EXPRESSIONS, RESULTS), min_size=1, max_size=3)),
        max_size=3,
    ),
    st.tuples(st.just("") | SAID, SAID),
)
def test_gsm8k_holds_calculations_and_the_answer(question, work, end):
    turns = []
    for said, marks in work:
        calls = [Call("calculator", {"expression": e}, result) for e, result in marks]
        observed = [{"role": "tool", "content": c.result, "name": c.name} for c in calls]
        turns.append(Turn(said, calls, observation=observed))
    turns.append(Turn(f"{end[0]}\n#### {end[1]}"))
    trajectory = Trajectory(
        "t", "calculator", prompt=[{"role": "user", "content": question}], turns=turns,
        end="answered", answer=end[1].strip() or None,
    )  # fmt: skip
    assert_comes_back(create(RECORD_FORMATS, "gsm8k"), trajectory)


QUESTIONS = st.lists(st.text().map(lambda said: {"role": "user", "content": said}), max_size=2)


@settings(deadline=None)
@given(QUESTIONS, st.lists(st.builds(Call, NAMES, ARGUMENTS), min_size=1, max_size=3), TOOLS)
def test_bfcl_holds_any_calls_of_one_turn(asked, calls, tools):
    trajectory = Trajectory("t", "bfcl", prompt=asked, turns=[Turn("", calls)], tools=tools)
    assert_comes_back(create(RECORD_FORMATS, "bfcl"), trajectory, schemas(tools))


PYTHONIC = st.builds(
    Call,
    st.sampled_from(("cd", "files.sort", "naïve")),
    st.dictionaries(st.sampled_from(("folder", "b")), JSON, max_size=2),
)


@settings(deadline=None)
@given(st.lists(st.tuples(QUESTIONS, st.lists(PYTHONIC, max_size=2)), min_size=2, max_size=3))
def test_bfcl_holds_calls_of_several_turns_that_are_python(work):
    turns = [
        Turn("", calls, observation=asked)
        for (_, calls), (asked, _) in zip(work, [*work[1:], ([], [])], strict=True)
    ]
    trajectory = Trajectory("t", "", prompt=work[0][0], turns=turns)
    assert_comes_back(create(RECORD_FORMATS, "bfcl"), trajectory)


def test_bfcl_says_that_a_call_of_several_turns_is_not_python():
    trajectory = Trajectory("t", "", turns=[Turn("", [Call("Search Managers", {})]), Turn("")])
    with pytest.raises(RowError, match="cannot be written as Python"):
        create(RECORD_FORMATS, "bfcl").write(trajectory)


KEYS = """messages prompt completion role content tool_calls function name arguments tools system
conversations from value instruction input output items type call_id question answer parameters
ground_truth id tool_use_id tool_call_id task_id env outcome"""
WORDS = """assistant user tool gpt human function_call tool_use tool_result text #### <think> {} []
<tool_call> f(1) <user> function_call_output thinking reasoning"""


@pytest.mark.parametrize("name", sorted(set(names(RECORD_FORMATS)) - {"hub_trace"}))
def test_rows_of_any_shape_are_refused_in_words(name):
    """A file of somebody else's has anything in it; no row may end in a traceback."""
    record_format = create(RECORD_FORMATS, name)
    keys, words = st.sampled_from(KEYS.split()), st.sampled_from(WORDS.split())
    values = st.recursive(
        FINITE | words,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=12,
    )

    @settings(deadline=None)
    @given(st.dictionaries(keys, values, max_size=5))
    def check(row):
        try:
            assert isinstance(record_format.read(row), Trajectory)
        except RowError as error:
            assert re.fullmatch(r"\S.*", str(error), re.DOTALL)

    check()
