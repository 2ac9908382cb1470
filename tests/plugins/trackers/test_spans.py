"""Episodes as spans: whole, ordered, and named as the conventions say."""

import importlib.util
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.provenance import Provenance, Usage
from mentor_core.contracts.trajectory import Call, Tokens, Trajectory, Turn
from mentor_plugins.trackers.spans import spans_of

TOLD = 1_800_000_000_000_000_000
SECONDS = st.floats(0, 100)
CALLS = st.builds(
    Call,
    st.sampled_from(["add", ""]),
    st.just({"a": 1}),
    failure=st.sampled_from([None, "timeout"]),
    seconds=SECONDS,
)
TURNS = st.builds(
    Turn,
    st.text(),
    st.lists(CALLS, max_size=3),
    st.sampled_from([None, "malformed_json"]),
    seconds=SECONDS,
    usage=st.sampled_from([None, Usage(1, 10, 5, "served")]),
)
EPISODES = st.builds(
    Trajectory,
    st.just("t"),
    st.just("e"),
    turns=st.lists(TURNS, max_size=4),
    end=st.sampled_from(["answered", "error", None]),
    outcome=st.sampled_from([None, 0.0, 1.0]),
    scores=st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from([None, 0.0, 0.5])),
)


def spans(episode, **options):
    return spans_of(episode, "run 1 0", "m", 1, TOLD, **{"content": True, **options})


@given(EPISODES)
def test_turns_follow_each_other_within_the_episode(episode):
    root, *below = spans(episode)
    assert root.end == TOLD
    ids = [span.id for span in (root, *below)]
    assert len(set(ids)) == len(ids)
    assert {span.parent for span in below} <= {root.id}
    for span in below:
        assert root.start <= span.start < span.end <= root.end
    chats = [span for span in below if span.attributes["gen_ai.operation.name"] == "chat"]
    assert len(chats) == len(episode.turns)
    for earlier, later in pairwise(chats):
        assert earlier.end <= later.start
    places = [below.index(chat) for chat in chats] + [len(below)]
    for chat, (first, last) in zip(chats, pairwise(places), strict=True):
        assert all(call.start == chat.end for call in below[first + 1 : last])


@given(EPISODES)
def test_what_failed_is_an_error_and_what_was_not_scored_is_absent(episode):
    root, *below = spans(episode)
    assert bool(root.error) == (episode.end == "error")
    failures = [call.failure for call in episode.calls]
    tools = [span for span in below if "gen_ai.tool.name" in span.attributes]
    assert [span.attributes.get("error.type") for span in tools] == failures
    assert root.attributes.get("mentor.outcome") == episode.outcome
    assert None not in root.attributes.values()
    scored = {
        event["gen_ai.evaluation.name"]: event["gen_ai.evaluation.score.value"]
        for _, event in root.events
    }
    expected = {"outcome": episode.outcome, **episode.scores}
    assert scored == {name: score for name, score in expected.items() if score is not None}


@given(EPISODES)
def test_every_attribute_is_one_of_the_conventions_or_mentors_own(episode):
    if importlib.util.find_spec("opentelemetry.semconv") is None:
        pytest.skip("needs opentelemetry-semantic-conventions")
    from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
    from opentelemetry.semconv.attributes import error_attributes

    known = {
        value
        for module in (gen_ai_attributes, error_attributes)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str)
    }
    for span in spans(episode):
        for given_ in (span.attributes, *(event for _, event in span.events)):
            names = {name for name in given_ if not name.startswith("mentor.")}
            assert names <= known


def test_tokens_are_counted_as_the_model_saw_them():
    tokens = Tokens([1] * 10)
    turns = []
    for _ in range(2):
        turns.append(Turn("x", span=tokens.add_sampled([5, 6, 7], [0.0] * 3)))
        tokens.add_written([8, 9])
    root, first, second = spans(Trajectory("t", "e", turns=turns, tokens=tokens))
    read, written = "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"
    assert [first.attributes[name] for name in (read, written)] == [10, 3]
    assert [second.attributes[name] for name in (read, written)] == [15, 3]
    assert [root.attributes[name] for name in (read, written)] == [25, 6]


def test_an_episode_ends_when_it_says_so_and_is_the_same_trace_again():
    played = Provenance("openai", model="big", made_at="2026-01-01T00:00:00+00:00")
    episode = Trajectory("t", "e", turns=[Turn("x", seconds=2.0)], provenance=played)
    root, chat = spans(episode)
    assert root.end == 1_767_225_600_000_000_000
    assert root.start == root.end - 2_000_000_000
    assert (root.attributes["mentor.timestamps"], chat.name) == ("synthetic", "chat big")
    again, _ = spans_of(episode, "run 1 0", "m", 1, TOLD + 5, content=False)
    assert (again.trace_id, again.id) == (root.trace_id, root.id)
    other, _ = spans_of(episode, "run 1 1", "m", 1, TOLD, content=False)
    assert other.trace_id != root.trace_id
