"""What counts as an answer in a text, and what is chance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_lab.environments.leakage import Text, finder, leak


@pytest.mark.parametrize(
    ("answer", "text", "found"),
    [
        (72, "It makes 72 clips.", True),
        ("72", "It makes 72.0 clips", True),
        (1234.5, "It costs $1,234.50.", True),
        (72, "It makes 172, 720 or 7.2 clips", False),
        (-3, "from -3 on", True),
        ("red shoes", "Buy RED\n shoes!", True),
        ("red", "incredible", False),
        ("C++", "C++ or Rust", True),
        (["red", "blue"], "green and blue", True),
        (["red", "blue"], "green and white", False),
        ({"path": "a/b", "n": 1}, "{'n': 2}", False),
        ({"path": "a/b", "n": 1}, 'It is {"path":"a/b","n":1}.', True),
        ({"path": "a/b", "n": 1}, "It is {'path': 'a/b', 'n': 1}.", True),
        ([{"a": 1}], "[{'a':\n 1}]", True),
    ],
)
def test_an_answer_is_found_in_other_spellings_but_not_inside_of_words(answer, text, found):
    assert finder(answer)(Text(text)) is found


@pytest.mark.parametrize("answer", [None, "", "  ", [], {}, [""]])
def test_there_is_nothing_to_look_for(answer):
    assert finder(answer) is None


@given(
    st.one_of(st.integers(), st.floats(-1e9, 1e9).map(lambda x: round(x, 3)), st.text(min_size=1))
)
def test_every_answer_is_found_where_it_stands_alone(answer):
    find = finder(answer)
    assert find is None or find(Text(f"It is: {answer} .", "More."))


def prompts(count, told):
    """Prompts that mention the numbers 0 … 9, `told` of which say their answer."""
    answers = [str(100 + n) for n in range(count)]
    texts = [Text("0 1 2 3 4 5 6 7 8 9", answers[n] if n < told else "") for n in range(count)]
    return answers, texts


@pytest.mark.parametrize(
    ("count", "told", "found"),
    [(1, 1, True), (3, 3, True), (20, 4, True), (20, 3, False), (50, 1, False)],
)
def test_short_answers_must_be_shown_more_often_than_now_and_then(count, told, found):
    assert (leak(*prompts(count, told)) is not None) is found


def test_an_answer_that_all_prompts_have_is_a_choice():
    answers = ["yes", "no"] * 10
    assert leak(answers, [Text("Answer yes or no.")] * 20) is None
    assert leak(answers, [Text(f"Answer yes or no. ({a})") for a in answers]) is None
    assert leak(answers, [Text(f"Say it: {a}") for a in answers]) is not None


def test_a_long_answer_must_never_be_shown():
    answers = [f"the {colour} bridge" for colour in ("red", "blue", "green", "grey", "white")]
    texts = [Text("Which bridge is it?")] * 4 + [Text("Which bridge is it? The White Bridge?")]
    assert leak(answers, texts) == (4, "no other task's does")
