import pytest

from mentor_core.contracts.spaces import AssistantText, Messages


def test_what_a_policy_says_is_any_text():
    space = AssistantText()
    space.seed(0)
    said = [space.sample() for _ in range(50)]
    assert all(space.contains(text) for text in said)
    assert any("<tool_call>" in text for text in said)  # random play reaches the parser
    assert not space.contains(["text"])


@pytest.mark.parametrize(
    ("shown", "fits"),
    [
        ((), True),
        (({"role": "user", "content": "1 + 2?"},), True),
        (({"role": "tool", "name": "add", "content": "3"},), True),
        ([{"role": "user", "content": "1 + 2?"}], False),
        (({"role": "user"},), False),
        (({"role": "tool", "content": 3},), False),
        (("3",), False),
    ],
)
def test_what_a_policy_is_shown_is_a_tuple_of_messages(shown, fits):
    assert Messages().contains(shown) is fits


def test_the_same_seed_gives_the_same_sample():
    for space, other in ((AssistantText(), AssistantText()), (Messages(), Messages())):
        space.seed(3)
        other.seed(3)
        assert [space.sample() for _ in range(5)] == [other.sample() for _ in range(5)]
        assert space == other
