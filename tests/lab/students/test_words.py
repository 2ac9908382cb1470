"""What the weak player copies wrongly looks right, and it says nothing that it has not seen."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_lab.students.words import fill, miscopy, words

PAGE = "d12 | Old Tower | Museum of maps.\nd7 | New Mill | Museum of glass."
texts = st.lists(st.sampled_from(["Ada", "b.txt", "a/b.txt", "d12", "7", "of", "x_y"])).map(
    " ".join
)


def test_a_slip_takes_what_has_the_same_form():
    assert miscopy("d12", [PAGE], random.Random(0)) == "d7"
    assert miscopy("Old Tower", [PAGE], random.Random(0)) == "New Mill"
    assert (
        miscopy("lists/a.txt", ["lists/a.txt and docs/b.md, top"], random.Random(0)) == "docs/b.md"
    )


def test_upper_case_on_the_page_is_no_obstacle():
    assert miscopy("p17", ["P17 Lamp P20"], random.Random(0)) == "p20"


def test_what_looks_like_nothing_else_stays():
    assert miscopy("d12", ["only d12 here"], random.Random(0)) == "d12"
    assert miscopy("SELECT 1", [PAGE], random.Random(0)) == "SELECT 1"


def test_what_only_the_expert_has_read_is_guessed_from_the_latest_message():
    seen = ["Which of d1 and d2?", PAGE]
    guess = fill('read "d55"', {"d55"}, seen, random.Random(0))
    assert guess in {'read "d12"', 'read "d7"'}
    assert fill('read "d12"', {"d12"}, seen, random.Random(0)) == 'read "d12"'


@settings(deadline=None)
@given(texts, st.lists(texts, max_size=3), st.integers(0, 9))
def test_they_never_fail_and_say_only_what_was_seen(text, seen, seed):
    known = {word for message in seen for word in words(message)}
    assert words(miscopy(text, seen, random.Random(seed))) <= words(text) | known
    assert words(fill(text, words(text), seen, random.Random(seed))) <= words(text) | known
