"""Episodes are written as Python that plays them again."""

from hypothesis import given
from hypothesis import strategies as st

from mentor_lab.environments.episode import difference, quote

PIECES = st.one_of(st.text(max_size=5), st.just("ab" * 100), st.just("\0" * 99), st.just("'" * 60))


@given(st.lists(PIECES, max_size=5).map("".join))
def test_a_quoted_text_is_the_text(text):
    assert eval(quote(text)) == text


def test_what_repeats_itself_is_quoted_shortly():
    assert quote("say " + "x" * 10_000 + "!") == "'say ' + 'x' * 10000 + '!'"


def test_a_difference_says_where_and_what():
    opening = '{"messages": "a"}'
    assert difference([opening, '{"end": 1}'], [opening, '{"end": 1}']) is None
    assert (
        difference([opening], ['{"messages": "b"}'])
        == 'messages of the opening: "b" instead of "a"'
    )
    assert (
        difference([opening, '{"end": 1}'], [opening, '{"end": 2}'])
        == "end of turn 1: 2 instead of 1"
    )
    assert difference([opening, '{"end": 1}'], [opening]) == "it has 0 turns and not 1"
